"""Where each tag of an item comes from, kept from the text to what editors are told."""

from __future__ import annotations

from sqlalchemy import insert

from aggregator.machine import Machine
from aggregator.model import Tag, TagMatch
from aggregator.refine.tags import Tagger
from aggregator.store.tables import item_tag
from tests.builders import keep, sighting, source
from tests.serving import asking, bearer, read, serving

TAGS = [Tag(name, {"en": name}, {}) for name in ("solar", "wind", "heat", "retrofit", "mobility", "jobs")]
ITEMS = "/curation/api/items"


async def test_every_origin_reaches_editors_as_it_was_found(machine: Machine) -> None:
    found = Tagger(TAGS).match("Heat for all #Retrofit", language="en", categories=("Wind",), source_tags=("solar",))
    assert {match.tag: match.origin for match in found} == {
        "solar": "source", "wind": "category", "retrofit": "hashtag", "heat": "word",
    }  # fmt: skip
    (added,) = (await keep(machine.database, source("held"), [sighting(1)], machine.now(), {"tags": found})).item_ids
    async with machine.database.write() as connection:
        learned = {"item_id": added, "tag": "jobs", "origin": "model", "evidence": "like 14 approved"}
        await connection.execute(insert(item_tag).values(**learned))
    async with serving(machine) as address, asking(address, **await bearer(machine)) as editor:
        (item,) = (await read(editor, ITEMS))["items"]
        assert item["_mpower"]["tag_origins"] == {
            "solar": "source", "wind": "category", "retrofit": "hashtag", "heat": "word", "jobs": "model",
        }  # fmt: skip
        assert item["_mpower"]["tag_evidence"] == {
            "wind": "Wind", "retrofit": "#Retrofit", "heat": "heat", "jobs": "like 14 approved",
        }  # fmt: skip


async def test_a_tag_that_an_editor_puts_on_is_told_from_what_was_found(machine: Machine) -> None:
    found = (TagMatch("heat", "word", "heat pump"),)
    (added,) = (await keep(machine.database, source("held"), [sighting(1)], machine.now(), {"tags": found})).item_ids
    async with serving(machine) as address, asking(address, **await bearer(machine)) as editor:
        async with editor.patch(f"{ITEMS}/{added}", json={"tags": ["solar"]}) as answer:
            assert answer.status == 200, await answer.text()
        (item,) = (await read(editor, ITEMS))["items"]
        assert item["_mpower"]["tag_origins"] == {"solar": "editor"}
        async with editor.patch(f"{ITEMS}/{added}", json={"tags": None}) as answer:
            assert answer.status == 200, await answer.text()
        (item,) = (await read(editor, ITEMS))["items"]
        assert item["_mpower"]["tag_origins"] == {"heat": "word"}
        assert item["_mpower"]["tag_evidence"] == {"heat": "heat pump"}
