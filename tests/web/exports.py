"""A stream with everything in it that an export must show or must never show, and what reads an export."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from aggregator.model import Author, Configuration, Detection, Partner, Review, ReviewMode, State, Stream, Tag, TagMatch
from aggregator.store.engine import Database
from aggregator.store.moves import move
from aggregator.store.tables import item
from tests.builders import AUTO, START, keep, sighting, source
from web.export.exporting import Origin, export_stream
from web.export.writing import Figures

HOSTILE = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
PICTURE = "0123456789abcdef0123456789abcdef01234567.webp"
NARROW = "1123456789abcdef0123456789abcdef01234567.webp"
LOST = f"{'a' * 40}.webp"  # the folder of pictures has it no more
SECRET = "unseenmarker"  # stands in nothing that is public
LANGUAGES = ("en", "eu", "es")
CONFIGURATION = Configuration(
    stream=Stream(
        "Towns & energy",
        ("en", "eu", "hr"),
        Review(ReviewMode.HOLD),
        headline={"en": "Towns learning", "eu": "Hiriak ikasten"},
        intro={"en": "What we are.", "eu": "Zer garen."},
        more={"en": "More.\n\nAnd more."},
    ),
    partners=(
        Partner("city", "City of Example", "GB", "https://city.example/", "logos/city.svg"),
        Partner("tni", "Transnational Institute", "NL", None),
    ),
    sources=(),
    tags=(
        Tag("solar", {"en": "Solar energy", "eu": "Eguzki-energia", "es": "Energía solar"}, {}),
        Tag("../../up", {"en": "A way out"}, {}),
    ),
)


async def fill(database: Database, count: int = 45) -> None:
    """`count` public items in three languages, some in one story, one hostile; and others that are not public."""
    for place, language in enumerate(LANGUAGES):
        about = {
            "detection": Detection(language, 1.0, "test"),
            "tags": (TagMatch("solar", "word"), *([TagMatch("../../up", "editor")] if language == "es" else [])),
        }
        partner = source(f"in-{language}", AUTO, partner="tni" if language == "es" else "city")
        numbers = range(place, count, len(LANGUAGES))
        titles = {0: HOSTILE, 1: None, 2: "Grožđe, Energía & Đakovo", 4: "__proto__ constructor ǅ"}
        entries = [
            sighting(n, title=titles.get(n, f"News {n} from {language}"), authors=(Author("Ana"),)) for n in numbers
        ]
        await keep(database, partner, entries, START, about)
        told = sighting(900 + place, title=f"Told in {language}", url=f"https://told.example/{language}")
        await keep(database, partner, [told], START, about | {"story_keys": (8,)})
    hidden = [sighting(n, title=f"{SECRET} {n}", body_html=f"<p>{SECRET}</p>") for n in range(500, 503)]
    await keep(database, source("held"), hidden, START)
    async with database.write() as connection:
        one, two, _ = (await connection.execute(select(item.c.id).where(item.c.source_id == "held"))).scalars()
        for item_id, states in ((one, [State.REJECTED]), (two, [State.APPROVED, State.WITHDRAWN])):
            for state in states:
                await move(
                    connection, item_id, to=state, action=SECRET, by=SECRET, reason=SECRET, now=START + timedelta(1)
                )
        public = item.c.state == State.APPROVED
        await connection.execute(
            update(item).where(public).values(original={"title": SECRET}, decided_by=SECRET, reason=SECRET)
        )
        await connection.execute(
            update(item)
            .where(item.c.title == "News 3 from en")
            .values(
                translations={"eu": {"title": "Hirugarren albistea", "summary": "Itzulia", "by": "editor"}},
                image=PICTURE,
                image_alt="A street",
                image_width=640,
                image_height=480,
                images=[
                    {"name": NARROW, "width": 320, "height": 240},
                    {"name": LOST, "width": 480, "height": 360},
                    {"name": PICTURE, "width": 640, "height": 480},
                ],
                pinned_at=START + timedelta(hours=2),
            )
        )
        await connection.execute(update(item).where(item.c.title == "News 6 from en").values(image="../../secret"))
        await connection.execute(update(item).where(item.c.title == "News 9 from en").values(image=LOST))
        await connection.execute(
            update(item)
            .where(item.c.title == "News 12 from en")
            .values(
                image=LOST,
                image_width=640,
                image_height=480,
                images=[{"name": NARROW, "width": 320, "height": 240}, {"name": LOST, "width": 640, "height": 480}],
            )
        )


def origin(folder: Path, base_url: str = "") -> Origin:
    """Where the export comes from: a folder with a logo and the pictures that there are."""
    (folder / "logos").mkdir(parents=True, exist_ok=True)
    (folder / "logos/city.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>')
    for name in (PICTURE, NARROW):
        (folder / name).write_bytes(b"RIFF picture")
    (folder.parent / "secret").write_text(SECRET)
    return Origin(CONFIGURATION, folder, folder, base_url)


async def export(database: Database, folder: Path, base_url: str = "") -> Figures:
    """Export into that folder."""
    return await export_stream(database, origin(folder.parent / "origin", base_url), folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stamps(folder: Path) -> dict[str, Any]:
    """What changes when a file is written, even with the same bytes."""
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {str(path.relative_to(folder)): (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}
