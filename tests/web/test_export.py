"""An export as whoever opens it finds it: every link leads to a file, nothing unseen is inside, the same gives the same."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from posixpath import dirname, normpath
from urllib.parse import unquote, urlsplit

import pytest
from lxml import etree, html
from sqlalchemy import event, func, select, update

from aggregator.model import Detection, State, TagMatch
from aggregator.store.engine import Database, open_database
from aggregator.store.moves import move
from aggregator.store.search import fold
from aggregator.store.tables import item, metadata
from tests.builders import AUTO, START, keep, sighting, source
from tests.web.exports import HOSTILE, NARROW, PICTURE, SECRET, contents, export, fill, stamps
from web.commands.database import copy_rows
from web.export.checking import check
from web.outputs.feed import urn
from web.widgetfile import widget_files

ODD = ("..", "a.b", "CON", "con", "nul", "Twin", "twin", "t" * 300, "é", "a/b")
OURS = ("href", "src", "data-next", "action", "poster")


@pytest.fixture(autouse=True)
def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same ids in every run. Pages are cut by them: with some, so few items stand on one page."""
    monkeypatch.setattr("aggregator.store.items.urandom", random.Random(1).randbytes)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Database]:
    """A database with a stream in it; what is said of files holds on either engine."""
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        await fill(database)
        yield database


def leads(page: html.HtmlElement) -> list[tuple[html.HtmlElement, str]]:
    one = [(node, node.get(name)) for name in OURS for node in page.xpath(f"//*[@{name}]")]
    several = [(node, part.split()[0]) for node in page.xpath("//*[@srcset]") for part in node.get("srcset").split(",")]
    return one + several


def target_of(path: str, address: str) -> str:
    """The file that an address in the file `path` leads to."""
    return normpath(f"{dirname(path)}/{unquote(address)}".lstrip("/"))


