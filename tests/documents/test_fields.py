"""What the fields of every entry keep to: addresses, links and texts that are judged in one way, however short the way."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.documents import fields

BASE = "https://partner.example/a/"
ADDRESSES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(
        [
            "http://",
            "https://",
            "HTTP://",
            "http:",
            "//",
            "",
            "\x01https://",
            " https://",
            "ht\ntp://",
            "ftp://",
            "javascript:",
        ]
    ),
    st.sampled_from(
        [
            "p.example",
            "P.Example:80",
            "p.example:99999",
            "[::1]",
            "a@p.example",
            "p..example",
            "-p.example",
            "",
            "é.example",
        ]
    ),
    st.sampled_from(["", "/", "/a/../b", "/a b", "/é", "/a;b", "/\\x", "a"]),
    st.sampled_from(["", "?", "#", "?a=1&b=2", "#top", "?a#b", "?#", "?a=\tb", "\n"]),
)


@given(ADDRESSES, st.sampled_from([None, BASE]))
@example("https://p.example\n", None)
@example("https://p.example:0/", None)
def test_an_address_that_is_plain_is_judged_as_every_other(address: str, base: str | None) -> None:
    # A space around an address means nothing, but makes it one that has to be looked at.
    assert fields.web_address(address, base) == fields.web_address(f" {address} ", base)


@pytest.mark.parametrize("text", ["Heat", "heat/light", "a?b", " "])
def test_a_word_is_no_address_without_a_base(text: str) -> None:
    assert fields.web_address(text) is None


@given(
    st.lists(
        st.sampled_from(
            ["<a ", "<img ", "href='x'", " src=y", "title='href=z'", ">", "/>", "</a>", " ", "href=", '"', "<"]
        )
    ).map("".join)
)
def test_only_addresses_in_tags_are_made_absolute(markup: str) -> None:
    seen = fields.with_absolute_links(markup, BASE)
    without = re.compile(r"""\s(?:href|src|poster|cite)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+)""", re.IGNORECASE)
    assert without.sub("", seen) == without.sub("", markup)


def test_an_address_that_is_absolute_stays_as_it_is_written() -> None:
    markup = "<a class=x href='https://p.example/?a&amp;b' TITLE=\"src=q\"><IMG\nSRC=pic.png alt=''>"
    assert fields.with_absolute_links(markup, BASE) == (
        "<a class=x href='https://p.example/?a&amp;b' TITLE=\"src=q\"><IMG\nSRC=\"https://partner.example/a/pic.png\" alt=''>"
    )


@given(st.text(st.sampled_from("a&;<>b#38 lt"), max_size=30))
def test_plain_text_without_tags_is_text_with_its_references_read(text: str) -> None:
    if "<" not in text:
        assert fields.plain_text(text, 100) == html.unescape(text).strip()


URL = "https://partner.example/a/b"
CHARACTERS = st.text(st.sampled_from(" \n\t\0\x0b\x7f\x85\xa0\ud800\ufffe\uffffa\u2028") | st.characters(), max_size=12)


@given(CHARACTERS, st.integers(1, 10))
def test_a_clean_text_lacks_what_cannot_be_stored_and_nothing_else(text: str, limit: int) -> None:
    unfit = {*map(chr, range(32)), "\x7f", *map(chr, range(0xD800, 0xE000)), "\ufffe", "\uffff"} - {*"\t\n\r"}
    assert fields.storable(text) == "".join(character for character in text if character not in unfit)
    assert fields.clean(text, limit) == fields.storable(text[: 2 * limit]).strip()[:limit]


PARTS = (
    '<a|<img|<p| href| src|\nsrc| cite| data-src| srcset| alt|=|="|"|=\'|\'|>|/>| |<|text|&amp;|="/x"|'
    '="https://a.example/b"|=https://a.example/|="a src=b "'
)
TAGS = st.lists(st.sampled_from(PARTS.split("|")), max_size=16).map("".join)


@given(TAGS)
@example('<img src="https://a.example/b" alt="a src=b "><a href="https://a.example/?b=c" href="/d">')
def test_a_tag_that_is_passed_over_would_have_stayed_as_it_is(markup: str) -> None:
    # In capitals no tag is passed over.
    shouted = fields.with_absolute_links(re.sub("href|src(?!set)|cite", lambda name: name[0].upper(), markup), URL)
    assert fields.with_absolute_links(markup, URL) == re.sub("HREF|SRC|CITE", lambda name: name[0].lower(), shouted)
