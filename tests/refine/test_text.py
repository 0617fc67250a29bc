"""Cleaning: what may stay, what never does, and that no string is too hostile."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from aggregator.refine.attributes import ATTRIBUTES, EVERYWHERE
from aggregator.refine.characters import is_usual, shorten, visible, without_junk
from aggregator.refine.markup import KEPT, MAX_DEPTH, MAX_HTML_LENGTH
from aggregator.refine.text import clean_html, one_line, plain_line, plain_text, summary_of
from tests.examples import examples
from tests.refine.strategies import any_html, any_text

BASE = "https://city.example/news/"
HOSTILE = Path(__file__).resolve().parents[2] / "../shared/corpus/hostile"


def assert_is_safe(html: str) -> None:
    for element in lxml_html.fragment_fromstring(html, create_parent="div").iter():
        assert element.tag in KEPT, element.tag
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES.get(element.tag, frozenset()) | EVERYWHERE | {"rel"}, name
            if name == "href":
                assert urlsplit(value).scheme in {"http", "https", "mailto"}, value
        if element.tag == "a":
            assert element.get("rel") == "noopener noreferrer ugc"


@pytest.mark.parametrize(
    ("given_html", "expected"),
    [
        ("<p>One<p>Two", "<p>One</p><p>Two</p>"),
        ("<h1>Title</h1>text", "<h2>Title</h2>text"),
        ("<section><p>a</p></section>", "<div><p>a</p></div>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<table><tr><td colspan=2 width=9>a</table>", '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
        ('<p style="x" class=y id=z onclick=w lang="eu">Kaixo</p>', '<p lang="eu">Kaixo</p>'),
        ("<p><img src=https://evil.invalid/1.gif></p><p>&nbsp;</p>text", "text"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("love <3 and </3", "love &lt;3 and &lt;/3"),
        ("<b><p>one</b></p>two", "<b><p>one</p></b>two"),
        ("<script>alert(1)</script><style>p{}</style>text<!-- no -->", "text"),
        ("<form action=/curation/approve method=post><button>Yes</button>text</form>", "<div>text</div>"),
        ("<svg><style><img src=x onerror=alert(1)></style></svg>text", "text"),
        ("<iframe srcdoc='<script>x</script>'></iframe>text", "text"),
        ("text<script>never closed", "text"),
        ("<td>no table</td> text", "no table text"),
        ("<pre>\n\nx  y</pre>", "<pre>x  y</pre>"),
    ],
)
def test_markup_is_reduced_to_what_an_article_needs(given_html: str, expected: str) -> None:
    assert re.sub(r"\s+(?=<)|\s+$", "", clean_html(given_html, BASE)) == expected


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        " &#14;javascript:alert(1)",
        "jav&#x09;ascript:alert(1)",
        "jav\nascript:alert(1)",
        "JaVaScRiPt&#58;alert(1)",
        "javascript&colon;alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "https://",
        "#fragment",
        "",
    ],
)
def test_a_link_that_leads_nowhere_safe_loses_its_element_and_keeps_its_text(href: str) -> None:
    assert clean_html(f'<a href="{href}">text</a>', BASE) == "text"


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("post", "https://city.example/news/post"),
        ("//other.example/x", "https://other.example/x"),
        ("/x?utm_source=rss&p=1#part", "https://city.example/x?p=1#part"),
        ("mailto:info@city.example?bcc=x", "mailto:info@city.example"),
        ('/x"onmouseover="alert(1)', None),
    ],
)
def test_links_are_absolute_and_tell_nothing_to_where_they_lead(href: str, expected: str | None) -> None:
    cleaned = clean_html(f"<a href='{href}' target=_blank>text</a>", BASE)
    assert_is_safe(cleaned)
    if expected is not None:
        assert cleaned == f'<a href="{expected}" rel="noopener noreferrer ugc">text</a>'


def test_a_relative_link_without_a_base_is_no_link() -> None:
    assert clean_html('<a href="/curation/approve">text</a>', None) == "text"


@settings(deadline=None, max_examples=examples(300))
@given(any_html, st.sampled_from([BASE, None, "nonsense"]))
def test_whatever_comes_in_what_comes_out_is_safe_and_stays_the_same_when_cleaned_again(
    html: str, base: str | None
) -> None:
    cleaned = clean_html(html, base)
    if cleaned.strip():
        assert_is_safe(cleaned)
    assert clean_html(cleaned, base) == cleaned
    cleaned.encode("utf-8")


@settings(deadline=None, max_examples=examples(200))
@given(st.one_of(any_html, any_text))
def test_plain_text_and_lines_hold_only_what_can_be_seen(text: str) -> None:
    for plain in (plain_text(text), plain_line(text, limit=80), summary_of(text)):
        plain.encode("utf-8")
        assert unicodedata.is_normalized("NFC", plain)
        assert not re.search("[\0-\x09\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", plain)
        assert plain == plain.strip()
    assert len(plain_line(text, limit=80)) <= 80
    assert "\n" not in plain_line(text, limit=80)
    assert len(summary_of(text)) <= 280


HUGE = {
    "angle brackets": "<" * 1_000_000,
    "nested blocks": "<div>" * 100_000,
    "nested lists": "<ul><li>" * 100_000,
    "nested quotes": "<blockquote>" * 80_000 + "x",
    "comments": "<!--" * 60_000,
    "escaped comments": "&lt;!--" * 60_000,
    "attributes": "<a " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x</a>",
    "formatting": "".join(f"<b x={n}>" for n in range(3000)) + "</p>" + "<p>x" * 30_000,
    "scope tricks": "<div><table><td></div></table>" * 30_000,
    "odd quotes": "<a ='\"" * 200_000,
    "links": "<a href=//x>y" * 80_000,
    "unclosed svg": "<svg></svg " * 100_000,
    "entities": "&amp;" * 200_000,
    "amp of amp": "&" + "amp;" * 250_000,
    "a long number": "&#" + "9" * 1_000_000 + ";",
    "marks": "a" + "\u0301" * 1_000_000,
    "joiners": "a\u200d" * 500_000,
    "emoji": "👩‍🔧" * 300_000,
    "flags": "🇪🇸" * 500_000,
    "lone surrogates": "\ud800" * 1_000_000,
    "nul": "\0" * 1_000_000,
    "spaces": " " * 1_000_000 + "x",
}


@pytest.mark.parametrize("situation", HUGE)
def test_a_huge_input_ends_and_stays_within_bounds(situation: str) -> None:
    html = HUGE[situation]
    cleaned = clean_html(html, BASE)
    assert len(cleaned) <= MAX_HTML_LENGTH
    assert clean_html(cleaned, BASE) == cleaned
    assert len(plain_text(html)) <= MAX_HTML_LENGTH
    assert len(plain_line(html, limit=300)) <= 300
    assert len(summary_of(html)) <= 280


def test_depth_is_bounded_and_the_text_survives() -> None:
    cleaned = clean_html("<blockquote>" * 1000 + "deep" + "</blockquote>" * 1000 + "after", BASE)
    assert cleaned.count("<blockquote>") == MAX_DEPTH
    assert plain_text(cleaned) == "deep\nafter"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One\n two</p><p>Three<br>four</p>", "One two\nThree\nfour"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>c", "• a\n• b\nc"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("caf&eacute; &amp; t&ecirc;te &#8211; 5&nbsp;€", "café & tête – 5 €"),
        ("in<b>si</b>de", "inside"),
        ("x\0y\ud800z\u202e!", "xyz!"),
        ("cafe\u0301", "café"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("", ""),
    ],
)
def test_plain_text_reads_as_the_page_does(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("given_line", "line"),
    [
        ("a < b & c", "a < b & c"),
        ("AT&T; R&D, 5 > 3", "AT&T; R&D, 5 > 3"),
        ("if x <y and y> z", "if x <y and y> z"),
        ("see <https://city.example/>", "see <https://city.example/>"),
        ("&lt;b&gt;Bold&lt;/b&gt; title", "Bold title"),
        ("&amp;lt;i&amp;gt;twice&amp;lt;/i&amp;gt;", "twice"),
        ("<b>Slack</b> wax", "Slack wax"),
        ("Tom &amp; Jerry &#8211; the&nbsp;film", "Tom & Jerry – the film"),
        ("<![CDATA[In a section]]>", "In a section"),
        ("two\n lines\u2028here", "two lines here"),
        ("<script>alert(1)</script>Title", "Title"),
        ("<x onclick=alert(1)>Title", "Title"),
        ("Title<img src=x onerror=alert(1)", "Title"),
        ("x\u202eelif exe.\u202c \u2066y\u2069", "xelif exe. y"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("👩\u200d🔧 works, a\u200db", "👩\u200d🔧 works, ab"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿 Scotland", "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Scotland"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Z" + "\u0336" * 50 + "algo", "Z" + "\u0336" * 4 + "algo"),
        ("   ", ""),
    ],
)
def test_a_title_is_one_line_of_text(given_line: str, line: str) -> None:
    assert plain_line(given_line, limit=300) == line


def test_a_long_line_is_cut_between_words_with_an_ellipsis() -> None:
    assert shorten("one two three four", 13) == "one two…"
    assert shorten("one two three four", 14) == "one two three…"
    assert shorten("one two", 7) == "one two"
    assert shorten("x" * 20, 10) == "x" * 9 + "…"
    assert summary_of("word " * 100).endswith("word…")


@given(any_text, st.integers(10, 60))
def test_a_cut_never_parts_a_mark_or_half_a_flag_from_its_base(text: str, limit: int) -> None:
    line = visible(text).replace("\n", " ")
    cut = shorten(line, limit)
    assert len(cut) <= limit
    if cut != line and cut[-2:-1] and line.startswith(cut[:-1]):
        following = line[len(cut) - 1 :][:1]
        assert unicodedata.category(following)[0] != "M"


@given(st.one_of(any_text, st.text(st.sampled_from("ab \n\t\xa0č’🙂"), max_size=200)), st.integers(10, 60))
def test_a_summary_is_the_beginning_of_the_whole_line(text: str, limit: int) -> None:
    assert summary_of(text, limit) == shorten(one_line(visible(text[: limit * 4])), limit)


def test_what_is_usual_holds_nothing_that_has_to_go_or_that_changes_beside_others() -> None:
    usual = [character for character in map(chr, range(sys.maxunicode + 1)) if is_usual(character)]
    assert len(usual) > 5000
    for character in usual:
        assert without_junk(character) == character
        assert unicodedata.is_normalized("NFC", character)
        assert unicodedata.category(character)[0] != "M"
        assert not character.isspace() or character in "\t\n\r \xa0"
    decomposed = (unicodedata.decomposition(chr(number)) for number in range(sys.maxunicode + 1))
    composing = {chr(int(code, 16)) for parts in decomposed if parts[:1] != "<" for code in parts.split()[1:]}
    assert not composing & set(usual)


def test_flags_are_cut_in_whole_pairs() -> None:
    assert shorten("🇪🇸" * 10, 8) == "🇪🇸" * 3 + "…"
    assert shorten("x" + "🇪🇸" * 10, 8) == "x" + "🇪🇸" * 3 + "…"


def _fragments() -> list[str]:
    found = [path.read_text("utf-8", "replace").partition("\n--")[0] for path in sorted(HOSTILE.glob("bleach__*.test"))]
    for path in sorted(HOSTILE.glob("own_xss-*.xml")):
        for element in ET.fromstring(path.read_bytes()).iter():
            found.extend([element.text or "", *element.attrib.values()])
    return [fragment for fragment in found if fragment.strip()]


@pytest.mark.corpus
def test_no_hostile_fragment_survives() -> None:
    if not HOSTILE.is_dir():
        pytest.skip("../shared/corpus/hostile is not here")
    fragments = _fragments()
    assert len(fragments) > 80
    for fragment in fragments:
        for html in (fragment, f"<p>{fragment}</p>", f'<div title="{fragment}">x</div>', f"<table>{fragment}</table>"):
            cleaned = clean_html(html, BASE)
            if cleaned:
                assert_is_safe(cleaned)
            assert clean_html(cleaned, BASE) == cleaned
        assert not re.search(
            r"<(?:script|img|svg|iframe|a|form|style|object)[\s/>]", plain_line(fragment, limit=300), re.IGNORECASE
        )
