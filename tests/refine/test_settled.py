"""What is taken for settled markup is just what cleaning leaves as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine import text
from aggregator.refine.markup import shallow
from aggregator.refine.settled import is_settled
from aggregator.refine.text import clean_html
from tests.refine.strategies import any_html

BASE = "https://city.example/news/"

# Small and often well-formed, so that many examples are settled.
nearly_settled = st.recursive(
    st.sampled_from(["Kaixo", "a &amp; b", " ", "\n", "<br>", "&nbsp;", "&lt;p&gt;", "č’…", "x &copy; y", "\xa0", "𝕏", "a\u0301"]),
    lambda inner: st.builds(
        lambda name, attribute, parts: f"<{name}{attribute}>{''.join(parts)}</{name}>",
        st.sampled_from(["p", "p", "ul", "ol", "li", "li", "em", "strong", "a", "blockquote", "h2", "div", "b", "table", "pre"]),
        st.sampled_from(["", "", "", ' href="https://city.example/x?a=1&amp;b=2"', ' href="/relative"', ' class="x"']),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("html", "settled"),
    [
        ("plain words", True),
        ("<p>One <strong>two</strong></p>\n<ul><li>three</li></ul>", True),
        ('<p><a href="https://city.example/x">x</a></p>', True),
        ('<p><a href="/relative">x</a></p>', False),
        ('<p><a href="https://city.example/?utm_source=x">x</a></p>', False),
        ('<p><a href="javascript:alert(1)">x</a></p>', False),
        ("<p><p>x</p></p>", False),
        ("<b><b>x</b></b>", False),
        ("<p>&nbsp;</p>", False),
        ("<p>x", False),
        ("<script>x</script>", False),
        ("a < b", False),
        ("&copy;", False),
        ("\u202ex", False),
    ],
)
def test_markup_is_settled_or_not(html: str, *, settled: bool) -> None:
    assert is_settled(html, BASE) is settled


@settings(deadline=None, max_examples=600)
@given(st.one_of(nearly_settled, any_html), st.sampled_from([BASE, None]))
def test_the_short_way_gives_what_the_long_one_does(html: str, base: str | None) -> None:
    if is_settled(html, base):
        long_way = text._CLEANER.clean(shallow(html, base)).strip()
        assert clean_html(html, base) == long_way
        assert text._CLEANER.clean(shallow(long_way, base)).strip() == long_way
