"""Starts the sample sites on loopback and writes the sources.toml that listens to them. They reach nothing outside."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

from aiohttp import web

from web.demo.feeds import Entry
from web.demo.items import FAILING, SLOW, read_sites, starter_text
from web.demo.networks import ACCOUNT, CALENDAR, SQUARE, Square, calendar_application
from web.demo.player import Directory, Player, failing_application
from web.demo.programme import Programme

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class SampleSites:
    """The sites that are being played: the partners' by their ids, and four more.

    These are `slow`, `failing`, a Mastodon server (`square`) and a `calendar`. `addresses` are base addresses without
    a slash at the end, such as http://127.0.0.1:41234.
    """

    addresses: Mapping[str, str]
    _programme: Programme = field(repr=False)
    _directory: Directory = field(repr=False)

    def publish_next(self, partner: str | None = None) -> Entry:
        """Publish the next prepared item at once, that partner's or that of the one whose turn it is, and return it.

        Raises KeyError where the partner is none of the sample's.
        """
        return self._directory.entry(self._programme.publish_next(partner))


@asynccontextmanager
async def serve_samples(
    now: Callable[[], datetime],
    *,
    ports: Mapping[str, int] | None = None,
    every_seconds: float = 60,
    slow_seconds: float = 8,
) -> AsyncIterator[SampleSites]:
    """Play all sample sites until the context ends.

    `now` gives aware UTC datetimes, and the items' dates count from its first answer. `ports` names the port of a site
    by its id; the others get a free one. A further item appears every `every_seconds` of that clock, on one site after
    the other; the slow site's feed takes `slow_seconds` to arrive. Raises OSError where a port is taken.
    """
    sites, addresses = read_sites(), dict[str, str]()
    programme = Programme(sites, now, timedelta(seconds=every_seconds))
    directory = Directory(sites, addresses)
    applications = {
        site.id: Player(site, programme, directory, slow_seconds if site.id == SLOW else 0).application()
        for site in sites.values()
    }
    applications[FAILING] = failing_application()
    started_at = now().replace(microsecond=0)
    applications[SQUARE] = Square(started_at, addresses).application()
    applications[CALENDAR] = calendar_application(started_at)
    async with AsyncExitStack() as stack:
        for site_id, application in applications.items():
            port = (ports or {}).get(site_id, 0)
            addresses[site_id] = await stack.enter_async_context(_listening(application, port))
        yield SampleSites(addresses, programme, directory)


@asynccontextmanager
async def _listening(application: web.Application, port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


# What each sample source is like; its partner and the addresses are filled in when it is known where they are.
SOURCES: Mapping[str, Mapping[str, object]] = {
    "mpower": {"kind": "feed", "languages": ["en", "fr", "de"], "review": "auto"},
    "glasgow": {
        "kind": "feed",
        "languages": ["en"],
        "match_any": ["energy", "municipal", "climate", "public ownership"],
        "review": "hold",
    },
    "platform": {"kind": "feed", "languages": ["en"]},
    "tni": {"kind": "feed", "languages": ["es", "pt", "en"]},
    "energy-cities": {"kind": "discover", "languages": ["fr", "de", "en"], "review": "auto"},
    "ipe": {"kind": "feed", "languages": ["hr", "en"], "review": "auto"},
    "ehu": {"kind": "feed", "languages": ["eu", "es", "en"], "review": "auto"},
    "carbon-coop": {"kind": "feed", "languages": ["en"], "review": "auto", "tags": ["community-energy"]},
    SLOW: {"kind": "feed", "languages": ["fr", "de", "en"], "expect_every": "90d"},
    FAILING: {"kind": "feed", "languages": ["hr"]},
    SQUARE: {"kind": "mastodon", "languages": ["en", "es", "fr", "eu"], "review": "auto"},
    CALENDAR: {"kind": "calendar", "languages": ["hr", "en"], "review": "auto"},
}
PARTNER_OF = {SLOW: "energy-cities", FAILING: "ipe", SQUARE: "platform", CALENDAR: "ipe"}
NAME_OF = {SLOW: "energy-cities-archive", FAILING: "ipe-magazine", SQUARE: "platform-square", CALENDAR: "ipe-events"}
PATH_OF = {FAILING: "/feed/", SQUARE: f"/@{ACCOUNT}", CALENDAR: "/events.ics"}


def sample_sources(sites: SampleSites) -> str:
    """The text of a sources.toml that listens to these sites.

    The stream, the partners, the call and the tags are the starter file's, but for the partners' addresses.
    """
    starter = starter_text()
    stream = _between(starter, r"^\[stream\]", r"^\[\[partner\]\]")
    partners = _between(starter, r"^\[\[partner\]\]", r"^# None of these|^\[\[source\]\]")
    rest = _between(starter, r"^\[\[call\]\]", r"\Z")
    for site_id, address in sites.addresses.items():
        partners = re.sub(rf'(id = "{site_id}"\n(?:.+\n)*?url = )".*"', rf'\1"{address}/"', partners)
    sources = [_source(site_id, address) for site_id, address in sites.addresses.items()]
    return "\n".join(
        ["# The demonstration's sources: sample sites on this machine.\n", stream, partners, *sources, rest]
    )


def write_samples(sites: SampleSites, folder: Path) -> Path:
    """Write that sources.toml into the folder, with the logos that it names beside it, and return its path."""
    logos = folder / "logos"
    logos.mkdir(parents=True, exist_ok=True)
    for logo in (resources.files(__package__) / "logos").iterdir():
        (logos / logo.name).write_bytes(logo.read_bytes())
    path = folder / "sources.toml"
    path.write_text(sample_sources(sites), encoding="utf-8")
    return path


def _between(text: str, start: str, end: str) -> str:
    found = re.search(rf"(?ms){start}.*?(?={end})", text)
    if found is None:
        raise LookupError(f"The starter file has nothing from {start} to {end}.")
    return found[0]


def _source(site_id: str, address: str) -> str:
    values = {
        "id": NAME_OF.get(site_id, f"{site_id}-news"),
        "partner": PARTNER_OF.get(site_id, site_id),
        "url": address + _path(site_id),
        "every": "30s",
        **SOURCES[site_id],
    }
    # What JSON writes of strings and lists of strings is TOML too.
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return "\n".join(["[[source]]", *lines, ""])


def _path(site_id: str) -> str:
    if SOURCES[site_id]["kind"] == "discover":
        return "/"
    return PATH_OF.get(site_id) or read_sites()[site_id].feed
