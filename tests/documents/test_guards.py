"""Documents built to hang or fool a parser are refused, quickly, and what only looks like one is not."""

from __future__ import annotations

import time

import pytest

from aggregator.documents.feeds import guards
from aggregator.documents.feeds.guards import find_root, survey
from aggregator.documents.feeds.reading import read_feed
from aggregator.errors import DocumentError

URL = "https://partner.example/feed/"
# feedparser alone takes from 2 s to minutes for each of these, expat's entity bombs aside.
SECONDS = 30  # of CPU time: a hang, not a speed


def rss(inside: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<rss version="2.0"><channel><title>t</title><item>{inside}</item></channel></rss>'.encode()


def attributes(number: int) -> str:
    return "<a " + " ".join(f'a{n}="1"' for n in range(number)) + "/>"


LAUGHS = '<!DOCTYPE l [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {name} "{f"&{of};" * 10}">' for of, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS = {
    "5 000 attributes": rss(attributes(5_000)),
    "100 000 attributes": rss(attributes(100_000)),
    "100 000 attributes, ill-formed": rss(attributes(100_000) + " & "),
    "8 000 categories": rss("".join(f"<category>{n}</category>" for n in range(8_000))),
    "40 000 categories": rss("".join(f"<category>{n}</category>" for n in range(40_000))),
    "40 000 subjects": rss("<dc:subject xmlns:dc='http://purl.org/dc/elements/1.1/'>x</dc:subject>" * 40_000),
    "60 000 open comments": rss("<!--" * 60_000),
    "60 000 open sections": rss("<![CDATA[" * 60_000),
    "200 000 deep": rss("<b>" * 200_000 + "</b>" * 200_000),
    "200 000 deep and open": rss("<b>" * 200_000),
    "200 000 deep and closed by others": rss("<b>" * 100_000 + "</c>" * 100_000),
    "billion laughs": rss("<title>&i;</title>", LAUGHS + "]>"),
    "quadratic": rss("<title>" + "&a;" * 20_000 + "</title>", f'<!DOCTYPE q [<!ENTITY a "{"a" * 50_000}">]>'),
    "a file": rss("<title>&x;</title>", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    "a parameter": rss("<title>a</title>", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'),
    "a feed in an entity": rss(
        "<title>&x;</title>", "<!DOCTYPE x [<!ENTITY x '<rss><item><title>j</title></item></rss>'>]>"
    ),
    "in wide letters": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY j "k">]><rss><item><title>&j;</title></item></rss>'.encode(
        "utf-16"
    ),
    "a long base address": rss(f'<x xml:base="{"a/" * 20_000}">' + "<y/>" * 5_000 + "</x>"),
    "5 000 name spaces": rss(
        "".join(f'<x xmlns:n{n}="u:{n}"/>' for n in range(5_000)) + '<q:x xmlns:q="u:q"/>' * 5_000
    ),
    "20 000 instructions": rss(" <?a?>" * 20_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(name: str) -> None:
    started = time.process_time()
    with pytest.raises(DocumentError):
        read_feed(BOMBS[name], url=URL)
    assert time.process_time() - started < SECONDS


HEAVY = {
    "60 000 escaped comments": "<description>" + "&lt;!--" * 60_000 + "</description>",
    "60 000 escaped sections": "<description>" + "&lt;![" * 60_000 + "</description>",
    "60 000 escaped tags": "<description>" + "&lt;a b=&quot;" * 60_000 + "</description>",
    "60 000 addresses in an open tag": "<description>&lt;a" + " href=" * 60_000 + "</description>",
    "60 000 addresses without end": "<description>&lt;a" + " href='" * 60_000 + "&gt;</description>",
    "60 000 slashes in a link": "<link>http://" + "/" * 60_000 + "</link>",
    "60 000 end tags in a title": "<title>" + "&lt;/a" * 60_000 + "</title>",
    "8 000 keywords": "<keywords>" + ",".join(map(str, range(8_000))) + "</keywords>",
    "20 000 letters for an author": "<author>" + "a" * 20_000 + "</author>",
    "20 000 letters for a webmaster": "</item><webMaster>" + "a" * 20_000 + "</webMaster><item>",
    "60 000 bare ampersands": "<title>" + "&a" * 60_000 + "</title>",
    "60 000 half references": "<title>" + "&#" * 60_000 + "</title>",
    "60 000 stray end tags": "<title>x" + "</c>" * 60_000 + "</title>",
    "60 000 open quotations": "<title>x" + '<a b="' * 60_000 + "</title>",
    "an attribute of 1 MB": f"<title>x <b {'a' * 1_000_000}></title>",
}


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_merely_heavy_is_read_in_linear_time(name: str) -> None:
    started = time.process_time()
    assert len(read_feed(rss(HEAVY[name]), url=URL).entries) >= 1
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "encoding",
    ["punycode", "idna", "unicode_escape", "raw-unicode-escape", "utf-7", "zlib_codec", "rot13", "undefined", "\x00"],
)
def test_no_codec_that_is_no_encoding_is_ever_used(encoding: str) -> None:
    body = rss("<title>caf\\u00e9 +AGE-</title>").replace(b'"1.0"', f'"1.0" encoding="{encoding}"'.encode(), 1)
    assert read_feed(body, url=URL, content_type=f"text/xml; charset={encoding}").entries[0].title == "caf\\u00e9 +AGE-"


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss-0.91.dtd">',
        '<!DOCTYPE rss SYSTEM "file:///etc/passwd">',
        "<!-- <rss> is not where it begins --><?xml-stylesheet href='<feed>'?>",
        "<!DOCTYPE html>",
    ],
)
def test_a_plain_doctype_and_what_else_stands_before_a_feed_is_no_bomb(prolog: str) -> None:
    body = rss("<title>Caf&eacute;</title>", prolog)
    assert read_feed(body, url=URL).entries[0].title == "Café"


