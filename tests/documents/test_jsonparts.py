"""Hostile JSON: whatever comes is read as what it should be, or as nothing, and a refusal says what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.jsonparts import (
    LARGEST,
    list_at,
    object_at,
    objects_at,
    parse,
    read_list,
    read_object,
    text_at,
    texts_at,
    whole_at,
)
from aggregator.errors import DocumentError

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Expecting value"),
        (b'{"a": ', "Expecting value"),
        (b"\xff\xfe\x00", "decode"),
        (b'{"a": "\xff"}', "decode"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
    ],
    ids=["nothing", "cut short", "no text", "a byte that is none", "brackets", "braces"],
)
def test_what_is_no_json_is_refused_with_its_name_and_the_reason(body: bytes, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        read_object(body, "The answer")
    assert str(caught.value).startswith("The answer is no JSON")


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "null"), (1, "a number"), (1.5, "a number"), (True, "true or false"), ("x", "a text"), ([], "a list")],
)
def test_another_kind_of_value_is_refused_by_what_it_is(value: object, name: str) -> None:
    with pytest.raises(DocumentError, match=f"should be an object, and is {name}"):
        read_object(json.dumps(value), "The answer")
    if name != "a list":
        with pytest.raises(DocumentError, match=f"should be a list, and is {name}"):
            read_list(json.dumps(value), "The answer")


def test_numbers_that_no_two_readers_agree_on_are_nothing() -> None:
    body = f'{{"a": NaN, "b": -Infinity, "c": {"9" * 5000}, "d": 7, "e": {LARGEST}, "f": {LARGEST + 1}}}'
    found = read_object(body, "The answer")
    wholes = [whole_at(found, key) for key in "abcdef"]
    assert wholes == [None, None, None, 7, LARGEST, None]
    assert parse('{"a": NaN}') == {"a": None}


@given(ANYTHING)
def test_every_part_is_of_its_kind(value: Any) -> None:
    thing = {"a": value}
    assert isinstance(text_at(thing, "a"), str)
    assert all(isinstance(one, str) for one in texts_at(thing, "a"))
    assert all(isinstance(one, dict) for one in (object_at(thing, "a", "b"), *objects_at(thing, "a")))
    assert len(objects_at(thing, "a", 1)) <= 1
    assert isinstance(list_at(thing, "a"), list | tuple)
    assert isinstance(whole_at(thing, "a"), int | None)
    assert not isinstance(whole_at(thing, "a"), bool)


@given(st.text() | st.binary())
def test_no_text_breaks_it(body: str | bytes) -> None:
    try:
        parse(body)
    except ValueError as error:
        assert str(error)
