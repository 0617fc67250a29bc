"""The short way of cleaning, for usual markup, gives just what the long one does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine import text
from aggregator.refine.characters import few_marks, is_usual, without_junk
from aggregator.refine.markup import KEPT, shallow
from aggregator.refine.settled import MOST_TAGS, Settled, settle
from aggregator.refine.text import clean_all_with_text, clean_html, clean_with_text, plain_text, text_of
from tests.examples import examples
from tests.refine.strategies import any_html, usual_html

BASE = "https://city.example/news/"
LINK = 'href="https://city.example/x?a=1&amp;b=2"'

# Small and often well-formed, so that many examples are settled.
_words = st.sampled_from(
    ["Kaixo", "a &amp; b", " ", "\n", "\t", "<br>", "<br />", "&nbsp;", "&lt;p&gt;", "č’…", "x &copy; y", "&#8217;", "&#10;", "&#160;", "\xa0", "𝕏", "a\u0301", "я 🙂", "•", "<img alt='x'>", "</br>", "<!-- x -->", ">", "\r"]
)  # fmt: skip
_names = st.sampled_from(
    ["p", "p", "ul", "ol", "li", "li", "em", "strong", "a", "blockquote", "h1", "div", "span", "figure", "b", "B", "mark", "table", "pre", "script"]
)  # fmt: skip
_attributes = st.sampled_from(
    ["", "", "", f" {LINK}", ' href="/relative"', " class='x'", ' lang="eu"', ' href="https://city.example/it\'s" rel="x"', ' title="a>b"', ' title="<p"', " hidden", "/", ' class="a"id="b"']
)  # fmt: skip
_nested = st.recursive(
    _words,
    lambda inner: st.builds(
        lambda name, attributes, parts, is_ended: (
            f"<{name}{attributes}>{''.join(parts)}{f'</{name}>' if is_ended else ''}"
        ),
        _names,
        _attributes,
        st.lists(inner, max_size=3),
        st.sampled_from([True] * 9 + [False]),
    ),
    max_leaves=8,
)
_whole = st.lists(_nested, max_size=3).map("".join)
nearly_settled = st.one_of(_whole, st.builds(lambda html, end: html[:end], _whole, st.integers(0, 200)))


@pytest.mark.parametrize(
    ("html", "settled"),
    [
        ("plain words", "plain words"),
        (
            "<p>One <strong>two</strong></p>\n<ul><li>three</li></ul>",
            "<p>One <strong>two</strong></p>\n<ul><li>three</li></ul>",
        ),
        ('<p class="lead">x</p>', "<p>x</p>"),
        (f"<A {LINK} target='_blank'>x</A>", f'<a {LINK} rel="noopener noreferrer ugc">x</a>'),
        (
            '<a href="post?utm_source=x">x</a>',
            '<a href="https://city.example/news/post" rel="noopener noreferrer ugc">x</a>',
        ),
        ("<h1>x</h1><section>y</section>", "<h2>x</h2><div>y</div>"),
        ('<p>a<img src="x.png" alt="a"><span style="b">c</span></p>', "<p>ac</p>"),
        ("<p><img src='x'></p><p>&nbsp;</p><p><b></b>x</p>", "<p>x</p>"),
        ("<div><p>x <b>y", "<div><p>x <b>y</b></p></div>"),
        ('<p>cut in a <a href="https://city.exam', "<p>cut in a </p>"),
        ("<p>cut in a name</p><stro", "<p>cut in a name</p>"),
        ("<p>cut before a name <", "<p>cut before a name &lt;</p>"),
        ("a\xa0b&#160;&#8217; &copy; &#100; &#8203;", "a&nbsp;b&nbsp;’ &copy; &#100; &#8203;"),
        ('<a href="javascript:alert(1)">x</a>', None),
        ('<a href="/"><b><a href="/">x</a></b></a>', None),
        ('<p title="a>b">x</p>', None),
        ('<p title="<b">x</p>', None),
        ("<p><p>x</p></p>", None),
        ("<b><b>x</b></b>", None),
        ("<b><p>x</p></b>", None),
        ("<b><i>x</b></i>", None),
        ("x</p>", None),
        ("<li>x</li>", None),
        ("<script>x</script>", None),
        ("<table><tr><td>x</td></tr></table>", None),
        ("<!-- x -->", None),
        ("a < b", None),
        ("a > b", None),
        ("a\rb", None),
        ("<i>" * 25 + "x", None),
        ("<br>" * (MOST_TAGS + 1), None),
    ],
)
def test_markup_is_settled_in_one_pass_or_not_at_all(html: str, settled: str | None) -> None:
    found = settle(html, BASE)
    assert (found.html if found else None) == settled


@settings(deadline=None, max_examples=examples(1000))
@given(st.one_of(nearly_settled, any_html), st.sampled_from([BASE, None]))
def test_the_short_way_gives_what_the_long_one_does(html: str, base: str | None) -> None:
    settled = settle(html, base) if is_usual(html) else None
    if settled is None:
        return
    long_way = text._CLEANER.clean(shallow(html, base)).strip()
    assert text._CLEANER.clean(settled.html).strip() == long_way
    if not settled.has_other_references():
        assert settled.html == long_way
    if settled.html == long_way:
        assert settled.text() == text_of(long_way)
        assert text._CLEANER.clean(shallow(long_way, base)).strip() == long_way


@settings(deadline=None, max_examples=examples(300))
@given(st.one_of(nearly_settled, any_html), st.sampled_from([BASE, None]))
def test_markup_and_text_are_the_same_whether_asked_for_together_or_not(html: str, base: str | None) -> None:
    cleaned, said = clean_with_text(html, base)
    assert cleaned == clean_html(html, base)
    assert said == text_of(cleaned)
    assert plain_text(html) == text_of(text._CLEANER.clean(shallow(few_marks(without_junk(html)), None)))


@settings(deadline=None)
@given(st.lists(st.tuples(st.one_of(nearly_settled, any_html), st.sampled_from([BASE, None])), max_size=4))
def test_several_are_cleaned_together_as_each_is_alone(pages: list[tuple[str, str | None]]) -> None:
    assert clean_all_with_text(pages) == [clean_with_text(html, base) for html, base in pages]


def test_the_short_way_is_never_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the short way takes for settled goes through nh3 before anybody is shown it."""
    hostile = (
        '<p onclick="x()">Hello</p><script>x()</script><a href="javascript:x()">there</a><img src="https://i.example/">'
    )
    monkeypatch.setattr(text, "settle", lambda *_: Settled(hostile, ["Hello there"]))
    for cleaned in (clean_html("<p>Hello</p>", None), *dict(clean_all_with_text([("<p>Hello</p>", None)]))):
        assert "Hello" in cleaned
        assert not any(word in cleaned for word in ("onclick", "script", "img"))


