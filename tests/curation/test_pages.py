"""The editors' pages: they work without script, change nothing by GET, and stay inert whatever an item says."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from aggregator.machine import Machine
from aggregator.store.habits import Habits, write_habits
from aggregator.store.tables import decision, item, item_tag, source_state, task
from aggregator.store.tables import sighting as sighting_table
from curation import cards, pages
from curation.cards import cut, sentence
from curation.editors import Role, find_editor, make_link
from curation.languages import UNSURE_BELOW, language_label
from curation.rendering import STATIC, open_templates
from tests.builders import keep, sighting, source
from tests.conftest import Clock
from tests.curation.conftest import PASSWORD, Visitor, dump

PARTS = re.compile(r'part\([^()]*(?:\([^()]*\))?, "(\w+)"\)|say\(\w+, "(\w+)"')


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The pages know no SQL; what they call is tried on both engines elsewhere."""
    return sqlite_url


async def put_items(room: Machine, count: int = 1, **values: Any) -> list[str]:
    kept = await keep(room.database, source(), [sighting(n, **values) for n in range(1, count + 1)], room.now())
    return kept.item_ids


async def change_item(room: Machine, item_id: str, **values: Any) -> None:
    async with room.database.write() as connection:
        await connection.execute(update(item).where(item.c.id == item_id).values(**values, version=item.c.version + 1))


async def state_of(room: Machine, item_id: str) -> str:
    async with room.database.read() as connection:
        return str(await connection.scalar(select(item.c.state).where(item.c.id == item_id)))