def test_a_feed_may_write_about_entities() -> None:
    body = rss('<description><![CDATA[<!DOCTYPE x [<!ENTITY x "y">]> &x;]]></description>')
    assert "ENTITY" in read_feed(body, url=URL).entries[0].body_html


def test_an_ordinary_large_feed_is_no_bomb() -> None:
    inside = "".join(f"<category>{n}</category>" for n in range(guards.MAX_CATEGORIES_OF_AN_ENTRY))
    inside += attributes(guards.MAX_ATTRIBUTES) + "<b>" * (guards.MAX_DEPTH - 3) + "</b>" * (guards.MAX_DEPTH - 3)
    assert len(read_feed(rss(inside), url=URL).entries) == 1


def test_the_survey_tells_where_entries_are_and_when() -> None:
    text = '<rss><channel><item a=">"><pubDate>first</pubDate><pubDate>x</pubDate></item>é<item/><item><a><date>y</date></a></item></channel></rss>'
    seen = survey(text)
    assert (seen.well_formed, seen.unfinished) == (True, False)
    cut = [seen.xml[entry.start : entry.end].decode() for entry in seen.entries]
    assert [entry.date for entry in seen.entries] == ["first", "", ""]
    assert [piece[:5] + "…" + piece[-2:] for piece in cut] == ["<item…m>", "<item…/>", "<item…m>"]
    assert "é" not in "".join(cut)


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("<rss><a>", True),
        ("<rss><a", True),
        ("<rss><![CDATA[x", True),
        ("<rss></b></rss>", False),
        ("<rss>&</rss>", False),
        ("<rss><p:a/></rss>", False),
    ],
)
def test_the_survey_tells_what_ends_too_early_from_what_is_only_wrong(text: str, unfinished: bool) -> None:
    seen = survey(text)
    assert (seen.well_formed, seen.unfinished) == (False, unfinished)


def test_the_root_is_the_first_element_that_a_feed_begins_with() -> None:
    root = find_root("<br />Warning<!-- <feed> --><a:FEED xmlns:a='x'>")
    assert (root.name, root.start) == ("a:FEED", 28)
    for text in ("<rssx>", "<feeds>", "<!-- <rss>", "<?x <rss>"):
        with pytest.raises(DocumentError):
            find_root(text)
