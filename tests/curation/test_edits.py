"""What an editor sets stays when the source changes the item, tags follow the language, and all can be given back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Row, select

from aggregator.machine import Machine
from aggregator.model import Detection, Tag, TagMatch
from aggregator.refine.tags import Tagger
from aggregator.store.tables import item, item_tag
from curation.edits import Edit, edit_item
from curation.retagging import words_anew
from tests.builders import keep, sighting, source

HELD = source("held")
SPANISH, FRENCH = Detection("es", 0.55, "letters"), Detection("fr", 0.7, "letters and source")
BASQUE_WORDS = {"body_html": "<p>Eguzki-energia denontzat, auzoz auzo</p>"}


async def read(machine: Machine, item_id: str) -> tuple[Row[Any], Mapping[str, str]]:
    async with machine.database.read() as connection:
        row = (await connection.execute(select(item).where(item.c.id == item_id))).one()
        tags = await connection.execute(select(item_tag).where(item_tag.c.item_id == item_id))
        return row, {tag.tag: tag.origin for tag in tags}


async def arrive(machine: Machine, *tags: TagMatch, detection: Detection = SPANISH, **words: Any) -> str:
    seen = [sighting(1, **(BASQUE_WORDS | words))]
    kept = await keep(machine.database, HELD, seen, machine.now(), {"detection": detection, "tags": tags})
    return kept.item_ids[0]


async def set_to(machine: Machine, item_id: str, **values: Any) -> None:
    await edit_item(machine, item_id, Edit.model_validate(values), editor="ana")


async def test_a_corrected_language_stays_when_the_source_changes_the_item(machine: Machine) -> None:
    item_id = await arrive(machine)
    await set_to(machine, item_id, language="eu")
    assert await arrive(machine, detection=FRENCH, title="Other words") == item_id
    row, _ = await read(machine, item_id)
    assert (row.title, row.language, row.original["language"]) == ("Other words", "eu", "fr")
    await set_to(machine, item_id, language=None)
    row, _ = await read(machine, item_id)
    assert (row.language, row.confidence, row.language_evidence) == ("fr", 0.7, "letters and source")
    assert (row.overlay, row.original) == ({}, {})


async def test_tags_found_by_words_follow_the_language(machine: Machine) -> None:
    item_id = await arrive(machine, TagMatch("by-word", "word", "denon"), TagMatch("by-source", "source"))
    await set_to(machine, item_id, language="eu")
    assert (await read(machine, item_id))[1] == {"solar": "word", "by-source": "source"}
    await set_to(machine, item_id, language=None)
    assert (await read(machine, item_id))[1] == {"by-source": "source"}


async def test_a_source_that_changes_the_item_does_not_take_away_the_words_of_the_right_language(
    machine: Machine,
) -> None:
    item_id = await arrive(machine)
    await set_to(machine, item_id, language="eu")
    wrong = (TagMatch("by-wrong-word", "word", "auzo"), TagMatch("by-category", "category", "Energia"))
    await arrive(machine, *wrong, title="Other words")
    assert (await read(machine, item_id))[1] == {"solar": "word", "by-category": "category"}


async def test_a_source_that_is_read_in_the_right_language_at_last_is_believed(machine: Machine) -> None:
    item_id = await arrive(machine)
    await set_to(machine, item_id, language="eu")
    await arrive(machine, TagMatch("by-word", "word"), detection=Detection("eu", 0.9, ""), title="Other words")
    assert (await read(machine, item_id))[1] == {"by-word": "word"}


async def test_tags_that_an_editor_chose_stay_and_those_beneath_follow_the_language(machine: Machine) -> None:
    item_id = await arrive(machine, TagMatch("by-word", "word", "denon"))
    await set_to(machine, item_id, tags=["chosen"])
    await set_to(machine, item_id, language="eu")
    assert (await read(machine, item_id))[1] == {"chosen": "editor"}
    await arrive(machine, TagMatch("by-word", "word"), title="Other words")
    assert (await read(machine, item_id))[1] == {"chosen": "editor"}
    await set_to(machine, item_id, tags=None)
    assert (await read(machine, item_id))[1] == {"solar": "word"}


async def test_language_and_tags_at_once(machine: Machine) -> None:
    item_id = await arrive(machine, TagMatch("by-word", "word", "denon"))
    await set_to(machine, item_id, language="eu", tags=["solar", "chosen"])
    assert (await read(machine, item_id))[1] == {"solar": "word", "chosen": "editor"}


@pytest.mark.parametrize("language", ["eu", "eu-ES"])
def test_words_are_read_as_those_of_a_new_item(language: str) -> None:
    tagger = Tagger([Tag("sun", {}, {"eu": ("eguzkia",)}), Tag("far", {}, {"eu": ("urrun",)})])
    tags = {"sun": ["source", ""], "old": ["word", "x"], "own": ["editor", ""]}
    text = "eguzkia " + "la " * 2000 + "urrun"
    after = words_anew(tags, tagger, title=None, text=text, language=language)
    assert after == {"sun": ["source", ""], "own": ["editor", ""]}
    assert words_anew({}, tagger, title="Eguzkia", text="", language=language) == {"sun": ["word", "eguzkia"]}