def read_elements(text: str) -> list[tuple[str, dict[str, str]]]:
    """Every element of a page as a browser reads it."""
    elements: list[tuple[str, dict[str, str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            elements.append((tag, {name: value or "" for name, value in attrs}))

    Reader().feed(text)
    return elements


def words(text: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


# GET changes nothing


async def test_no_link_that_an_editor_can_follow_changes_anything(room: Machine, visitor: Visitor) -> None:
    ids = await put_items(room, 3)
    await visitor.sign_in("root")
    await visitor.post(f"/curation/items/{ids[0]}/decision", {"action": "reject", "version": "1"})
    async with room.database.write() as connection:
        link = await make_link(connection, "new", role=Role.EDITOR, now=room.now())
    before = await dump(room.database)
    waiting, seen = {"/curation/", f"/curation/sign-in/{link}", f"/curation/items/{ids[1]}/decision"}, set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = await visitor.get(path)
        assert answer.status < 500
        found = {unescape(found) for found in re.findall(r'(?:href|action|src)="(/curation/[^"]*)"', visitor.text)}
        waiting |= found - seen
        for form in (f"{path.split('?')[0]}?{query}" for query in ("action=approve&version=1", "action=undo")):
            assert (await visitor.get(form)).status < 500
    assert len(seen) > 12
    assert await dump(room.database) == before


# Signing in by link


async def test_a_link_is_used_up_by_its_button_alone(room: Machine, visitor: Visitor, other: Visitor) -> None:
    async with room.database.write() as connection:
        link = await make_link(connection, "Nerea", role=Role.EDITOR, now=room.now())
    for _ in range(3):
        answer = await visitor.get(f"/curation/sign-in/{link}")
        assert answer.status == 200
        assert "Welcome, Nerea" in words(visitor.text)
    async with room.database.read() as connection:
        assert await find_editor(connection, "Nerea") is None
    answer = await visitor.post(f"/curation/sign-in/{link}", {"password": PASSWORD})
    assert (answer.status, answer.headers["Location"]) == (303, "/curation/")
    assert (await visitor.get("/curation/")).status == 200
    for method in (other.get, other.post):
        await other.get("/curation/sign-in")
        assert (await method(f"/curation/sign-in/{link}")).status == 410
    assert (await other.sign_in("Nerea")).status == 303


async def test_a_password_that_is_too_short_leaves_the_link_as_it_was(room: Machine, visitor: Visitor) -> None:
    async with room.database.write() as connection:
        link = await make_link(connection, "Nerea", role=Role.EDITOR, now=room.now())
    await visitor.get(f"/curation/sign-in/{link}")
    answer = await visitor.post(f"/curation/sign-in/{link}", {"password": "short"})
    assert answer.status == 400
    assert "at least 8 characters" in words(visitor.text)
    assert (await visitor.post(f"/curation/sign-in/{link}")).status == 303


async def test_a_link_needs_the_token_of_its_own_form(room: Machine, visitor: Visitor) -> None:
    async with room.database.write() as connection:
        link = await make_link(connection, "Nerea", role=Role.EDITOR, now=room.now())
    assert (await visitor.post(f"/curation/sign-in/{link}")).status == 403
    await visitor.get(f"/curation/sign-in/{link}")
    assert (await visitor.post(f"/curation/sign-in/{link}", headers={"Origin": "https://evil.example"})).status == 403
    assert (await visitor.post(f"/curation/sign-in/{link}")).status == 303


# The queue


async def test_a_card_says_all_that_helps_to_decide(room: Machine, visitor: Visitor) -> None:
    (item_id,) = await put_items(room)
    await change_item(
        room,
        item_id,
        content_text="First. " * 100 + "\n\nThe end of it.",
        image="abc.webp",
        image_alt="A roof",
        language="eu",
        confidence=0.42,
    )
    await visitor.sign_in("ana")
    text = words(visitor.text)
    for said in ("News 1", "The City", "city-news", "Basque 42%", "Solar power", "A word in the text: solar", "More"):
        assert said in text
    assert "This source's items wait for an editor." in text
    assert "The end of it." in text
    assert 'src="/media/abc.webp"' in visitor.text
    assert 'alt="A roof"' in visitor.text
    assert 'href="https://city.example/news/1"' in visitor.text
    assert "Waiting 1" in text


HOSTILE = 'javascript:"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e'


async def test_what_an_item_says_stays_text(room: Machine, visitor: Visitor) -> None:
    """Also where a proxy has taken the policy away."""
    (item_id,) = await put_items(room)
    hostile = dict.fromkeys(
        (
            "url",
            "title",
            "summary",
            "content_text",
            "content_html",
            "reason",
            "image_alt",
            "language_evidence",
            "language",
        ),
        HOSTILE,
    )
    await change_item(room, item_id, **hostile, partner_id=HOSTILE, source_id=HOSTILE, kind=HOSTILE)
    async with room.database.write() as connection:
        await connection.execute(
            insert(item_tag).values(item_id=item_id, tag=HOSTILE, origin=HOSTILE, evidence=HOSTILE)
        )
    await visitor.sign_in("ana")
    for state in ("waiting", "rejected"):
        await change_item(room, item_id, state=state, decided_by=HOSTILE)
        await visitor.get(f"/curation/?state={state}")
        assert "alert(1)" in visitor.text
        assert "<script>alert" not in visitor.text
        elements = read_elements(visitor.text)
        assert [attributes["src"] for tag, attributes in elements if tag == "script"] == [
            "/curation/static/curation.js"
        ]
        assert not [attributes for _, attributes in elements if any(name.startswith("on") for name in attributes)]
        assert {attributes.get("href", "/")[:1] for _, attributes in elements} <= {"/", "#"}
    await visitor.get("/curation/audit")
    assert "<script>alert" not in visitor.text


async def test_every_waiting_item_is_on_exactly_one_page(room: Machine, visitor: Visitor, clock: Clock) -> None:
    ids: list[str] = []
    for n in range(6):
        clock.forward(minutes=1)
        seen = [sighting(10 * n + k, entry_id=f"{n}-{k}") for k in range(10)]
        ids += (await keep(room.database, source(), seen, clock())).item_ids
    await visitor.sign_in("ana")
    path, shown = "/curation/", []
    while path:
        assert (await visitor.get(path)).status == 200
        shown += re.findall(r'data-id="(\w+)"', visitor.text)
        onward = re.search(r'id="next" href="([^"]+)"', visitor.text)
        path = unescape(onward[1]) if onward else ""
    assert len(shown) == 60
    assert set(shown) == set(ids)


async def test_an_editor_approves_and_takes_it_back_without_script(room: Machine, visitor: Visitor) -> None:
    (item_id,) = await put_items(room)
    await visitor.sign_in("ana")
    answer = await visitor.post(f"/curation/items/{item_id}/decision", {"action": "approve", "version": "1"})
    assert answer.status == 303
    assert answer.headers["Location"] == f"/curation/?state=waiting&said=approve&item={item_id}"
    await visitor.get(answer.headers["Location"])
    assert await state_of(room, item_id) == "approved"
    text = words(visitor.text)
    assert "Approved. News 1" in text
    assert "Nothing waits." in text
    assert "Approved 1" in text
    version = re.search(r'name="version" value="(\d+)"', visitor.text)
    assert version is not None
    answer = await visitor.post(f"/curation/items/{item_id}/decision", {"action": "undo", "version": version[1]})
    assert await state_of(room, item_id) == "waiting"
    await visitor.get(answer.headers["Location"])
    assert "Undone. News 1" in words(visitor.text)
    await visitor.get("/curation/audit")
    assert re.findall(r'data-label="What"><span class="nowrap">(\w+)', visitor.text) == ["undo", "approve"]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, ""),
        ({"reason": " not ours "}, "not ours"),
        ({"quick": "off-topic"}, "Off topic"),
        ({"quick": "outdated", "reason": "was in May"}, "Out of date: was in May"),
    ],
)
async def test_a_rejection_keeps_its_reason(room: Machine, visitor: Visitor, form: dict[str, str], reason: str) -> None:
    (item_id,) = await put_items(room)
    await visitor.sign_in("ana")
    await visitor.post(f"/curation/items/{item_id}/decision", {"action": "reject", "version": "1"} | form)
    async with room.database.read() as connection:
        row = (await connection.execute(select(decision))).one()
    assert (row.editor, row.action, row.reason, row.to_state) == ("ana", "reject", reason, "rejected")
    await visitor.get("/curation/?state=rejected")
    assert (f"Rejected by ana: {reason}." if reason else "Rejected by ana.") in words(visitor.text)


async def test_what_changed_since_it_was_shown_is_not_decided_but_shown_again(room: Machine, visitor: Visitor) -> None:
    (item_id,) = await put_items(room)
    await visitor.sign_in("ana")
    await change_item(room, item_id, title="Quite another title")
    answer = await visitor.post(f"/curation/items/{item_id}/decision", {"action": "approve", "version": "1"})
    assert answer.status == 409
    assert "Quite another title" in visitor.text
    assert "changed meanwhile" in words(visitor.text)
    assert await state_of(room, item_id) == "waiting"
    assert 'name="version" value="2"' in visitor.text


async def test_of_two_editors_the_second_is_told_who_was_first(room: Machine, visitor: Visitor, other: Visitor) -> None:
    (item_id,) = await put_items(room)
    await visitor.sign_in("ana")
    await other.sign_in("root")
    form = {"version": "1"}
    assert (await visitor.post(f"/curation/items/{item_id}/decision", form | {"action": "approve"})).status == 303
    assert (await other.post(f"/curation/items/{item_id}/decision", form | {"action": "reject"})).status == 409
    assert "Approved by ana meanwhile." in words(other.text)
    async with room.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(decision)) == 1


