"""What a query may say, and what is answered where it cannot be meant."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from yarl import URL

from aggregator.filters import Asked, WrongValue, read_query, write_query
from aggregator.store.stream import StreamFilters


def read(text: str) -> Asked:
    return read_query(URL(f"/stream{text}").query)


def test_an_empty_query_asks_for_ten_of_everything() -> None:
    assert read("") == Asked(StreamFilters(), limit=10, cursor=None)


def test_repeated_names_are_several_values_sorted_and_once_each() -> None:
    assert read("?tag=solar&tag=heat&tag=solar").filters.tag == ("heat", "solar")


def test_every_filter_of_the_contract_is_read() -> None:
    asked = read("?lang=eu&tag=solar&partner=tni&source=tni-news&kind=video&q=warm%20homes&limit=25&cursor=abc_-")
    assert asked.filters == StreamFilters(("eu",), ("solar",), ("tni",), ("tni-news",), ("video",), "warm homes")
    assert (asked.limit, asked.cursor) == (25, "abc_-")


def test_what_a_form_sends_empty_counts_as_not_given() -> None:
    assert read("?lang=&tag=&q=&limit=&cursor=") == Asked(StreamFilters())


def test_unknown_names_are_passed_over() -> None:
    assert read("?utm_source=letter&ui=eu&layout=cards") == Asked(StreamFilters())


def test_preferred_languages_stay_in_their_order_and_come_once() -> None:
    asked = read("?prefer=pt-br&prefer=eu&prefer=PT-BR&prefer=&prefer=en")
    assert asked == Asked(StreamFilters(), prefer=("pt-BR", "eu", "en"))


@pytest.mark.parametrize(
    ("written", "meant"), [("EU", "eu"), ("pt-br", "pt-BR"), ("SR-latn-rs", "sr-Latn-RS"), ("und", "und")]
)
def test_a_language_is_read_in_the_letter_case_that_items_have(written: str, meant: str) -> None:
    assert read(f"?lang={written}").filters.lang == (meant,)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("?limit=0", "limit", id="limit below"),
        pytest.param("?limit=101", "limit", id="limit above"),
        pytest.param("?limit=-1", "limit", id="limit negative"),
        pytest.param("?limit=1e1", "limit", id="limit in another notation"),
        pytest.param("?limit=%D9%A3", "limit", id="limit in digits of another script"),
        pytest.param("?limit=9999999999999999999999", "limit", id="limit beyond every number"),
        pytest.param("?limit=5&limit=6", "limit", id="limit twice"),
        pytest.param("?cursor=a%00b", "cursor", id="cursor with NUL"),
        pytest.param("?cursor=%27%3B--", "cursor", id="cursor with SQL"),
        pytest.param(f"?cursor={'a' * 3000}", "cursor", id="cursor too long"),
        pytest.param("?cursor=a&cursor=b", "cursor", id="cursor twice"),
        pytest.param("?lang=english!", "lang", id="language that is none"),
        pytest.param("?tag=solar,heat", "tag", id="values parted by a comma"),
        pytest.param("?tag=%3Cscript%3E", "tag", id="tag with markup"),
        pytest.param(f"?partner={'p' * 200}", "partner", id="partner too long"),
        pytest.param("?source=../../etc", "source", id="source that is a path"),
        pytest.param("?kind=a%20b", "kind", id="kind with a space"),
        pytest.param("?q=a%00b", "q", id="words with NUL"),
        pytest.param(f"?q={'w' * 201}", "q", id="words too long"),
        pytest.param("?prefer=english!", "prefer", id="preferred language that is none"),
        pytest.param("?prefer=eu,es", "prefer", id="preferred languages parted by a comma"),
        pytest.param("?" + "&".join(f"prefer=a{chr(97 + n)}" for n in range(11)), "prefer", id="too many preferred"),
        pytest.param("?" + "&".join(f"tag=t{n}" for n in range(51)), "tag", id="too many values"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_the_name_of_its_field(query: str, field: str) -> None:
    with pytest.raises(WrongValue) as error:
        read(query)
    assert error.value.field == field
    assert error.value.detail


@given(
    st.dictionaries(
        st.sampled_from(["lang", "tag", "partner", "source", "kind", "q", "limit", "cursor", "prefer"]), st.text()
    )
)
def test_no_text_at_all_breaks_the_reading(values: dict[str, str]) -> None:
    with suppress(WrongValue):
        assert 1 <= read_query(MultiDict(values)).limit <= 100


IDS = st.lists(st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True), max_size=3).map(
    lambda ids: tuple(sorted(set(ids)))
)


@given(
    filters=st.builds(
        StreamFilters,
        lang=st.sampled_from([(), ("eu",), ("en", "pt-BR")]),
        tag=IDS,
        partner=IDS,
        source=IDS,
        kind=IDS,
        q=st.sampled_from([None, "heat", "pobreza energética & más?", "100 %"]),
    ),
    limit=st.integers(1, 100),
    cursor=st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    prefer=st.sampled_from([(), ("eu",), ("sr-Latn", "en")]),
)
def test_what_is_written_reads_as_the_same(
    filters: StreamFilters, limit: int, cursor: str | None, prefer: tuple[str, ...]
) -> None:
    assert read(write_query(filters, limit=limit, cursor=cursor, prefer=prefer)) == Asked(
        filters, limit, cursor, prefer
    )


def test_nothing_is_written_where_all_is_as_by_default() -> None:
    assert write_query(StreamFilters()) == ""
