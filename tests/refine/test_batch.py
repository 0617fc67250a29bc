"""Entries of one source are refined together as they would be one by one."""

from __future__ import annotations

import pickle
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Sighting, Tag
from aggregator.refine import refine, refine_all
from aggregator.refine.batch import Frame, LeftOut, pack_tags, refine_entries
from tests.refine.strategies import any_html, any_text
from tests.refine.test_refine import FEED, NOW, SOURCE, TAGGER

TAGS = [Tag("heat", {"en": "Heat"}, {"en": ("heat pump",)})]


def test_each_entry_gets_its_own_answer_in_its_place() -> None:
    frame = Frame(replace(SOURCE, match_any=("council",)), FEED, "en", pack_tags(TAGS), (), NOW)
    entries = [
        Sighting("0", title="The council is not asked about this one"),
        Sighting("1", title="Nothing of it"),
        Sighting("2", title="The council", hidden="its author wishes it"),
        Sighting("3", title="The council fits heat pumps"),
        Sighting("4", title="No more of it"),
        Sighting("5", title="The council", hidden="its author wishes it"),
    ]
    asked = [(1, False), (2, False), (3, False), (4, True), (5, True)]
    unwanted, hidden, wanted, kept, gone = pickle.loads(pickle.dumps(refine_entries(frame, entries, asked)))
    assert (unwanted, hidden, gone) == (LeftOut.UNWANTED, LeftOut.HIDDEN, LeftOut.HIDDEN)
    assert (wanted.title, [match.tag for match in wanted.tags]) == ("The council fits heat pumps", ["city", "heat"])
    assert kept.title == "No more of it"
    assert refine_entries(frame, [], []) == []


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(any_text, any_html), max_size=4))
def test_together_they_say_what_each_says_alone(texts: list[tuple[str, str]]) -> None:
    sightings = [Sighting(title, url=title, title=title, body_html=html, summary_html=html) for title, html in texts]
    circumstances = {"source": SOURCE, "base_url": FEED, "feed_language": None, "tagger": TAGGER, "now": NOW}
    assert refine_all(sightings, **circumstances) == [refine(one, **circumstances) for one in sightings]