async def test_what_does_not_fit_the_state_is_explained(room: Machine, visitor: Visitor) -> None:
    (item_id,) = await put_items(room)
    await visitor.sign_in("ana")
    await visitor.post(f"/curation/items/{item_id}/decision", {"action": "approve", "version": "1"})
    answer = await visitor.post(f"/curation/items/{item_id}/decision", {"action": "approve", "version": "2"})
    assert answer.status == 409
    assert "the item is approved" in words(visitor.text)


WRONG = (
    ({"action": "explode", "version": "1"}, "action"),
    ({"version": "1"}, "action"),
    ({"action": "approve"}, "version"),
    ({"action": "approve", "version": "-1"}, "version"),
    ({"action": "approve", "version": "1e9"}, "version"),
    ({"action": "approve", "version": "٣"}, "version"),
    ({"action": "approve", "version": "9" * 30}, "version"),
    ({"action": "approve", "version": "1", "state": "nowhere"}, "state"),
    ({"action": "approve", "version": "1", "order": "by chance"}, "order"),
    ({"action": "reject", "version": "1", "quick": "because"}, "quick"),
    ({"action": "reject", "version": "1", "reason": "x" * 501}, "reason"),
)


async def test_a_wrong_value_is_named_and_changes_nothing(room: Machine, visitor: Visitor) -> None:
    (item_id,) = await put_items(room)
    await visitor.sign_in("ana")
    before = await dump(room.database)
    for form, field in WRONG:
        answer = await visitor.post(f"/curation/items/{item_id}/decision", form, headers={"Accept": "*/*"})
        assert answer.status == 400, form
        assert f'"field": "{field}"' in visitor.text
    assert await dump(room.database) == before


