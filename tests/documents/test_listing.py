"""Entries of a page by selectors: links, titles, dates and pictures, wherever a site's builder has put them."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.pages.listing import read_listing
from aggregator.errors import DocumentError
from aggregator.model import Document, Media, Selectors, Sighting
from tests.refine.strategies import any_html

URL = "https://city.example/news/"
PAGE = """<!doctype html><html lang="es"><head><title>Noticias | Villaluz</title></head><body>
<nav><a href="/">Inicio</a></nav>
<article class="card"><a href="/news/tejados?utm_source=x"><img src="data:image/gif;base64,R0" data-src="/img/tejados.jpg" alt="Tejados"></a>
  <h2><a href="/news/tejados">Tejados solares en <em>cada</em> escuela</a></h2>
  <p class="meta">25 de noviembre de 2026</p><p class="lead">El pleno aprueba <a href="../plan">el plan</a>.</p></article>
<article class="card"><h2><a href="calefaccion/">Calefacción para todos</a></h2>
  <p class="meta">03/04/2026</p><p class="lead">Nuevas ayudas.</p></article>
<article class="card"><h2>Sin enlace</h2></article>
</body></html>"""
ITEMS = Selectors("li")
CARDS = Selectors("article.card", "h2 a", None, ".meta", "img", ".lead")


def read(page: str | bytes, selectors: Selectors = CARDS, **known: object) -> Document:
    body = page.encode() if isinstance(page, str) else page
    return read_listing(body, url=URL, selectors=selectors, **known)  # type: ignore[arg-type]


def one(inner: str, selectors: Selectors = ITEMS, **known: object) -> Sighting:
    (entry,) = read(f"<ul><li>{inner}</li></ul>", selectors, **known).entries
    return entry


def test_a_page_comes_out_as_it_is_read() -> None:
    document = read(PAGE)
    assert (document.title, document.language, document.home) == ("Noticias | Villaluz", "es", URL)
    roofs, heat = document.entries
    assert roofs.url == "https://city.example/news/tejados"
    assert roofs.title == "Tejados solares en cada escuela"
    assert roofs.published_at == datetime(2026, 11, 25, tzinfo=UTC)
    assert roofs.media == (Media("https://city.example/img/tejados.jpg", "image/jpeg", "Tejados"),)
    assert '<a href="https://city.example/plan">el plan</a>' in roofs.body_html
    assert (heat.url, heat.media) == ("https://city.example/news/calefaccion/", ())
    assert heat.published_at == datetime(2026, 4, 3, tzinfo=UTC)


LINKS = {
    "relative": ('<a href="a">A</a>', Selectors("li"), "https://city.example/news/a"),
    "from the root": ('<a href="/a">A</a>', Selectors("li"), "https://city.example/a"),
    "past a script": ('<a href="javascript:x()">A</a><a href="#top">A</a><a href="/b">B</a>', Selectors("li"), "https://city.example/b"),
    "in what fits": ('<h3><a href="/c">C</a></h3>', Selectors("li", "h3"), "https://city.example/c"),
    "around what fits": ('<a href="/d"><h3>D</h3></a>', Selectors("li", "h3"), "https://city.example/d"),
    "the item itself": ('<a class="card" href="/e"><h3>E</h3></a>', Selectors("a.card"), "https://city.example/e"),
    "around the item": ('<a href="/f"><div class="card"><h3>F</h3></div></a>', Selectors("div.card"), "https://city.example/f"),
}  # fmt: skip


@pytest.mark.parametrize(("inner", "selectors", "expected"), LINKS.values(), ids=LINKS)
def test_a_link_is_found_and_made_absolute(inner: str, selectors: Selectors, expected: str) -> None:
    assert one(inner, selectors).url == expected


def test_the_pages_base_counts() -> None:
    page = '<html><head><base href="https://other.example/x/"></head><ul><li><a href="y">Y</a></li></ul>'
    assert read(page, Selectors("li")).entries[0].url == "https://other.example/x/y"


TITLES = {
    "by selector": ('<a href="/a">More</a><b>Said</b>', "b", "Said"),
    "a heading before a link": ('<a href="/a">Read more</a><h3>A  heading\n here</h3>', None, "A heading here"),
    "a link with words": ('<a href="/a"><img src="x"></a><a href="/a">Words</a>', None, "Words"),
    "what a link is called": ('<a href="/a" aria-label="For all"><img src="x"></a>', None, "For all"),
}


@pytest.mark.parametrize(("inner", "title", "expected"), TITLES.values(), ids=TITLES)
def test_a_title_is_found(inner: str, title: str | None, expected: str) -> None:
    assert one(inner, Selectors("li", title=title)).title == expected


DATES = {
    "an attribute of time": ('<time datetime="2026-11-25T18:30:00+01:00">yesterday</time>', "", "2026-11-25 17:30"),
    "the words of time": ("<time>25 November 2026</time>", "", "2026-11-25 00:00"),
    "time in what fits": ('<i>Posted <time datetime="2026-11-25">now</time></i>', "i", "2026-11-25 00:00"),
    "a content attribute": ('<meta itemprop="datePublished" content="2026-11-25">', "meta", "2026-11-25 00:00"),
    "French": ("<i>Publié le 25 novembre 2026 à 18h30</i>", "i", "2026-11-25 18:30"),
    "German": ("<i>Mittwoch, 5. März 2026</i>", "i", "2026-03-05 00:00"),
    "Spanish": ("<i>miércoles, 25 de noviembre de 2026</i>", "i", "2026-11-25 00:00"),
    "Croatian": ("<i>Objavljeno 25. studenoga 2026.</i>", "i", "2026-11-25 00:00"),
    "Croatian in figures": ("<i>25.11.2026.</i>", "i", "2026-11-25 00:00"),
    "Basque": ("<i>2026(e)ko azaroaren 25a</i>", "i", "2026-11-25 00:00"),
    "Basque with a dot": ("<i>2026.eko abenduaren 3a</i>", "i", "2026-12-03 00:00"),
    "in figures": ("<i>25/11/2026</i>", "i", "2026-11-25 00:00"),
    "a wrong day": ("<i>31.02.2026</i>", "i", None),
    "no date": ("<i>soon</i>", "i", None),
}


@pytest.mark.parametrize(("inner", "selector", "expected"), DATES.values(), ids=DATES)
def test_a_date_is_read(inner: str, selector: str, expected: str | None) -> None:
    found = one(f'<a href="/a">A</a>{inner}', Selectors("li", date=selector or None)).published_at
    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == expected


@pytest.mark.parametrize(
    ("html", "languages", "expected"),
    [
        ("", ("hr",), 4),
        ("", ("en-GB",), 4),
        ("", ("en",), None),
        ("", (), None),
        (' lang="fr"', ("en",), 4),
        (' lang="en-US"', (), None),
    ],
)
def test_three_slash_four_is_april_where_people_write_so(
    html: str, languages: tuple[str, ...], expected: int | None
) -> None:
    page = f"<html{html}><ul><li><a href='/a'>A</a><time>03/04/2026</time></li></ul></html>"
    found = read(page, Selectors("li"), languages=languages).entries[0].published_at
    assert (found.month if found else None) == expected


PICTURES = {
    "plain": ('<img src="/a.jpg">', "https://city.example/a.jpg"),
    "lazy": ('<img src="/blank.gif" data-lazy-src="/b.jpg">', "https://city.example/b.jpg"),
    "the widest that is not too wide": ('<img src="/s.jpg" srcset="/s.jpg 320w, /m.jpg 1200w, /l.jpg 4000w">', "https://city.example/m.jpg"),
    "by density": ('<img srcset="/s.jpg, /d.jpg 1.5x">', "https://city.example/d.jpg"),
    "in a picture element": ('<picture><source srcset="/c.webp 800w"><img src="/c.jpg"></picture>', "https://city.example/c.webp"),
    "a background": ('<div style="color:red; background-image: url(&quot;/d.png&quot;)"></div>', "https://city.example/d.png"),
    "a lazy background": ('<div data-background="/e.jpg"></div>', "https://city.example/e.jpg"),
    "past a counter": ('<img src="/pixel.gif" width="1" height="1"><img src="/f.jpg">', "https://city.example/f.jpg"),
    "only a stand-in": ('<img src="data:image/gif;base64,R0lGOD">', None),
    "a script": ('<img src="javascript:x">', None),
}  # fmt: skip


@pytest.mark.parametrize(("inner", "expected"), PICTURES.values(), ids=PICTURES)
def test_a_picture_is_found(inner: str, expected: str | None) -> None:
    media = one(f'<a href="/a">A</a>{inner}').media
    assert (media[0].url if media else None) == expected


REDESIGNED = {
    "no item": (Selectors("div.news"), r"nothing on the page fits item = 'div\.news'.*redesigned"),
    "no link": (Selectors("article.card", ".away"), r"link = '\.away'"),
    "no title": (Selectors("article.card", title="h7"), "title = 'h7'"),
}


@pytest.mark.parametrize(("selectors", "words"), REDESIGNED.values(), ids=REDESIGNED)
def test_a_page_that_was_redesigned_is_an_error_and_not_empty(selectors: Selectors, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read(PAGE, selectors)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("2026-11-25", "2026-11-24", "2026-11-24"), True),
        (("2026-11-24", "2026-11-25"), False),
        (("2026-11-25", ""), False),
    ],
)
def test_only_a_list_with_the_newest_first_is_a_window(dates: tuple[str, ...], expected: bool) -> None:
    items = "".join(f'<li><a href="/{n}">A</a><time>{date}</time></li>' for n, date in enumerate(dates))
    assert read(f"<ul>{items}</ul>", Selectors("li")).is_window is expected


def test_an_old_charset_is_read() -> None:
    page = '<html><head><meta charset="windows-1250"></head><ul><li><a href="/a">Štednja</a></li></ul>'
    assert read(page.encode("cp1250"), Selectors("li")).entries[0].title == "Štednja"


def test_a_page_of_ten_thousand_items_is_bounded() -> None:
    document = read("<ul>" + '<li><a href="/a">A</a></li>' * 10_000 + "</ul>", Selectors("li"))
    assert (len(document.entries), document.left_out) == (300, 9_700)


@given(
    st.one_of(st.binary(max_size=200), any_html.map(lambda text: text.encode("utf-8", "replace"))),
    st.sampled_from(("li", "*", "a", "p, div", "img", ":not(b)", "h2 a")),
)
def test_whatever_comes_is_a_listing_or_a_document_error(said: bytes, selector: str) -> None:
    selectors = Selectors(selector, "*", None, "*", "*", "*")
    for body in (said, b"<li><a href='/a'>" + said + b"</a></li>"):
        try:
            document = read(body, selectors)
        except DocumentError:
            continue
        assert all(entry.url and entry.url.startswith(("http://", "https://")) for entry in document.entries)


def test_markup_in_a_title_stays_words() -> None:
    assert one(f'<a href="/a">{escape("<b>1 < 2</b>")}</a>').title == "<b>1 < 2</b>"
