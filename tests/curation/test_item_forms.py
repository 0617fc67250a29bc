"""What editors change by form: guarded, named where it is wrong, and back on the card afterwards."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from aggregator.machine import Machine
from aggregator.store.tables import item
from curation.itemforms import find_tag
from curation.languages import in_words, language_name, own_name
from curation.problems import Problem
from tests.builders import keep, sighting, source
from tests.curation.conftest import Visitor, dump
from tests.curation.test_pages import words


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def ids(room: Machine) -> list[str]:
    return (await keep(room.database, source(), [sighting(n) for n in (1, 2)], room.now())).item_ids


async def row_of(room: Machine, item_id: str) -> Any:
    async with room.database.read() as connection:
        return (await connection.execute(select(item).where(item.c.id == item_id))).one()


async def test_a_form_leads_back_to_its_card_where_it_was(room: Machine, visitor: Visitor, ids: list[str]) -> None:
    await visitor.sign_in("ana")
    form = {"language": "eu", "version": "1", "state": "waiting", "order": "newest", "cursor": "abc"}
    answer = await visitor.post(f"/curation/items/{ids[0]}/language", form)
    back = f"/curation/?state=waiting&order=newest&cursor=abc&said=language&item={ids[0]}#item-{ids[0]}"
    assert (answer.status, answer.headers["Location"]) == (303, back)
    assert (await row_of(room, ids[0])).language == "eu"


async def test_words_that_are_as_they_were_are_no_edit(room: Machine, visitor: Visitor, ids: list[str]) -> None:
    async with room.database.write() as connection:
        await connection.execute(update(item).values(summary="One\nTwo "))
    await visitor.sign_in("ana")
    before = await dump(room.database)
    same = {"title": " News 1", "summary": "One\r\nTwo", "version": "1"}
    assert (await visitor.post(f"/curation/items/{ids[0]}/words", same)).status == 303
    after = await dump(room.database)
    assert after["item"] == before["item"]
    assert after["decision"] == before["decision"]


WRONG = (
    ("language", {"language": "Basque", "version": "1"}, "language"),
    ("language", {"language": "", "version": "1"}, "language"),
    ("language", {"language": "eu"}, "version"),
    ("language", {"language": "eu", "version": "1", "state": "nowhere"}, "state"),
    ("language", {"language": "eu", "version": "1", "order": "by chance"}, "order"),
    ("tags", {"add": "gas", "version": "1"}, "add"),
    ("tags", {"add": "", "version": "1"}, "add"),
    ("tags", {"version": "1"}, "add"),
    ("words", {"title": "", "summary": "", "version": "1"}, "title"),
    ("words", {"title": "x" * 301, "version": "1"}, "title"),
)


@pytest.mark.parametrize(("kind", "form", "field"), WRONG)
async def test_a_wrong_value_is_named_and_changes_nothing(
    room: Machine, visitor: Visitor, ids: list[str], kind: str, form: dict[str, str], field: str
) -> None:
    await visitor.sign_in("ana")
    before = await dump(room.database)
    answer = await visitor.post(f"/curation/items/{ids[0]}/{kind}", form, headers={"Accept": "*/*"})
    assert answer.status == 400
    assert f'"field": "{field}"' in visitor.text
    assert await dump(room.database) == before


@pytest.mark.parametrize("kind", ["language", "tags", "words"])
async def test_only_editors_change_anything_and_only_what_they_were_shown(
    room: Machine, visitor: Visitor, other: Visitor, ids: list[str], kind: str
) -> None:
    form = {"language": "eu", "add": "wind", "title": "Better", "version": "1"}
    path = f"/curation/items/{ids[0]}/{kind}"
    await other.sign_in("vera")
    assert (await other.post(path, form)).status == 403
    await visitor.sign_in("ana")
    assert (await visitor.post(path, form | {"csrf": "forged"})).status == 403
    assert (await row_of(room, ids[0])).version == 1
    async with room.database.write() as connection:
        await connection.execute(update(item).values(title="Newer words", version=2))
    assert (await visitor.post(path, form)).status == 409
    assert "Newer words" in visitor.text
    assert (await row_of(room, ids[0])).overlay == {}
    assert (await visitor.post(f"/curation/items/nothing/{kind}", form)).status == 404


async def test_an_item_has_a_page_of_its_own_with_its_story(room: Machine, visitor: Visitor, ids: list[str]) -> None:
    async with room.database.write() as connection:
        await connection.execute(update(item).values(story=ids[0]))
        await connection.execute(update(item).where(item.c.id == ids[1]).values(state="approved", language="es"))
    await visitor.sign_in("vera")
    await visitor.get(f"/curation/items/{ids[0]}")
    assert "One story with: The City (es) approved News 2" in words(visitor.text)
    assert f'href="/curation/items/{ids[1]}"' in visitor.text
    await visitor.get(f"/curation/items/{ids[1]}")
    assert "One story with: The City (en) waiting News 1" in words(visitor.text)
    assert (await visitor.get("/curation/items/nothing")).status == 404
    answer = await visitor.get(f"/curation/api/items/{ids[0]}")
    assert (await answer.json())["_mpower"]["story_items"] == [
        {
            "item": ids[1],
            "partner": "city",
            "language": "es",
            "title": "News 2",
            "url": "https://city.example/news/2",
            "state": "approved",
        }
    ]


async def test_an_item_is_found_by_what_an_editor_has_at_hand(visitor: Visitor, ids: list[str]) -> None:
    await visitor.sign_in("ana")
    for what in (
        ids[0],
        f" {ids[0]} ",
        f"https://stream.example/curation/items/{ids[0]}",
        "https://city.example/news/1",
        "http://city.example/news/1/?utm_source=toot",
    ):
        answer = await visitor.get("/curation/find", params={"item": what})
        assert await answer.json(content_type=None) == {"id": ids[0]}, what
    for what in ("", "nothing", "https://city.example/", "javascript:alert(1)", "' OR 1=1 --"):
        assert (await visitor.get("/curation/find", params={"item": what})).status == 404, what


async def test_stories_are_joined_and_parted_by_form(room: Machine, visitor: Visitor, ids: list[str]) -> None:
    await visitor.sign_in("ana")
    path = f"/curation/items/{ids[0]}/story"
    answer = await visitor.post(path, {"join": "https://city.example/news/2", "version": "1"})
    back = f"/curation/?state=waiting&said=join&item={ids[0]}#item-{ids[0]}"
    assert (answer.status, answer.headers["Location"]) == (303, back)
    assert (await row_of(room, ids[0])).story == (await row_of(room, ids[1])).story
    await visitor.get(back)
    assert "Joined to one story. News 1" in words(visitor.text)
    assert sorted(re.findall(r'name="out" value="(\w+)"', visitor.text)) == sorted(ids), "each names the other one"
    answer = await visitor.post(path, {"out": ids[1], "version": "1"})
    assert "said=split" in answer.headers["Location"]
    assert (await row_of(room, ids[0])).story != (await row_of(room, ids[1])).story
    assert (await visitor.post(path, {"out": ids[1]})).status == 409
    assert "Nobody tells its story with it any more." in words(visitor.text)
    await visitor.get("/curation/audit")
    assert re.findall(r'data-label="What"><span class="nowrap">(\w+)', visitor.text) == ["split", "join"]


@pytest.mark.parametrize(
    ("form", "status"),
    [({}, 400), ({"join": ""}, 400), ({"join": "nothing"}, 400), ({"out": "nothing"}, 409), ({"join": "itself"}, 400)],
)
async def test_what_is_no_story_is_refused(
    room: Machine, visitor: Visitor, ids: list[str], form: dict[str, str], status: int
) -> None:
    await visitor.sign_in("ana")
    before = await dump(room.database)
    wish = {name: value.replace("itself", ids[0]) for name, value in form.items()}
    assert (await visitor.post(f"/curation/items/{ids[0]}/story", wish)).status == status
    assert await dump(room.database) == before


async def test_a_page_in_an_order_that_is_none_is_refused(visitor: Visitor) -> None:
    await visitor.sign_in("ana")
    assert (await visitor.get("/curation/?order=by%20chance", headers={"Accept": "*/*"})).status == 400
    assert '"field": "order"' in visitor.text
    for order in ("likely", "newest"):
        assert (await visitor.get(f"/curation/?order={order}")).status == 200
        assert re.findall(r'aria-current="true">([^<]+)', visitor.text) == ["Newest first"], "nothing was learnt"
    await visitor.get("/curation/?state=approved")
    assert "Likeliest first" not in visitor.text


LABELS = {"solar": "Solar power", "sun": "Sun", "sunday": "Sunday", "a-b": "Wind"}


@pytest.mark.parametrize(
    ("text", "tag"),
    [("solar", "solar"), (" SOLAR p", "solar"), ("Sun", "sun"), ("sund", "sunday"), ("wind", "a-b"), ("A-B", "a-b")],
)
def test_a_tag_is_found_by_how_it_begins(text: str, tag: str) -> None:
    assert find_tag(text, LABELS) == tag


@pytest.mark.parametrize("text", ["", " ", "s", "su", "gas", "power"])
def test_what_could_be_several_tags_or_none_is_asked_again(text: str) -> None:
    with pytest.raises(Problem):
        find_tag(text, LABELS)


def test_what_the_recognition_says_names_languages() -> None:
    assert in_words("letters and source; also es") == "letters and source; also Spanish"
    assert in_words("unclear, perhaps eu") == "unclear, perhaps Basque"
    assert in_words("also nothing, perhaps qqq") == "also nothing, perhaps qqq"
    assert [own_name(code) for code in ("eu", "hr", "en", "qqq")] == ["euskara", "hrvatski", "English", "qqq"]
    assert language_name("und") == "Language unknown"