async def test_an_item_that_does_not_exist_is_not_found(visitor: Visitor) -> None:
    await visitor.sign_in("ana")
    for item_id in ("unknown", "' OR 1=1 --", "%25", "..%2f..", "é", "x" * 2000):
        answer = await visitor.post(f"/curation/items/{item_id}/decision", {"action": "approve", "version": "1"})
        assert answer.status == 404, item_id
        assert answer.content_type == "text/html"


CRAFTED = (
    ("/curation/?state=nowhere", 400),
    ("/curation/?cursor=nonsense", 400),
    ("/curation/?said=%3Cscript%3E&item=x", 200),
    ("/curation/?said=approve&item=unknown", 200),
    ("/curation/audit?cursor=-1", 400),
    ("/curation/audit?cursor=99999999999999999999", 400),
    ("/curation/audit?cursor=1", 200),
    ("/curation/static/../pages.py", 404),
    ("/curation/static/..%2Fpages.py", 404),
    ("/curation/static/%2e%2e/pages.py", 404),
    ("/curation/static//etc/passwd", 404),
)


async def test_crafted_addresses_are_answered_in_kind(visitor: Visitor) -> None:
    await visitor.sign_in("ana")
    for path, status in CRAFTED:
        assert (await visitor.get(path)).status == status, path
        assert "<script>" not in visitor.text


async def test_a_viewer_sees_everything_and_is_offered_nothing(room: Machine, visitor: Visitor) -> None:
    await put_items(room)
    await visitor.sign_in("vera")
    assert "News 1" in visitor.text
    assert 'value="approve"' not in visitor.text
    assert (await visitor.get("/curation/sources")).status == 200
    assert (await visitor.get("/curation/audit")).status == 200


async def test_the_counts_are_those_of_the_tabs(room: Machine, visitor: Visitor) -> None:
    ids = await put_items(room, 3)
    await visitor.sign_in("ana")
    await visitor.post(f"/curation/items/{ids[0]}/decision", {"action": "reject", "version": "1"})
    answer = await visitor.get("/curation/counts")
    assert await answer.json() == {"waiting": 2, "approved": 0, "scheduled": 0, "rejected": 1, "withdrawn": 0}


# Sources and log


async def test_a_source_in_trouble_is_shown_with_time_and_reason(room: Machine, visitor: Visitor, clock: Clock) -> None:
    async with room.database.write() as connection:
        await connection.execute(
            update(source_state).values(
                failures=3,
                problem="answered <503>",
                problem_at=clock(),
                tried_at=clock(),
                collected_at=clock() - timedelta(days=1),
                due_at=clock() + timedelta(hours=2),
            )
        )
    await visitor.sign_in("vera")
    await visitor.get("/curation/sources")
    text = words(visitor.text)
    for said in ("1 of 1 cannot be read", "failing, 3 times in a row", "answered <503>", "23 Nov 2026, 09:00"):
        assert said in text
    assert "22 Nov 2026, 09:00" in text
    assert "23 Nov 2026, 11:00" in text