@pytest.mark.parametrize(
    "pages",
    [
        ['<p lang="', '<img src=x onerror="x()">', '">Hello</p>'],
        ["<p lang='", "<img src=x onerror='x()'>", "'>Hello</p>"],
        ["<p lang=", "<img src=x onerror=x()>", ">Hello</p>"],
        ["<p", " lang=x", ">Hello</p><img src=x>"],
        ["<!--", "<img src=x onerror=x()>", "-->Hello"],
        ["<textarea>", "<img src=x onerror=x()>", "</textarea>Hello"],
        ["<math><mi><style>", "<img src=x onerror=x()>", "</style></mi></math>Hello"],
        ["&lt;script>x()", "<img src=x>", "&lt;/script>Hello"],
        ["Hello", "<p>there</p>", '<a href="javascript:x()">x</a>'],
        ["Hello", "<p onclick='x()'>there</p>", "<p>x</p>"],
    ],
)
def test_nothing_of_one_text_can_hide_in_another(monkeypatch: pytest.MonkeyPatch, pages: list[str]) -> None:
    """Whatever the short way took for settled, what is cleaned together is as clean as what is cleaned alone."""
    monkeypatch.setattr(text, "settle", lambda html, _: Settled(html, [html]))
    for html, _ in clean_all_with_text([(page, None) for page in pages]):
        assert text._CLEANER.clean(html) == html


@settings(deadline=None, max_examples=examples(1000))
@given(st.lists(usual_html, min_size=2, max_size=4))
def test_texts_that_stay_as_they_are_together_stay_so_alone(pages: list[str]) -> None:
    for page in {*pages} - text._changed(pages):
        assert text._BETWEEN not in page
        assert not set(re.findall("<([a-z0-9]+)", text._CLEANER.clean(page))) - KEPT
        assert re.findall("<[a-z][^>]*>", text._CLEANER.clean(page)) == re.findall("<[a-z][^>]*>", page)
