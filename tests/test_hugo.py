"""The feeds that Hugo itself writes (https://gohugo.io/templates/rss/), built here and collected over HTTP."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from aggregator.handlers import handlers
from aggregator.machine import open_machine
from aggregator.settings import Settings
from aggregator.store.tables import item, revision
from aggregator.work import Worker

PAGES = {
    ("en", "warm-homes"): ("Warm homes & cold streets", "2026-11-20T09:30:00+01:00", "A *whole* street < its cost."),
    ("eu", "etxe-epelak"): (
        "Etxe epelak neguan",
        "2026-11-19T08:00:00+01:00",
        "Auzo osoa [berotzen](/eu/) dugu elkarrekin.",
    ),
    ("hr", "topli-domovi"): (
        "Topli domovi za sve",
        "2026-11-18T08:00:00+01:00",
        "Cijela ulica se grije zajedno, bez dima.",
    ),
}
CONFIG = """
baseURL = "{base}/"
title = "Town news"
defaultContentLanguage = "en"
defaultContentLanguageInSubdir = true
disableKinds = ["taxonomy", "term", "sitemap"]
[languages.en]
[languages.eu]
[languages.hr]
"""
PAGE = '+++\ntitle = "{title}"\ndate = {date}\n+++\n{text}\n'


def build(folder: Path, base: str) -> None:
    (folder / "hugo.toml").write_text(CONFIG.format(base=base))
    layouts = folder / "layouts"
    layouts.mkdir(exist_ok=True)
    for name in ("single.html", "list.html"):
        (layouts / name).write_text("<h1>{{ .Title }}</h1>{{ .Content }}")
    subprocess.run(
        [Path(sys.executable).with_name("hugo"), "--source", folder, "--quiet", "--cleanDestinationDir", "--buildFuture"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def write(folder: Path, language: str, name: str, title: str, date: str, text: str) -> None:
    path = folder / "content" / f"{name}.{language}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(PAGE.format(title=title, date=date, text=text))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_hugo_publishes_comes_in_is_revised_and_is_not_doubled(
    tmp_path: Path, database_url: str, clock
) -> None:
    folder = tmp_path / "town"
    folder.mkdir()
    for (language, name), words in PAGES.items():
        write(folder, language, name, *words)
    application = web.Application()
    (folder / "public").mkdir()
    application.router.add_static("/", folder / "public")
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        build(folder, base)
        sources = ['[stream]\ntitle = "T"\nlanguages = ["en"]\n[[partner]]\nid = "town"\nname = "Town"\n']
        sources += [
            f'[[source]]\nid = "{language}"\npartner = "town"\nkind = "feed"\nurl = "{base}/{language}/index.xml"\n'
            for language in ("en", "eu", "hr")
        ]
        (tmp_path / "sources.toml").write_text("".join(sources))
        settings = Settings(
            database_url=database_url, sources=tmp_path / "sources.toml", secret_file=tmp_path / "secret",
            media_dir=tmp_path / "media", allow_private=base.removeprefix("http://"),
        )  # fmt: skip
        async with open_machine(settings, now=clock) as machine:

            async def collect() -> list:
                await machine.tick()
                await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()
                async with machine.database.read() as connection:
                    return (await connection.execute(select(item).order_by(item.c.published_at.desc()))).all()

            found = await collect()
            assert [(row.language, row.title) for row in found] == [
                (language, title) for (language, _), (title, *_) in PAGES.items()
            ]
            assert found[0].url == f"{base}/en/warm-homes/"
            assert found[0].published_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
            assert found[0].content_text == "A whole street < its cost."
            assert f'href="{base}/eu/"' in found[1].content_html

            write(folder, "en", "warm-homes", "Warmer homes", PAGES["en", "warm-homes"][1], "A street, and its cost.")
            build(folder, base)
            clock.forward(days=1)
            again = await collect()
            assert [row.id for row in again] == [row.id for row in found]
            assert (again[0].title, again[0].version) == ("Warmer homes", 2)
            async with machine.database.read() as connection:
                was = (await connection.execute(select(revision.c.was))).scalars().all()
            assert [before["title"] for before in was] == ["Warm homes & cold streets"]