async def test_the_log_shows_decisions_with_the_newest_first(
    room: Machine, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LOG_LENGTH", 2)
    ids = await put_items(room, 3)
    await visitor.sign_in("ana")
    for item_id in ids:
        await visitor.post(f"/curation/items/{item_id}/decision", {"action": "approve", "version": "1"})
    await visitor.get("/curation/audit")
    assert re.findall(r"News \d", visitor.text) == ["News 3", "News 2"]
    onward = re.search(r'href="(/curation/audit\?cursor=\d+)"', visitor.text)
    assert onward is not None
    await visitor.get(onward[1])
    assert re.findall(r"News \d", visitor.text) == ["News 1"]


async def test_a_problem_is_a_page_for_people_and_a_document_for_programs(visitor: Visitor) -> None:
    answer = await visitor.get("/curation/nowhere")
    assert (answer.status, answer.content_type) == (404, "text/html")
    assert "There is nothing at this address." in words(visitor.text)
    answer = await visitor.get("/curation/api/nowhere")
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


# Files and words


async def test_every_file_is_sent_as_what_it_is_and_once(visitor: Visitor) -> None:
    kinds = {".css": {"text/css"}, ".js": {"text/javascript", "application/javascript"}, ".svg": {"image/svg+xml"}}
    for name in (path.name for path in STATIC.iterdir()):
        answer = await visitor.get(f"/curation/static/{name}")
        assert answer.content_type in kinds[Path(name).suffix]
        again = await visitor.get(f"/curation/static/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304


def test_the_script_fills_only_parts_that_the_templates_have() -> None:
    templates = "".join(path.read_text() for path in (Path(pages.__file__).parent / "templates").iterdir())
    there = set(re.findall(r'data-part="(\w+)"', templates))
    asked = {a or b for path in STATIC.glob("*.js") for a, b in PARTS.findall(path.read_text())}
    assert len(asked) > 10
    assert asked <= there


def test_the_script_never_writes_markup() -> None:
    script = "".join(path.read_text() for path in STATIC.glob("*.js"))
    for sink in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    ):
        assert sink not in script


def test_the_script_knows_every_state_action_and_number_that_the_server_does() -> None:
    script = "".join(path.read_text() for path in STATIC.glob("*.js"))
    assert f"EXCERPT = {cards.EXCERPT};" in script
    assert f"UNSURE_BELOW = {UNSURE_BELOW};" in script
    for action, words_ in cards.DONE.items():
        assert f'{action}: "{words_}"' in script


def test_the_templates_need_no_inline_script_or_style() -> None:
    environment = open_templates()
    for name in environment.list_templates():
        text = (Path(pages.__file__).parent / "templates" / name).read_text()
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", text), name
        assert not re.search(r"<script(?![^>]*src=)", text), name
        assert "|safe" not in text.replace(" ", ""), name


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("short", "short"),
        ("x" * 1000, "x" * 600),
        ("One. " * 300, "One. " * 119 + "One."),
        ("word " * 300, ("word " * 120).strip()),
        ("a" * 400 + "\n" + "b c. " * 200, "a" * 400),
    ],
)
def test_a_text_is_cut_where_it_can_be(text: str, first: str) -> None:
    head, rest = cut(text, 600)
    assert head == first
    assert "".join((head + rest).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("eu", "Basque 90%"),
        ("pt-BR", "Portuguese (Brazil) 90%"),
        ("und", "Language unknown"),
        ("x!", "x! 90%"),
        ("qqq", "qqq 90%"),
    ],
)
def test_a_language_is_named(code: str, label: str) -> None:
    assert language_label(code, 0.9) == label


def test_a_reason_becomes_a_sentence() -> None:
    assert [sentence(text) for text in ("it waits", "Why?", "", " ok ")] == ["It waits.", "Why?", "", "Ok."]


async def set_source(room: Machine, **values: Any) -> None:
    async with room.database.write() as connection:
        await connection.execute(update(source_state).values(**values))


