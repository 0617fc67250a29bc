"""Every recorded feed and every hostile file, served as sources of one program: all collected, none in another's way."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from playwright.async_api import Browser
from sqlalchemy import func, select

from aggregator.handlers import handlers
from aggregator.machine import open_machine
from aggregator.settings import Settings
from aggregator.store.sources import read_states
from aggregator.store.tables import item
from aggregator.work import Worker
from tests.conftest import SHARED
from tests.partner import PartnerSite

pytestmark = [pytest.mark.corpus, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
CORPUS = SHARED / "corpus"
HEAD = """
[stream]
title = "Recordings"
languages = ["en"]
review = "auto"

[[partner]]
id = "all"
name = "All"
"""
SOURCE = """
[[source]]
id = "{id}"
partner = "all"
kind = "feed"
url = "{url}"
"""


def recorded(folder: str) -> list[Path]:
    if not CORPUS.exists():
        pytest.skip("../shared/corpus is not here")
    return sorted((CORPUS / folder).iterdir())


async def collect_all(settings: Settings, site: PartnerSite, files: list[Path]) -> dict[str, Path]:
    names = {f"f{n}": path for n, path in enumerate(files)}
    text = HEAD
    for name, path in names.items():
        site.put(f"/{name}", path.read_bytes(), "application/xml" if path.suffix != ".json" else "application/json")
        text += SOURCE.format(id=name, url=f"{site.url}/{name}")
    settings.sources.write_text(text)
    async with open_machine(settings) as machine:
        worker = Worker(machine.database, machine.bell, {**handlers(machine.shop), "keep_pictures": leave}, machine.now)
        performed = 1
        while performed:  # each tick lets in a few of one host
            await machine.tick()
            performed = await worker.run_due()
        return names


async def leave(_event: object) -> None:
    """Pictures of real feeds lie on the real web, which tests never ask."""


async def test_every_entry_of_a_well_formed_feed_becomes_an_item(settings: Settings, site: PartnerSite) -> None:
    files = recorded("feeds")
    expected = {
        Path(row["file"]).name: row for row in map(json.loads, (CORPUS / "expected.jsonl").read_text().splitlines())
    }
    names = await collect_all(settings, site, files)
    async with open_machine(settings) as machine, machine.database.read() as connection:
        counts = dict(
            (await connection.execute(select(item.c.source_id, func.count()).group_by(item.c.source_id))).all()
        )
        states = await read_states(connection)
    short = {}
    for name, path in names.items():
        oracle = expected[path.name]
        if oracle["bozo"] or oracle["feedparser_wrong"]:
            continue
        # What is the same thing twice is kept once, so there may be fewer items than entries, where ids repeat.
        repeats = sum("repeated ids" in check for check in oracle["checks"])
        if counts.get(name, 0) != oracle["n_entries"] and not repeats:
            short[path.name] = (counts.get(name, 0), oracle["n_entries"], states[name].problem)
    assert short == {}


async def test_hostile_files_hide_no_other_source_and_run_no_script(
    settings: Settings, site: PartnerSite, browser: Browser
) -> None:
    good = Path(__file__).parent / "recordings" / "good.xml"
    files = [*recorded("hostile"), good]
    names = await collect_all(settings, site, files)
    asked = {path for path, _ in site.asked}
    assert asked == {f"/{name}" for name in names}, "a document made the program ask for something else"
    async with open_machine(settings) as machine, machine.database.read() as connection:
        rows = (await connection.execute(select(item))).all()
        states = await read_states(connection)
    assert all(states[name].tried_at for name in names)
    assert Counter(row.source_id for row in rows)[f"f{len(files) - 1}"] == 2
    assert not [row.title for row in rows if row.title and row.title.startswith("&") and row.title.endswith(";")]
    assert all(row.url is None or row.url.startswith(("http://", "https://")) for row in rows)
    await show_without_any_protection(browser, [row.content_html for row in rows])


async def show_without_any_protection(browser: Browser, bodies: list[str]) -> None:
    """Cleaned HTML must be harmless by itself, on a page with no policy at all, also when every link is clicked."""
    context = await browser.new_context()
    page = await context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: requests.append(f"dialog: {dialog.message}"))
    await context.route("**/*", lambda route: route.abort())
    await page.set_content("<main></main>")
    ran = await page.evaluate(
        """bodies => {
            const known = new Set(Object.getOwnPropertyNames(window));
            const main = document.querySelector("main");
            const bad = [];
            for (const body of bodies) {
                main.innerHTML = body;
                for (const link of main.querySelectorAll("a[href]"))
                    if (!["http:", "https:", "mailto:"].includes(link.protocol)) bad.push(link.outerHTML);
                for (const node of main.querySelectorAll("*"))
                    for (const name of node.getAttributeNames())
                        if (name.startsWith("on") || name === "style" || name === "src") bad.push(node.outerHTML);
            }
            return [...bad, ...Object.getOwnPropertyNames(window).filter(name => !known.has(name))];
        }""",
        bodies,
    )
    await context.close()
    assert ran == []
    assert requests == []