async def test_every_link_of_every_page_leads_to_a_file_and_every_page_is_reached(
    one: Database, tmp_path: Path
) -> None:
    await export(one, tmp_path / "out")
    files = contents(tmp_path / "out")
    waiting, seen = ["index.html"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        if not path.endswith(".html"):
            continue
        page = html.fromstring(files[path])
        for node, address in leads(page):
            if node.tag == "a" and address.startswith(("https://", "mailto:")):
                assert {*node.get("rel", "").split()} & {"noopener", "noreferrer"}, address
                continue
            if node.get("rel") == "canonical" and address.startswith("https://"):
                assert path.startswith("item/")
                continue
            parts = urlsplit(address)
            assert not parts.scheme, (path, address)
            assert not parts.netloc, (path, address)
            assert not address.startswith("/"), (path, address)
            if not address:
                assert node.get("class") == "mpower-more"  # a list whose pages no program reads
                continue
            target = target_of(path, parts.path) if parts.path else path
            assert target in files, (path, address)
            if parts.fragment:
                assert html.fromstring(files[target]).get_element_by_id(parts.fragment) is not None
            if target not in seen:
                waiting.append(target)
    for path in files:
        assert path in seen or not path.endswith(".html"), path


async def test_pages_have_a_strict_policy_a_language_headings_in_order_and_the_feeds(
    one: Database, tmp_path: Path
) -> None:
    await export(one, tmp_path / "out")
    for path, data in contents(tmp_path / "out").items():
        if not path.endswith(".html"):
            continue
        page = html.fromstring(data)
        head = [(node.tag, node.get("http-equiv")) for node in page.find("head")]
        assert head.index(("meta", "Content-Security-Policy")) < head.index(("link", None))
        (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert ("script-src" in policy) == (path == "search.html")
        scripts = page.xpath("//script[not(@type='application/ld+json')]")
        assert [script.get("src") for script in scripts] == (
            ["search/search.js", "search/index.js"] if path == "search.html" else []
        )
        assert not page.xpath(
            "//script[text()][not(@type='application/ld+json')]|//style|//*[@style]|//iframe|//object|//base"
        )
        assert not [name for node in page.iter("*") for name in node.attrib if name.startswith("on")]
        assert page.get("lang")
        levels = [int(node.tag[1]) for node in page.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), path
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), path
        assert {
            urlsplit(link).path.rpartition("/")[2] for link in page.xpath("//link[@rel='alternate'][@type]/@href")
        } == {
            "stream.json",
            "stream.atom",
        }
        assert all(article.get("lang") for article in page.xpath("//article"))


async def test_a_list_stands_in_its_own_language_and_rows_lead_to_the_items_pages(
    one: Database, tmp_path: Path
) -> None:
    await export(one, tmp_path / "out")
    page = html.fromstring((tmp_path / "out/language/eu/index.html").read_bytes())
    assert page.get("lang") == "eu"
    assert page.xpath("//h1")[0].text_content() == "Euskara"
    assert {*page.xpath("//article/@lang")} == {"eu"}
    first = page.xpath("//article//h2/a")[0]
    target = html.fromstring((tmp_path / "out/language/eu" / first.get("href")).read_bytes())
    assert target.xpath("//h1")[0].text_content() == first.text_content()
    assert target.xpath("//div[@class='content']")[0].text_content().strip()
    (original,) = target.xpath("//a[@class='button']/@href")
    assert original.startswith("https://")
    start = html.fromstring((tmp_path / "out/index.html").read_bytes())
    assert [node.get("lang") for node in start.xpath("//ul[@class='intros']/li")] == ["en", "eu", "hr"]
    assert start.xpath("//img/@src") == ["logos/city.svg"]


async def test_an_item_has_the_page_of_a_running_program_and_one_in_each_language_an_editor_gave(
    one: Database, tmp_path: Path
) -> None:
    await export(one, tmp_path / "out")
    items = {
        page.xpath("string(//h1)"): (path, page)
        for path, data in contents(tmp_path / "out").items()
        if path.startswith("item/") and (page := html.fromstring(data)) is not None
    }
    path, page = items["News 3 from en"]
    translated, in_basque = items["Hirugarren albistea"]
    assert translated == path.replace(".html", ".eu.html")
    assert (page.get("lang"), in_basque.get("lang")) == ("en", "eu")
    (source,) = in_basque.xpath("//a[@class='button']/@href")
    for each in (page, in_basque):
        assert each.xpath("//link[@rel='canonical']/@href") == [source]
        (graph,) = each.xpath("//script[@type='application/ld+json']/text()")
        assert target_of(path, json.loads(graph)["image"]) == f"media/{PICTURE}"
        (picture,) = each.xpath("//img")
        assert [part.split()[1] for part in picture.get("srcset").split(",")] == ["320w", "640w"]
        assert each.xpath("//ul[@class='topics']//a/@href") == ["../tag/solar/index.html"]
    alternates = {link.get("hreflang"): link.get("href") for link in page.xpath("//link[@hreflang]")}
    assert {code: target_of(path, url) for code, url in alternates.items()} == {"en": path, "eu": translated}
    assert in_basque.xpath("string(//h1/@lang)") == "eu"
    assert "Itzulia" in in_basque.xpath("string(//article)")
    # What an editor wrote is said to be a translation, and what the source wrote is at hand.
    assert in_basque.xpath("string(//details/summary)") == "Erakutsi jatorrizkoa"
    assert "News 3 from en" in in_basque.xpath("string(//details)")
    assert in_basque.xpath("//article//a[@hreflang='en']/@href")[-1] == path.rpartition("/")[2]
    told, other = items["Told in en"][1], items["Told in es"][0]
    assert target_of(path, told.xpath("//link[@hreflang='es']/@href")[0]) == other
    # A post without a title is headed by whose it is, and its text stands below.
    assert all(page.xpath("//h1")[0].text_content().strip() for _, page in items.values())


async def test_the_feeds_are_walked_to_the_end_by_their_relative_links(one: Database, tmp_path: Path) -> None:
    await export(one, tmp_path / "out")
    files = contents(tmp_path / "out")
    rows = [li for path, data in files.items() if path.startswith("stream/") and path.endswith(".html")
            for li in html.fromstring(data).xpath("//li/@data-id")]  # fmt: skip
    path, seen, entries, named = "stream.json", [], [], 0
    atom = "stream.atom"
    while path:
        feed = json.loads(files[path])
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["_mpower"]["static"] is True
        assert normpath(f"{dirname(path)}/{feed['home_page_url']}".lstrip("/")) == "index.html"
        for shown in feed["items"]:
            seen.append(shown["id"])
            assert target_of(path, shown["_mpower"]["page"]) in files
            pictures = [image["url"] for image in shown["_mpower"].get("images", ())]
            for address in [*pictures, *([shown["image"]] if "image" in shown else ())]:
                assert files[target_of(path, address)] == b"RIFF picture"
            named += len(pictures)
        path = normpath(f"{dirname(path)}/{feed['next_url']}".lstrip("/")) if "next_url" in feed else ""
    while atom:
        tree = etree.fromstring(files[atom])
        assert not tree.xpath("//*[@rel='hub']")
        for address in tree.xpath("//@url|//*[@rel!='alternate' and @rel!='related']/@href"):
            assert target_of(atom, address) in files, (atom, address)
        names = {"a": "http://www.w3.org/2005/Atom"}
        entries += tree.xpath("//a:entry/a:id/text()", namespaces=names)
        following = tree.xpath("/a:feed/a:link[@rel='next']/@href", namespaces=names)
        atom = normpath(f"{dirname(atom)}/{following[0]}".lstrip("/")) if following else ""
    assert len(seen) == len(set(seen)) == 46
    # A reader that moves here from a running program's feed sees no item twice.
    assert sorted(entries) == sorted(map(urn, seen))
    assert named == 3  # what the folder of pictures has lost is named nowhere
    assert sorted(rows) == sorted(seen)


async def test_with_a_base_url_feeds_have_whole_addresses_and_pages_stay_relative(
    one: Database, tmp_path: Path
) -> None:
    base = "https://archive.example/mpower/"
    await export(one, tmp_path / "out", base)
    await export(one, tmp_path / "plain")
    files, plain = contents(tmp_path / "out"), contents(tmp_path / "plain")
    feed = json.loads(files["stream.json"])
    assert feed["feed_url"] == f"{base}stream.json"
    assert feed["next_url"].startswith(f"{base}stream/")
    pictures = [i["image"] for i in feed["items"] if "image" in i]
    assert pictures
    assert all(address in {f"{base}media/{PICTURE}", f"{base}media/{NARROW}"} for address in pictures)
    assert "hubs" not in feed
    different = {path for path in files if files[path] != plain[path]}
    assert different
    assert all(re.fullmatch(r"stream.*\.(json|atom)|partners\.json|manifest\.json", path) for path in different)


async def test_what_is_not_public_is_nowhere_in_it_and_no_other_table_is_read(one: Database, tmp_path: Path) -> None:
    asked: list[str] = []
    event.listen(one.reader.sync_engine, "before_cursor_execute", lambda *words: asked.append(words[2]))
    await export(one, tmp_path / "out")
    for path, data in contents(tmp_path / "out").items():
        assert SECRET.encode() not in data, path
    known = {table.name for table in metadata.sorted_tables}
    read = {name for statement in asked for name in re.findall(r"(?:FROM|JOIN) (\w+)", statement)} & known
    assert read == {"item", "item_tag"}


async def test_the_widget_is_in_it_whole(one: Database, tmp_path: Path) -> None:
    await export(one, tmp_path / "out")
    files = contents(tmp_path / "out")
    assert {name: data for name, data in files.items() if name.startswith("widget")} == widget_files()
    assert {"widget.js", "widget-extras.js", "widget.css", "strings/eu.json"} <= files.keys()


async def test_hostile_words_run_nowhere_and_search_finds_every_item(one: Database, tmp_path: Path) -> None:
    await export(one, tmp_path / "out")
    files = contents(tmp_path / "out")
    for path, data in files.items():
        if path.endswith((".html", ".js")) and not path.startswith("widget"):
            assert b"</script><script>" not in data, path
            assert b"<img src=x" not in data, path
    index = {}
    for path, data in files.items():
        if match := re.fullmatch(rb'mpowerSearch\("([\w-]+)",(.*)\);\n', data, re.DOTALL):
            assert path == f"search/{match[1].decode()}.js"
            index[match[1].decode()] = json.loads(match[2])
            assert b"<" not in match[2]
    months = [
        (name[2:], number) for name, items in index.items() if name.startswith("m-") for number in range(len(items))
    ]
    assert len(months) == 48
    words = {word: places for name, its in index.items() if name.startswith("w-") for word, places in its}
    assert {"grozde", "energia", "dakovo", "hirugarren", "eguzki", "proto", "constructor", fold("ǅ")} <= words.keys()
    assert index["index"] == sorted(name for name in index if name.startswith("w-"))
    assert len(files["search/search.js"]) <= 3_000
    titles = [shown[1] for name, items in index.items() if name.startswith("m-") for shown in items]
    assert HOSTILE in titles


async def test_an_empty_stream_and_one_item_of_which_nothing_is_known_are_exports_too(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/odd.db") as database:
        await export(database, tmp_path / "out")
        assert check(tmp_path / "out").is_whole
        assert json.loads((tmp_path / "out/stream.json").read_bytes())["items"] == []
        assert etree.parse(tmp_path / "out/stream.atom").findtext("{*}updated") == "1970-01-01T00:00:00Z"
        # Its partner stands no more in sources.toml; upper and lower case are two, also where a disk knows one.
        unknown = {"detection": Detection("und", 0.0, "test"), "tags": tuple(TagMatch(t, "editor") for t in ODD)}
        await keep(database, source("odd", AUTO, partner="Gone"), [sighting(1, title=None, url=None)], START, unknown)
        await export(database, tmp_path / "out")
    files = contents(tmp_path / "out")
    assert check(tmp_path / "out").is_whole
    assert len({path.casefold() for path in files}) == len(files)
    assert len([path for path in files if path.startswith("tag/")]) == len(ODD)
    (page,) = (html.fromstring(data) for path, data in files.items() if path.startswith("item/"))
    assert "Gone" in page.xpath("string(//h1)")
    assert page.xpath("//div[@class='content']//text()") == ["Body of 1"]
    for address in page.xpath("//ul[@class='topics']//a/@href"):
        assert target_of("item/x", address) in files


async def test_two_databases_that_hold_the_same_give_the_same_bytes(database: Database, tmp_path: Path) -> None:
    await fill(database)
    await export(database, tmp_path / "first")
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/other.db") as other:
        await copy_rows(database, other)
        # Another history with the same end.
        await keep(other, source("late", AUTO), [sighting(700)], START)
        async with other.write() as connection:
            late = await connection.scalar(select(item.c.id).where(item.c.source_id == "late"))
            await move(connection, late, to=State.WITHDRAWN, action="t", by="ana", reason="", now=START)
        await export(other, tmp_path / "second")
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


async def test_a_second_export_writes_what_changed_alone_and_equals_a_fresh_one(one: Database, tmp_path: Path) -> None:
    chance, folder = random.Random(5), tmp_path / "out"
    await keep(one, source("many", AUTO, partner="tni"), [sighting(n) for n in range(100, 200)], START)
    await export(one, folder)
    for turn in range(4):
        before, stamped = contents(folder), stamps(folder)
        async with one.write() as connection:
            public = (
                select(item.c.id).where(item.c.state == State.APPROVED).order_by(func.length(item.c.title), item.c.id)
            )
            ids = list((await connection.execute(public)).scalars())
            some = chance.choice(ids)
            if turn == 1:
                await move(connection, some, to=State.WITHDRAWN, action="t", by="ana", reason="", now=START)
            elif turn == 2:
                await connection.execute(update(item).where(item.c.id == some).values(title="Said otherwise"))
            elif turn == 3:
                await connection.execute(update(item).where(item.c.id == some).values(pinned_at=START + timedelta(3)))
        if turn == 0:
            await keep(one, source("many", AUTO, partner="tni"), [sighting(950)], START)
        figures = await export(one, folder)
        await export(one, tmp_path / f"fresh-{turn}")
        after = contents(folder)
        assert after == contents(tmp_path / f"fresh-{turn}")
        changed = {path for path in after if before.get(path) != after[path]}
        rewritten = {path for path, stamp in stamps(folder).items() if stamped.get(path) != stamp}
        assert rewritten == changed
        assert figures.written == len(changed - {"manifest.json"})
        listed = {path for path in after if path.startswith("stream/") and path.endswith(".html")}
        assert len(listed) > 5
        assert len(listed & changed) <= 8, turn
        if turn == 0:
            assert listed & changed == {"stream/index.html"}
    assert (await export(one, folder)).written == 0
