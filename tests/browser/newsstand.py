"""A stream in which every form of row stands, and somebody else's page that shows it: what tests look at as a visitor."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from aiohttp import web
from PIL import Image
from sqlalchemy import select, update

from aggregator.machine import Machine
from aggregator.model import Author, Card, Detection, Happening, Kind, Quote, State, TagMatch
from aggregator.store.tables import item
from curation.decisions import decide
from curation.edits import Edit, edit_item
from tests.builders import AUTO, keep, sighting, source
from tests.loopback import everywhere, on_loopback

PARTNERS = ("mpower", "glasgow", "platform", "tni", "energy-cities", "ipe", "ehu", "carbon-coop")
TITLES = {
    "en": "Warm homes for a street of forty houses",
    "eu": "Etxe epelak kale osoarentzat",
    "hr": "Topli domovi za cijelu ulicu",
    "fr": "Des logements chauds pour toute la rue",
    "de": "Warme Wohnungen für eine ganze Straße",
    "es": "Casas cálidas para toda la calle",
    "pt-BR": "Casas quentes para a rua inteira",
    "und": "40 × 12 = 480",
}
LONGEST_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
SOON = datetime(2026, 12, 4, 17, tzinfo=UTC)
QUOTE = Quote("https://social.example/9", Author("The neighbours"), "Come along, and bring your bills.")
FORMS: tuple[dict[str, Any], ...] = (
    {"warning": "A fire", "is_sensitive": True},
    {"is_sensitive": True},
    {"quote": QUOTE, "boosted_by": Author("Town hall")},
    {"card": Card("https://tni.example/report", "A report on public heat", "Forty pages.")},
    {"happening": Happening(SOON, SOON + timedelta(hours=2), "Old hall"), "kind": Kind.EVENT},
    {"title": None},
    {"title": f"{LONGEST_WORD} {{}}"},
    {"url": f"https://city.example/{'very/' * 60}long/{{}}"},
    {"url": None},
)
COUNT = 34


async def fill(machine: Machine) -> None:
    """Publish it all."""
    ids: list[str] = []
    for number in range(COUNT):
        language, title = list(TITLES.items())[number % len(TITLES)]
        form = FORMS[number % len(FORMS)] if number % 2 else {}
        form = {name: said.format(number) if isinstance(said, str) else said for name, said in form.items()}
        seen = sighting(
            number,
            **{
                "title": f"{title} ({number})",
                "url": f"https://city.example/news/{number}",
                "body_html": _words(number),
            }
            | {name: form.pop(name) for name in ("title", "url") if name in form},
        )
        src = source("tni-news", AUTO, partner=PARTNERS[number % len(PARTNERS)])
        refine = {
            "detection": Detection(language, 0.9, "test"),
            "tags": tuple(TagMatch(tag, "word", tag) for tag in ("energy-poverty", "retrofit")[: number % 3]),
            **form,
        }
        ids += (await keep(machine.database, src, [seen], machine.now(), refine)).item_ids
    await _tell_elsewhere(machine)
    await _show_pictures(machine, ids[::3])
    words = {"eu": {"title": "Kale epela", "summary": "Editore batek itzulia."}}
    await edit_item(machine, ids[8], Edit.model_validate({"translations": words}), editor="ana")
    for item_id in await _held(machine):
        await decide(machine, item_id, action="approve", editor="ana")
    await decide(machine, ids[3], action="pin", editor="ana")


async def _held(machine: Machine) -> list[str]:
    async with machine.database.read() as connection:
        return list(await connection.scalars(select(item.c.id).where(item.c.state == State.WAITING)))


async def approved(machine: Machine) -> set[str]:
    """The ids of what is public."""
    async with machine.database.read() as connection:
        return set(await connection.scalars(select(item.c.id).where(item.c.state == State.APPROVED)))


def _words(number: int) -> str:
    return f"<p>Number {number}. {'The hall is heated by the river now, and bills are lower. ' * (1 + number % 4)}</p>"


async def _tell_elsewhere(machine: Machine) -> None:
    """One story that stands at two partners and in two languages."""
    for number, (language, partner) in enumerate((("en", "tni"), ("eu", "ehu")), COUNT):
        told = sighting(number, title=f"One story in {language}", url=f"https://{partner}.example/story")
        refine = {"detection": Detection(language, 1.0, "test"), "story_keys": (8,), "tags": ()}
        await keep(machine.database, source(f"{partner}-news", AUTO, partner=partner), [told], machine.now(), refine)


async def _show_pictures(machine: Machine, ids: list[str]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (960, 640), (20, 90, 70)).save(file, "WEBP")
    name = f"{'a' * 40}.webp"
    (machine.settings.media_dir / name).write_bytes(file.getvalue())
    shown = {"image": name, "image_width": 960, "image_height": 640, "image_colour": "#145a46"}
    async with machine.database.write() as connection:
        await connection.execute(update(item).where(item.c.id.in_(ids)).values(**shown, image_alt="A green wall"))


@dataclass
class Neighbour:
    """A site of another origin whose page shows the stream, under the strictest policy that names our host."""

    ours: str
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """`lang` and `dir` are the page's; `inside` stands in the element, and all else becomes its attributes."""
        asked = dict(request.query)
        language, direction, inside = asked.pop("page", "en"), asked.pop("dir", "ltr"), asked.pop("inside", "")
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in asked.items())
        text = (
            f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>A town</title>'
            f'<link rel="icon" href="data:,"><link rel="stylesheet" href="/site.css">'
            f'<link rel="stylesheet" href="{self.ours}/widget.css">'
            f'<script type="module" src="{self.ours}/widget.js"></script></head>'
            f'<body><main><h1>A town</h1><h2>News</h2><mpower-stream src="{self.ours}"{attributes}>{inside}'
            "</mpower-stream><h2>Opening hours</h2><p>From nine to four.</p></main></body></html>"
        )
        if request.path == "/site.css":
            return web.Response(text=STYLE, content_type="text/css")
        policy = (
            f"default-src 'none'; script-src 'self' {self.ours}; style-src 'self' {self.ours}; connect-src {self.ours}; "
            f"img-src {self.ours} data:; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})


STYLE = (
    ":root { color-scheme: light dark; font: 1rem/1.5 sans-serif } body { margin: 1rem; background: Canvas; "
    "color: CanvasText }"
)


@asynccontextmanager
async def neighbour(ours: str) -> AsyncIterator[Neighbour]:
    site = Neighbour(ours)
    async with on_loopback(everywhere(site.answer)) as site.url:
        yield site
