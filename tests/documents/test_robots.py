"""robots.txt as RFC 9309 has it: the longest match counts, wildcards work, and what is no rule forbids nothing."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.pages.robots import may_ask
from aggregator.errors import DocumentError

NEWS = "https://city.example/news/?page=1"
RULES = {
    "nothing": ("", True),
    "all": ("User-agent: *\nDisallow: /", False),
    "all but us": ("User-agent: *\nDisallow: /\n\nUser-agent: mPOWER-Stream\nAllow: /", True),
    "us by name, in small letters": ("User-agent: mpower-stream\nDisallow: /", False),
    "only us": ("User-agent: mPOWER-Stream\nDisallow: /news\n\nUser-agent: *\nAllow: /", False),
    "others": ("User-agent: Otherbot\nDisallow: /", True),
    "a group of two": ("User-agent: Otherbot\nUser-agent: mPOWER-Stream\nDisallow: /", False),
    "the longer allows": ("User-agent: *\nDisallow: /\nAllow: /news", True),
    "the longer forbids": ("User-agent: *\nAllow: /\nDisallow: /news", False),
    "the same length allows": ("User-agent: *\nDisallow: /news\nAllow: /news", True),
    "a wildcard": ("User-agent: *\nDisallow: /*page=", False),
    "an end": ("User-agent: *\nDisallow: /news/$", True),
    "an empty rule": ("User-agent: *\nDisallow:", True),
    "after a byte order mark": ("\ufeffUser-agent: *\nDisallow: /", False),
    "behind comments": ("# hello\nUser-agent: * # all\nDisallow: / # everything", False),
    "a page": ("<!doctype html><p>Not found", True),
    "far down": ("#" * 400_000 + "\nUser-agent: *\nDisallow: /", False),
    "beyond what is read": ("#" * 600_000 + "\nUser-agent: *\nDisallow: /", True),
}


@pytest.mark.parametrize(("text", "expected"), RULES.values(), ids=RULES)
def test_the_rules_are_kept(text: str, expected: bool) -> None:
    assert may_ask(text.encode(), url=NEWS) is expected


LINES = st.sampled_from(
    (
        "User-agent: *",
        "Disallow: /",
        "Allow: /*",
        "Disallow: /%zz",
        "Disallow: *$*",
        "Crawl-delay: x",
        "Request-rate: 1/0",
        "Visit-time: 1",
        "Sitemap: [",
    )
)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(LINES | st.text(max_size=20), max_size=12).map(
            lambda lines: "\n".join(lines).encode("utf-8", "replace")
        ),
    )
)
def test_whatever_comes_is_a_verdict_or_a_document_error(body: bytes) -> None:
    with contextlib.suppress(DocumentError):
        assert may_ask(body, url=NEWS) in (True, False)
