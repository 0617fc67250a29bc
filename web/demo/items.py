"""Reads the sample sites and their texts from this package's data files. It knows no clock and no address."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

PARTNERS = ("mpower", "glasgow", "platform", "tni", "energy-cities", "ipe", "ehu", "carbon-coop")
SLOW = "slow"
FAILING = "failing"


@dataclass(frozen=True, slots=True)
class SampleItem:
    """One text as its file has it. `age` is how old it is when the demonstration starts.

    `translation_of` names the original as `site/item`; `tracked` says that its link carries tracking parameters. The
    texts of `SampleSite.further` hold the fields `{n}`, `{count}` and `{percent}`.
    """

    id: str
    language: str
    body: str
    title: str | None = None
    categories: tuple[str, ...] = ()
    picture: str | None = None
    alt: str | None = None
    age: timedelta = timedelta()
    translation_of: str | None = None
    tracked: bool = False


@dataclass(frozen=True, slots=True)
class SampleSite:
    """A site that is played: whose it is, what it says of itself, and what it publishes now and later."""

    id: str
    partner: str
    name: str
    title: str
    tagline: str
    format: str
    feed: str
    colour: str
    language: str | None
    items: tuple[SampleItem, ...]
    further: tuple[SampleItem, ...]


def read_sites() -> dict[str, SampleSite]:
    """Every site that has texts, by its id: the partners' and the slow one."""
    return {site_id: _site(site_id) for site_id in (*PARTNERS, SLOW)}


def starter_text() -> str:
    """The text of the starter sources.toml."""
    return (resources.files(__package__) / "starter.toml").read_text(encoding="utf-8")


def _site(site_id: str) -> SampleSite:
    table = tomllib.loads((resources.files(__package__) / "partners" / f"{site_id}.toml").read_text(encoding="utf-8"))
    return SampleSite(
        id=site_id,
        partner=table.get("partner", site_id),
        name=table["name"],
        title=table["title"],
        tagline=table["tagline"],
        format=table["format"],
        feed=table["feed"],
        colour=table["colour"],
        language=table.get("language"),
        items=tuple(_item(row) for row in table["item"]),
        further=tuple(_item(row) for row in table.get("further", ())),
    )


def _item(row: Mapping[str, Any]) -> SampleItem:
    return SampleItem(
        id=row["id"],
        language=row["language"],
        body=row["body"].strip(),
        title=row.get("title"),
        categories=tuple(row.get("categories", ())),
        picture=row.get("picture"),
        alt=row.get("alt"),
        age=timedelta(hours=row.get("hours_ago", 0)),
        translation_of=row.get("translation_of"),
        tracked=row.get("tracked", False),
    )