async def test_where_a_source_moved_when_it_is_asked_next_and_why_is_shown(
    room: Machine, visitor: Visitor, clock: Clock
) -> None:
    habits = Habits(why="it asked to wait", wait_until=clock() + timedelta(hours=5))
    await set_source(
        room, tried_at=clock(), collected_at=clock(), due_at=clock() + timedelta(hours=5), shown=write_habits(habits),
        moved_to="https://town.example/feed", moved_at=clock() - timedelta(days=8), push_problem="the hub hung up",
    )  # fmt: skip
    await visitor.sign_in("vera")
    await visitor.get("/curation/sources")
    text = words(visitor.text)
    for said in (
        "It moved to https://town.example/feed : change its url in sources.toml.",
        "asked there meanwhile",
        "it asked to wait until 23 Nov 2026, 14:00",
        "Nothing is pushed, so it is asked as often as any other: the hub hung up",
    ):
        assert said in text
    assert "Collect now" not in text, "a viewer looks on"
    clock.forward(hours=6)
    await visitor.get("/curation/sources")
    assert "until 23 Nov 2026, 14:00" not in words(visitor.text)


async def test_a_source_that_is_gone_for_good_is_shown_first_with_what_can_be_done(
    room: Machine, visitor: Visitor, clock: Clock
) -> None:
    await set_source(room, tried_at=clock(), stopped=True, failures=1, problem="gone (410)", due_at=clock())
    await visitor.sign_in("ana")
    await visitor.get("/curation/sources")
    text = words(visitor.text)
    assert "1 of 1 cannot be read" in text
    assert "gone for good gone (410)" in text
    assert "It is not asked any more." in text


async def test_a_source_is_collected_now_by_a_form_of_ones_own(room: Machine, visitor: Visitor, other: Visitor) -> None:
    async def open_tasks() -> list[str]:
        async with room.database.read() as connection:
            return list((await connection.execute(select(task.c.key))).scalars())

    path = "/curation/sources/city-news/collect"
    await visitor.sign_in("ana")
    await visitor.get("/curation/sources")
    assert f'action="{path}"' in visitor.text
    assert (await visitor.post(path, {"csrf": "forged"})).status == 403
    await other.sign_in("vera")
    assert (await other.post(path)).status == 403
    assert await open_tasks() == []
    answer = await visitor.post(path)
    assert (answer.status, answer.headers["Location"]) == (303, "/curation/sources?asked=city-news")
    assert await open_tasks() == ["source:city-news:collect"]
    await visitor.get(answer.headers["Location"])
    assert "city-news is collected now." in words(visitor.text)
    assert (await visitor.get("/curation/sources?asked=<b>nobody</b>")).status == 200
    assert "nobody" not in visitor.text
    assert (await visitor.post("/curation/sources/nobody/collect")).status == 404
    assert (await visitor.get(path)).status == 405


async def test_an_item_that_its_feed_no_longer_shows_carries_a_flag(
    room: Machine, visitor: Visitor, clock: Clock
) -> None:
    ids = await put_items(room, 2)
    await visitor.sign_in("ana")
    assert "No longer in its feed" not in visitor.text
    async with room.database.write() as connection:
        missing = update(sighting_table).where(sighting_table.c.item_id == ids[0])
        await connection.execute(missing.values(missing_at=clock()))
    await change_item(room, ids[1], gone_at=clock())
    await visitor.get("/curation/")
    assert words(visitor.text).count("No longer in its feed since 23 Nov 2026.") == 1
    assert words(visitor.text).count("Its page was not there on 23 Nov 2026.") == 1
    answer = await visitor.get("/curation/api/items")
    said = {one["id"]: one["_mpower"] for one in (await answer.json())["items"]}
    assert (said[ids[0]]["missing_since"], said[ids[0]]["gone_since"]) == ("2026-11-23T09:00:00Z", None)
    assert (said[ids[1]]["missing_since"], said[ids[1]]["gone_since"]) == (None, "2026-11-23T09:00:00Z")


async def test_a_wrong_sources_file_is_shown_to_editors(room: Machine, visitor: Visitor) -> None:
    path = room.sources.folder / "sources.toml"
    path.write_text(path.read_text().replace('kind = "feed"', 'kind = "fax"'))
    room.sources.reload_if_changed()
    await visitor.sign_in("ana")
    await visitor.get("/curation/sources")
    assert "the last good one still counts" in visitor.text
    assert "source[1].kind" in visitor.text
