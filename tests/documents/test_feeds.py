"""What feeds say, and what they do not get to say: bytes in, a Document or a DocumentError out."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.documents import fields
from aggregator.documents.feeds.reading import read_feed
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Document, Media, Sighting
from tests.examples import examples

URL = "https://partner.example/news/feed/"
SPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "media": "http://search.yahoo.com/mrss/",
    }.items()
)


def rss(*items: str, channel: str = "<title>Stadtwerke</title><link>https://partner.example/</link>") -> bytes:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?>\n<rss version="2.0" {SPACES}><channel>{channel}{inside}</channel></rss>\n'.encode()


def atom(*entries: str, feed: str = "<title>Energia</title>", attributes: str = "") -> bytes:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" {attributes}>'
        f"{feed}{inside}</feed>"
    ).encode()


def rdf(*items: str) -> bytes:
    inside = "".join(f'<item rdf:about="https://partner.example/{n}">{item}</item>' for n, item in enumerate(items))
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Lonja</title></channel>{inside}</rdf:RDF>'
    ).encode()


def read(body: bytes, **named: str) -> Document:
    return read_feed(body, url=URL, **named)


def only(body: bytes, **named: str) -> Sighting:
    (entry,) = read(body, **named).entries
    return entry


WHOLE = "<title>Heat</title><link>https://partner.example/heat</link><description>Pipes</description>"
ATOM_03 = b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>t</title><entry>%s</entry></feed>'
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1", "content_text": "x"}]}'


# What kind of document it is


@pytest.mark.parametrize(
    ("body", "format_"),
    [
        (rss(WHOLE), "rss20"),
        (rss(WHOLE).replace(b'"2.0"', b'"0.91"'), "rss091u"),
        (rss(WHOLE).replace(b' version="2.0"', b""), "rss"),
        (atom("<title>a</title>"), "atom10"),
        (ATOM_03 % b"<title>a</title>", "atom03"),
        (rdf("<title>a</title>"), "rss10"),
        (JSON, "json11"),
        (b" \n" + JSON.replace(b"1.1", b"1"), "json10"),
        (b'<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>x</a:title></a:entry></a:feed>', "atom10"),
    ],
)
def test_a_document_is_known_by_what_it_contains(body: bytes, format_: str) -> None:
    document = read(body, content_type="text/html")
    assert document.format == format_
    assert len(document.entries) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n\t ",
        b"\x00\x00",
        b"\xef\xbb\xbf",
        b"We will be back in a minute.",
        b"<html><body><h1>Briefly unavailable for scheduled maintenance.</h1></body></html>",
        b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>",
        b"<html><body>a page about <rss> and <item>s</body></html>",
        b"%PDF-1.7\n\x80\x81",
        b'{"error": "not found"}',
        b"[]",
        b'<opml version="2.0"><body><outline xmlUrl="https://a.example/"/></body></opml>',
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        b"<!-- <rss> -->",
    ],
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentError):
        read(body)


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss()) == Document(
        entries=(), format="rss20", title="Stadtwerke", home="https://partner.example/", language=None
    )


# Whole or cut short

CLOSED = {
    "rss": rss(WHOLE, WHOLE),
    "atom": atom("<title>a</title><content type='html'>&lt;p>b&lt;/p></content>", "<title>c</title>"),
    "rdf": rdf("<title>a</title>", "<title>b</title>"),
    "json": JSON,
    "bare ampersand": rss(WHOLE.replace("Pipes", "Pipes & pumps"), WHOLE),
    "in a section": rss("<title>How a feed ends</title><description><![CDATA[</channel></rss>]]></description>", WHOLE),
    "latin 1": '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>Año</title></item></channel></rss>'.encode(
        "latin-1"
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_feed_that_was_cut_short_anywhere_is_refused(name: str) -> None:
    body = CLOSED[name].rstrip()
    assert read(body).entries
    for length in range(len(body)):
        with pytest.raises(DocumentError):
            read(body[:length])


@pytest.mark.parametrize(
    "after",
    [
        b"\n<!-- Served from cache in 0.2 s -->",
        b"\x00\x00",
        b"\n<br />\n<b>Warning</b>: headers already sent in <b>/x.php</b>",
    ],
)
def test_what_a_server_adds_behind_a_feed_does_no_harm(after: bytes) -> None:
    assert only(rss(WHOLE) + after).title == "Heat"


# Mending


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (b"Heat & light", "Heat & light"),
        (b"Caf&eacute;&nbsp;&amp; T&agrave; &hellip;", "Café\xa0& Tà …"),
        (b"1 < 2 <3", "1 < 2 <3"),
        (b"A&#0;B&#xB;C&#xD800;D&#x110000;E&#xFFFE;F&#99999999999;G", "ABCDEFG"),
        (b"A\x00B\x08C\x0bD\x1bE\x7fF", "ABCDEF"),
        (b"a \xed\xa0\x80 b", "a \ufffd b"),
        (b"&unknown; &amp; &#x41;", "&unknown; & A"),
        (
            "Excerpt cut in mid-charact\u00e9".encode()[:-1] + " šđčćž é".encode(),
            "Excerpt cut in mid-charact\ufffd šđčćž é",
        ),
    ],
)
def test_what_is_not_quite_xml_is_read_as_it_was_meant(raw: bytes, title: str) -> None:
    entry = only(rss("<title>@</title><link>https://partner.example/a</link>").replace(b"@", raw))
    assert (entry.title, entry.url) == (title, "https://partner.example/a")
    repr(entry).encode()


@pytest.mark.parametrize(
    "before",
    [
        b"\n\n  ",
        b"\xef\xbb\xbf\n ",
        b"<br />\n<b>Warning</b>: Undefined variable $x in <b>/x.php</b> on line <b>3</b><br />\n",
    ],
)
def test_what_a_server_writes_before_a_feed_does_no_harm(before: bytes) -> None:
    assert only(before + rss(WHOLE)).title == "Heat"


def test_an_undeclared_prefix_and_a_missing_end_tag_lose_no_entry() -> None:
    undeclared = (
        b"<rss><channel><item><title>a</title><media:content url='https://p.example/a.jpg'/></item></channel></rss>"
    )
    assert only(undeclared).media == (Media("https://p.example/a.jpg", "image/jpeg"),)
    assert [entry.title for entry in read(rss("<title>one", WHOLE)).entries][-1] == "Heat"


def test_only_what_has_to_be_mended_is_changed() -> None:
    entry = only(rss("<title>a & b</title><description><![CDATA[<p>x &nbsp; & <!-- y --></p>]]></description>"))
    assert entry.body_html == "<p>x &nbsp; & <!-- y --></p>"


# Texts


def test_the_text_of_a_mastodon_post_is_its_description_and_the_alt_text_its_pictures() -> None:
    entry = only(
        rss(
            '<guid isPermaLink="true">https://social.example/@coop/1</guid><link>https://social.example/@coop/1</link>'
            "<pubDate>Mon, 02 Nov 2026 10:00:00 +0000</pubDate>"
            "<description>&lt;p&gt;Our first heat pump runs.&lt;/p&gt;</description>"
            '<media:content url="https://files.example/1.png" type="image/png" fileSize="9" medium="image">'
            '<media:rating scheme="urn:simple">nonadult</media:rating>'
            '<media:description type="plain">A grey box beside a brick wall</media:description></media:content>'
            '<media:content url="https://files.example/2.mp4" type="video/mp4" medium="video"/>'
            "<category>heatpump</category><category>retrofit</category>"
        )
    )
    assert entry.title is None
    assert entry.body_html == "<p>Our first heat pump runs.</p>"
    assert entry.summary_html == ""
    assert entry.media == (
        Media("https://files.example/1.png", "image/png", alt="A grey box beside a brick wall"),
        Media("https://files.example/2.mp4", "video/mp4"),
    )
    assert entry.categories == ("heatpump", "retrofit")


@pytest.mark.parametrize("first", [True, False])
def test_a_description_beside_the_media_never_becomes_the_text_of_the_post(first: bool) -> None:
    about = "<media:description>Two people on a roof</media:description>"
    own = '<description>We met.</description><media:content url="https://p.example/r.jpg" medium="image"/>'
    entry = only(rss(about + own if first else own + about))
    assert entry.body_html == "We met."
    assert entry.media == (Media("https://p.example/r.jpg", "image/jpeg", alt="Two people on a roof"),)


def test_the_title_of_a_picture_is_not_the_title_of_a_post() -> None:
    face = '<media:content url="https://2.gravatar.com/avatar/0?s=96" medium="image"><media:title>marta</media:title></media:content>'
    entry = only(rss("<description>No title here.</description>" + face))
    assert entry.title is None
    assert entry.media == ()


def test_a_video_has_its_description_as_text() -> None:
    entry = only(
        atom(
            "<id>yt:video:1</id><title>Assembly</title><link rel='alternate' href='https://video.example/watch?v=1'/>"
            "<media:group><media:title>Assembly</media:title>"
            "<media:content url='https://video.example/v/1' type='application/x-shockwave-flash' width='640' height='390'/>"
            "<media:thumbnail url='https://i.example/1.jpg' width='480' height='360'/>"
            "<media:description>How we voted.</media:description></media:group>"
        )
    )
    assert entry.body_html == "How we voted."
    assert entry.media[1] == Media("https://i.example/1.jpg", "image/jpeg", width=480, height=360)


def test_content_is_the_body_and_description_the_summary() -> None:
    entry = only(rss("<description>Short</description><content:encoded>&lt;p&gt;Long&lt;/p&gt;</content:encoded>"))
    assert (entry.body_html, entry.summary_html) == ("<p>Long</p>", "Short")
    entry = only(atom("<content type='html'>&lt;p&gt;Long&lt;/p&gt;</content>"))
    assert (entry.body_html, entry.summary_html) == ("<p>Long</p>", "")


def test_a_podcast_says_the_same_once() -> None:
    entry = only(rss("<description>On &lt;b&gt;heat&lt;/b&gt;</description><itunes:summary>On heat</itunes:summary>"))
    assert (entry.body_html, entry.summary_html) == ("On <b>heat</b>", "")
    assert only(rss("<itunes:summary>On heat</itunes:summary>")).body_html == "On heat"
    assert only(rdf("<dc:description>On heat</dc:description>")).body_html == "On heat"


def test_text_is_not_markup_and_markup_is() -> None:
    entry = only(atom("<title>1 &lt; 2 &amp; &lt;b></title><summary>a &lt;b>\n\nc</summary>"))
    assert (entry.title, entry.body_html) == ("1 < 2 & <b>", "<p>a &lt;b&gt;</p><p>c</p>")
    entry = only(
        atom("<title type='html'>A &amp;amp; &lt;b>B&lt;/b></title><content type='html'>&lt;b>B&lt;/b></content>")
    )
    assert (entry.title, entry.body_html) == ("A & B", "<b>B</b>")
    entry = only(
        atom(
            "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A <i>B</i></div></title>"
            "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>x &lt; <i>y</i></p></div></content>"
        )
    )
    assert (entry.title, entry.body_html) == ("A B", "<p>x &lt; <i>y</i></p>")


def test_a_script_in_a_title_leaves_nothing_behind() -> None:
    entry = only(atom("<title type='html'>a&lt;script>alert(1)&lt;/script>b&lt;style>*{}</title>"))
    assert entry.title == "ab"


def test_addresses_in_a_body_are_absolute() -> None:
    body = "&lt;a href='../up' title='href=x'>u&lt;/a>&lt;img src=pic.png>&lt;a href=\"#n\">&lt;a href=\"mailto:a@b.example\">src=x"
    entry = only(rss(f"<description>{body}</description>"))
    assert entry.body_html == (
        '<a href="https://partner.example/news/up" title=\'href=x\'>u</a><img src="https://partner.example/news/feed/pic.png">'
        '<a href="#n"><a href="mailto:a@b.example">src=x'
    )
    entry = only(
        atom(
            "<link href='post'/><content type='html' xml:base='/c/'>&lt;img src='pic.png'></content>",
            attributes="xml:base='https://partner.example/b/'",
        )
    )
    assert entry.url == "https://partner.example/b/post"
    assert entry.body_html == '<img src="https://partner.example/c/pic.png">'


# Links and ids


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link>https://partner.example/a</link>", "https://partner.example/a"),
        ("<link>\n https://partner.example/a \n</link>", "https://partner.example/a"),
        ("<link>/a?b=1&amp;c=2</link>", "https://partner.example/a?b=1&c=2"),
        ("<link>//other.example/a</link>", "https://other.example/a"),
        ('<link href="">./../a/index.html</link>', "https://partner.example/news/a/index.html"),
        ("<guid>https://partner.example/1</guid>", "https://partner.example/1"),
        ("<guid>1234</guid>", None),
        ("<guid>tag:partner.example,2026:1</guid>", None),
        ('<guid isPermaLink="false">https://partner.example/?p=1</guid>', None),
        ('<enclosure url="https://partner.example/a.mp3" type="audio/mpeg"/>', None),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>&#x1;javascript:alert(1)</link>", None),
        ("<link>data:text/html,x</link>", None),
        ("<link>file:///etc/passwd</link>", None),
        ("<link>mailto:a@partner.example</link>", None),
        ("<link>http://[::1</link>", None),
        ("<link>https://partner.example:99999999/</link>", None),
        ("<link>https://</link>", None),
        (f"<link>https://partner.example/{'a' * 5000}</link>", None),
        ("<link/>", None),
    ],
)
def test_the_link_of_an_entry_is_a_web_address_or_nothing(item: str, url: str | None) -> None:
    assert only(rss(item)).url == url


def test_an_enclosure_is_not_the_link() -> None:
    page = "<link rel='alternate' type='text/html' href='https://partner.example/a'/>"
    for enclosure in (
        "<link rel='enclosure' type='image/jpeg'>https://partner.example/a.jpg</link>",
        "<link rel='enclosure' type='image/jpeg' href='https://partner.example/a.jpg'/>",
    ):
        for entry in (only(atom(page + enclosure)), only(atom(enclosure + page))):
            assert entry.url == "https://partner.example/a"
            assert entry.media == (Media("https://partner.example/a.jpg", "image/jpeg"),)


def test_the_same_thing_elsewhere_is_an_alternate_and_what_it_is_about_is_not() -> None:
    entry = only(
        atom(
            "<link rel='alternate' href='https://partner.example/eu/a' hreflang='eu'/>"
            "<link rel='alternate' href='https://partner.example/es/a' hreflang='es'/>"
            "<link rel='alternate' type='application/json' href='https://partner.example/a.json'/>"
            "<link rel='via' href='https://else.example/a'/><link rel='related' href='https://else.example/b'/>"
            "<link rel='self' href='https://partner.example/a.atom'/>"
        )
    )
    assert entry.alternates == (
        Alternate("https://partner.example/eu/a", "eu"),
        Alternate("https://partner.example/es/a", "es"),
    )
    burned = (
        "<link>https://feeds.example/~r/1</link><feedburner:origLink>https://partner.example/a</feedburner:origLink>"
    )
    assert only(rss(burned)).alternates == (Alternate("https://partner.example/a"),)


def test_an_id_is_what_the_feed_says() -> None:
    body = rss("<guid>1</guid>", "<guid>1</guid>", "<title>none</title>", "<guid isPermaLink='false'> a b </guid>")
    assert [entry.entry_id for entry in read(body).entries] == ["1", "1", "", "a b"]
    # Not even where it looks like a relative address, which would change with the feed's own.
    assert only(atom("<id>t3_42</id>")).entry_id == "t3_42"


def test_an_id_of_a_megabyte_keeps_a_stable_short_form() -> None:
    guid = "a" * 1_000_000
    entry = only(rss(f"<guid isPermaLink='false'>{guid}</guid>"))
    assert entry.entry_id == "sha256:" + hashlib.sha256(guid.encode()).hexdigest()


# Who, what, when, in which language


def test_authors_have_names_and_no_mail_addresses() -> None:
    entry = only(
        atom(
            "<author><name>Ane</name><uri>https://ane.example/</uri><email>ane@a.example</email></author>"
            "<author><name>Ivo</name></author><author><name>Ane</name></author><author><email>x@a.example</email></author>"
        )
    )
    assert entry.authors == (Author("Ane", "https://ane.example/"), Author("Ivo"))
    assert only(rss("<author>noreply@partner.example (Marta Gil)</author>")).authors == (Author("Marta Gil"),)
    assert only(rss("<author>press@partner.example</author>")).authors == ()
    assert only(rss("<dc:creator>Ane</dc:creator><dc:creator>Ivo</dc:creator>")).authors == (
        Author("Ane"),
        Author("Ivo"),
    )


def test_an_atom_entry_without_author_has_the_feeds() -> None:
    feed = "<title>t</title><author><name>Carbon Club</name></author>"
    own = "<author><name>Ane</name></author>"
    assert [entry.authors for entry in read(atom(own, "<title>b</title>", feed=feed)).entries] == [
        (Author("Ane"),),
        (Author("Carbon Club"),),
    ]


def test_categories_are_labels_and_terms_but_no_addresses() -> None:
    entry = only(
        atom(
            "<category term='heat' label='Heat &amp;amp; cold'/><category term='wind'/><category term='wind'/>"
            "<category scheme='s' term='http://gdata.example/schemas#video'/><category term=''/>"
        )
    )
    assert entry.categories == ("Heat & cold", "heat", "wind")
    assert only(rss("<category domain='d'> Solar </category><dc:subject>Wind</dc:subject>")).categories == (
        "Solar",
        "Wind",
    )


@pytest.mark.parametrize(
    ("body", "feed_language", "language"),
    [
        (atom("<title>a</title>", attributes="xml:lang='en'"), "en", None),
        (
            atom("<title>a</title>", attributes="xml:lang='en'").replace(b"<entry>", b"<entry xml:lang='en'>"),
            "en",
            "en",
        ),
        (atom("<content xml:lang='eu' type='text'>a</content>", attributes="xml:lang='en'"), "en", "eu"),
        (atom("<title xml:lang='hr'>a</title>"), None, "hr"),
        (rss("<dc:language>pt_BR</dc:language>", channel="<language>en-GB</language>"), "en-GB", "pt-BR"),
        (rss("<title>a</title>", channel="<language> </language>"), None, None),
        (rss("<title>a</title>", channel="<language>English (UK)</language>"), None, None),
    ],
)
def test_the_declared_language_is_the_entrys_own(body: bytes, feed_language: str | None, language: str | None) -> None:
    document = read(body)
    assert (document.language, document.entries[0].language) == (feed_language, language)


def test_a_source_names_neither_the_entry_nor_its_link() -> None:
    entry = only(rss('<title>Ours</title><source url="https://else.example/feed">Theirs</source>'))
    assert (entry.title, entry.url) == ("Ours", None)
    entry = only(
        atom(
            "<source><title>Theirs</title><id>theirs</id><link href='https://else.example/'/><updated>2001-01-01T00:00:00Z</updated></source>"
            "<title>Ours</title><id>ours</id><updated>2026-11-02T10:00:00Z</updated>"
        )
    )
    assert (entry.title, entry.entry_id, entry.url) == ("Ours", "ours", None)
    assert entry.updated_at == datetime(2026, 11, 2, 10, tzinfo=UTC)


TEN = datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "published", "updated"),
    [
        (rss("<pubDate>Mon, 02 Nov 2026 11:00:00 CET</pubDate>"), TEN, None),
        (rss("<pubdate>Mon, 02 Nov 2026 10:00:00 GMT</pubdate>"), TEN, None),
        (rss("<pubDate>Seg, 2 Nov 2026 07:00:00 -0300</pubDate>"), TEN, None),
        (rss("<pubDate><time datetime='2026-11-02T10:00:00Z'>Mon, 11/02/2026 - 06:00</time></pubDate>"), TEN, None),
        (rss("<pubDate>\n <time>Mon, 02 Nov 2026 10:00:00 GMT</time></pubDate>"), TEN, None),
        (rss("<pubDate>yesterday</pubDate>"), None, None),
        (rss("<pubDate>Mon, 01 Jan 0001 00:00:00 +0000</pubDate>"), None, None),
        (rss("<pubDate/>"), None, None),
        (rdf("<dc:date>2026-11-02T11:00:00+01:00</dc:date>"), TEN, TEN),
        (atom("<updated>2026-11-02T10:00:00Z</updated>"), None, TEN),
        (atom("<published>2026-11-02T10:00:00Z</published>"), TEN, None),
        (
            ATOM_03 % b"<created>2026-11-02T10:00:00Z</created><modified>2026-11-02T10:00:00Z</modified>",
            TEN,
            TEN,
        ),
        # Greek, which our own reader does not know and feedparser does.
        (rss("<pubDate>Δευ, 02 Νοε 2026 10:00:00 GMT</pubDate>"), TEN, None),
    ],
)
def test_dates_are_instants_in_utc(body: bytes, published: datetime | None, updated: datetime | None) -> None:
    entry = only(body)
    assert (entry.published_at, entry.updated_at) == (published, updated)


# Media


def test_media_come_from_wherever_feeds_put_them() -> None:
    entry = only(
        rss(
            '<itunes:image href="https://p.example/cover.jpg"/>'
            '<media:thumbnail url="https://p.example/small.jpg" width="150" height="x"/>'
            '<enclosure url="/talk.mp3" length="9" type="audio/mpeg"/>'
            "<enclosure>https://p.example/plain.webp</enclosure>"
            '<enclosure url="javascript:alert(1)" type="image/png"/><enclosure/>'
            '<media:content url="https://p.example/big" medium="image" width="1200px" height="800"/>'
            '<media:content url="https://p.example/big" type="image/jpeg"><media:description>Roof</media:description></media:content>'
            "<image><url>https://p.example/own.png</url><title>Logo</title></image>"
        )
    )
    assert entry.media == (
        Media("https://p.example/big", "image/jpeg", alt="Roof", width=1200, height=800),
        Media("https://partner.example/talk.mp3", "audio/mpeg"),
        Media("https://p.example/plain.webp", "image/webp"),
        Media("https://p.example/small.jpg", "image/jpeg", width=150),
        Media("https://p.example/own.png", "image/png"),
        Media("https://p.example/cover.jpg", "image/jpeg"),
    )
    assert entry.title is None


def test_the_logo_of_a_feed_is_nobodys_picture() -> None:
    logo = "<title>t</title><image><url>https://p.example/logo.png</url><title>Logo</title><width>9</width></image>"
    document = read(rss(WHOLE, channel=logo))
    assert document.title == "t"
    assert document.entries[0].media == ()


# Push

HUBS = "".join(
    f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{relation}" href="{address}"/>'
    for relation, address in [
        ("hub", "https://hub.example/"),
        ("self", "feed.xml"),
        ("HUB", "/hub"),
        ("hub", "https://hub.example/"),
        ("hub", "ftp://hub.example/"),
        ("hub", ""),
        ("self", "https://else.example/"),
    ]
)


@pytest.mark.parametrize("damage", ["", "<own>Fish & chips</own>"])
@pytest.mark.parametrize("write", [lambda said: rss(WHOLE, channel=said), lambda said: atom("<id>a</id>", feed=said)])
def test_a_feed_says_where_it_can_be_had_by_push(write: Callable[[str], bytes], damage: str) -> None:
    document = read(write("<title>t</title>" + HUBS + damage))
    assert document.hubs == ("https://hub.example/", "https://partner.example/hub")
    assert document.topic == "https://partner.example/news/feed/feed.xml"


def test_an_entrys_links_are_not_the_feeds_and_hubs_are_a_handful() -> None:
    many = "".join(f'<atom:link rel="hub" href="https://hub.example/{number}"/>' for number in range(30))
    document = read(rss(WHOLE + '<atom:link rel="self" href="/a"/><atom:link rel="hub" href="/b"/>', channel=many))
    assert document.hubs == tuple(f"https://hub.example/{number}" for number in range(5))
    assert document.topic is None


# Deletions

TOMBSTONES = b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">%s</feed>'


def test_a_video_that_was_deleted_is_told_by_its_id() -> None:
    one = b'<at:deleted-entry ref="yt:video:%d" when="2026-11-02T10:00:00Z"><link href="https://v.example/"/><at:by><name>x</name></at:by></at:deleted-entry>'
    document = read(TOMBSTONES % b"".join(one % number for number in (1, 2, 2, 3)))
    assert document.entries == ()
    assert document.deleted == ("yt:video:1", "yt:video:2", "yt:video:3")


def test_a_deletion_may_stand_beside_entries_and_use_any_prefix() -> None:
    body = (
        TOMBSTONES
        % b'<title>t</title><t:deleted-entry xmlns:t="http://purl.org/atompub/tombstones/1.0" ref="a"/><entry><id>b</id></entry>'
    )
    document = read(body)
    assert (document.deleted, [entry.entry_id for entry in document.entries]) == (("a",), ["b"])


# Limits


def test_of_too_many_entries_the_newest_are_kept_in_their_order() -> None:
    def item(number: int) -> str:
        return f"<title>{number}</title><pubDate>{number % 28 + 1} Nov {1950 + number // 28} 10:00:00 GMT</pubDate>"

    oldest_first = read(rss(*(item(number) for number in range(1500))))
    assert [entry.title for entry in oldest_first.entries] == [str(number) for number in range(500, 1500)]
    newest_first = read(rss(*(item(number) for number in reversed(range(1500)))))
    assert [entry.title for entry in newest_first.entries] == [str(number) for number in range(1499, 499, -1)]
    undated = read(rss(*(f"<title>{number}</title>" for number in range(1500))))
    assert [entry.title for entry in undated.entries] == [str(number) for number in range(1000)]


def test_of_too_many_entries_that_are_ill_formed_the_newest_are_kept_too() -> None:
    items = (
        f"<title>{n}</title><pubDate>{n % 28 + 1} Nov {1950 + n // 28} 10:00:00 GMT</pubDate>" for n in range(1200)
    )
    document = read(rss(*items, channel="<title>unclosed"))
    assert len(document.entries) == fields.MAX_ENTRIES
    assert document.entries[-1].title == "1199"


def test_no_field_is_longer_than_it_may_be() -> None:
    many = "".join(f"<category>{n}</category><dc:creator>{n}</dc:creator>" for n in range(500))
    media = "".join(f'<media:content url="https://p.example/{n}.jpg"/>' for n in range(300))
    long = (
        f"<title>{'t' * 20_000}</title><description>{'d' * 2_000_000}</description><category>{'c' * 9_000}</category>"
    )
    entry = only(rss(long + many + media))
    assert len(entry.title or "") == fields.MAX_TITLE
    assert len(entry.body_html) == fields.MAX_BODY
    assert len(entry.categories) == fields.MAX_CATEGORIES
    assert len(entry.authors) == fields.MAX_AUTHORS
    assert len(entry.media) == fields.MAX_MEDIA
    assert max(map(len, entry.categories)) == fields.MAX_NAME


# Whatever comes

PIECES = st.sampled_from(
    b"<item> </item> <link> </link> <![CDATA[ ]]> <!-- &#xD800; \x00 \xff <?x <image> </image> </width> </category> <source> "
    b'<media:content\turl=\'//[\'> xml:base="http://[x" xmlns:a="\x20" <svg> " \' & < >'.split(b" ")
)


@settings(max_examples=examples(150), deadline=None)
@given(st.binary(max_size=300))
@example(b"<rss></rss>")
@example(b"\xfe\xff")
def test_random_bytes_are_refused_and_nothing_else_happens(body: bytes) -> None:
    for text in (body, b"<rss><channel>" + body + b"</channel></rss>"):
        try:
            read(text)
        except DocumentError:
            continue


@settings(max_examples=examples(150), deadline=None)
@given(
    st.sampled_from([rss(WHOLE, WHOLE), CLOSED["atom"], CLOSED["rdf"], JSON]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), PIECES, st.integers(0, 12)), min_size=1, max_size=6),
)
def test_a_damaged_feed_is_read_or_refused_and_can_be_passed_on(
    body: bytes, damages: list[tuple[float, bytes, int]]
) -> None:
    for place, piece, lost in damages:
        start = int(place * len(body))
        body = body[:start] + piece + body[start + lost :]
    try:
        document = read(body)
    except DocumentError:
        return
    assert pickle.loads(pickle.dumps(document)) == document
    repr(document).encode("utf-8")
    for entry in document.entries:
        assert entry.url is None or entry.url.startswith(("http://", "https://"))
