"""The quick reader reads what feedparser reads, to the last field, or leaves it to that one: proven side by side."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin
from xml.etree.ElementTree import ParseError

import feedparser.sanitizer
import pytest
from feedparser.util import FeedParserDict
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.documents import fields
from aggregator.documents.encodings import decode
from aggregator.documents.feeds import fastfeed, fastnames, fastplace, fasttexts, fasttree
from aggregator.documents.feeds.fastfeed import read_quickly
from aggregator.documents.feeds.feedreaders import Reader
from aggregator.documents.feeds.guards import MAX_ATTRIBUTES, MAX_CATEGORIES_OF_AN_ENTRY, MAX_DEPTH, find_root
from aggregator.documents.feeds.reading import read_feed
from aggregator.documents.feeds.thorough import read_thoroughly
from aggregator.documents.feeds.xmlfeed import document
from aggregator.errors import DocumentError
from aggregator.model import Document
from tests.documents.oddfeeds import ATOM, SPACES, XHTML, Maker
from tests.documents.test_guards import BOMBS, HEAVY
from tests.examples import examples

URL = "https://partner.example/news/feed/"
ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "../shared/corpus"
DECLARED = "".join(f' xmlns:{prefix}="{uris[0]}"' for prefix, uris in SPACES.items())


def quickly(text: str) -> Document | None:
    found = read_quickly(text.encode("utf-8", "replace"))
    return document(found, URL) if found else None


def thoroughly(text: str) -> Document | None:
    """What the other reader says; None where it refuses the document."""
    try:
        return read_thoroughly(text, find_root(text).name, url=URL)
    except DocumentError:
        return None


def from_its_root(body: bytes) -> str | None:
    """The text as `read_feed` hands it to the readers; None where it does not come to that."""
    try:
        text = decode(body).lstrip("\ufeff \t\r\n\x00")
        return None if text[:1] in {"", "{", "["} else text[find_root(text).start :]
    except DocumentError:
        return None


def rss(item: str, channel: str = "<title>t</title>", attributes: str = "") -> str:
    return f'<rss version="2.0"{DECLARED}{attributes}><channel>{channel}<item>{item}</item></channel></rss>'


def atom(entry: str, feed: str = "<title>t</title>", attributes: str = "") -> str:
    return f'<feed xmlns="{ATOM}"{DECLARED}{attributes}>{feed}<entry>{entry}</entry></feed>'


def rdf(item: str, more: str = "") -> str:
    return (
        f'<rdf:RDF xmlns="http://purl.org/rss/1.0/"{DECLARED}><channel rdf:about="https://partner.example/">'
        "<title>t</title><items><rdf:Seq><rdf:li rdf:resource='https://partner.example/1'/></rdf:Seq></items></channel>"
        f'{more}<item rdf:about="https://partner.example/1">{item}</item></rdf:RDF>'
    )


# What is read quickly


DIV = f'<div xmlns="{XHTML}">'
UNDERSTOOD = {
    "text after a comment": rss("<title>one <!-- two --> three<?x y?> four</title>"),
    "sections and references": rss("<title>a <![CDATA[&amp; <b>]]> &amp;amp; &#233;</title><description/>"),
    "html in a plain title": rss("<title>&lt;i&gt;A&lt;/i&gt; &amp;amp; B</title>"),
    "no html in a plain title": rss("<title>&lt;blink&gt;A&lt;/blink&gt; &amp;amp; &amp;unknown;</title>"),
    "read as latin 1": rss("<title>Energ\u00c3\u00ada</title><category>M\u00c3\u00a1s</category>"),
    "windows characters": rss("<title>\x93quoted\x94</title>"),
    "link after atom:link": rss(
        "<atom:link rel='self' href='https://p.example/a'/><link>https://p.example/b</link><atom:link href='https://p.example/c'/>"
    ),
    "empty link, then guid": rss("<link/><guid>https://p.example/1</guid>"),
    "blank href": rss('<link href=" ">../x</link>', channel='<link href="">a</link>'),
    "enclosures": rss(
        "<enclosure url='/a.mp3' TYPE='Audio/MPEG'/><enclosure>b.jpg</enclosure><link rel='enclosure'>c.png</link>"
    ),
    "descriptions twice": rss("<description>a</description><description>b &amp;amp; c</description>"),
    "content first": rss("<content:encoded>a</content:encoded><description>b</description><summary>c</summary>"),
    "content of the channel": rss(
        "<summary>a</summary><description>b</description>", "<content:encoded>c</content:encoded>"
    ),
    "titles twice": rss(
        "<media:group><media:title>a</media:title></media:group><title/><title>b</title><source>c</source><title>d</title>"
    ),
    "title after the logo": rss(
        "<title>a</title>", "<title>t</title><image><title>u</title><link href='x'/></image><title>v</title>"
    ),
    "title after the form": rss("<title>a</title>", "<title>t</title><textInput><title>u</title></textInput>"),
    "an item's picture": rss("<image><url>/a.png</url><title>t</title><link>x</link></image><image>b.png</image>"),
    "categories": rss(
        "<category domain='d'>a</category><category domain='d'/><category>b</category><category domain='d'>c</category>"
        "<dc:subject>d</dc:subject><itunes:keywords>e, f,,</itunes:keywords><itunes:category text='g'>h</itunes:category>"
    ),
    "media": rss(
        "<media:content url='a.jpg' medium='image' alt='x'><media:title>no</media:title><media:description>y</media:description>"
        "<media:thumbnail url='b.jpg'/></media:content><media:description>z</media:description><media:thumbnail url='c'/>"
    ),
    "mixed prefixes": rss(
        "<a:creator xmlns:a='http://purl.org/dc/elements/1.1/'>A</a:creator><dc:creator>B</dc:creator>"
    ),
    "one prefix, other name spaces": rss("<title>a</title>").replace(SPACES["thr"][0], "urn:else"),
    "prefix without its slash": rss("<dc:creator>A</dc:creator>").replace(SPACES["dc"][0], SPACES["dc"][1]),
    "unknown elements": rss(
        "<own:a b='c'><own:d/>e</own:a><span class='x'>y</span><slash:comments>3</slash:comments><georss:point>1 2</georss:point>"
    ),
    "languages": rss(
        "<title xml:lang='eu'>a</title><description lang=''>b</description><dc:language>pt_BR</dc:language>",
        "<language>es</language>",
        " xml:lang='en_GB'",
    ),
    "an owner": rss(
        "<author>a@p.example (Marta Gil)</author>",
        "<itunes:owner><itunes:name>x</itunes:name><itunes:email>y</itunes:email></itunes:owner><itunes:author>z</itunes:author>",
    ),
    "how often": rss(
        "<title>a</title>",
        "<ttl>60</ttl><skipHours><hour>1</hour><hour>24</hour></skipHours><skipDays><day>Monday</day></skipDays>"
        "<sy:updatePeriod> daily\n</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
    ),
    "hubs": rss("<title>a</title>", "<atom:link rel='hub' href='/hub'/><atom:link rel='self' href='self'/>"),
    "rdf": rdf("<title>a</title><link>b</link><dc:date>2026-11-02T10:00:00Z</dc:date><dc:creator>c</dc:creator>"),
    "rdf with a logo": rdf(
        "<title>a</title>", "<image rdf:about='x'><title>l</title><url>u</url><link>k</link></image>"
    ),
    "xhtml": atom(
        f"<title type='xhtml'>{DIV}A <b>b</b> &lt;</div></title><content type='xhtml'>\n {DIV}<p CLASS='x'>&amp;<br/></p></div> </content>"
    ),
    "xhtml in two": atom(f"<content type='xhtml'>{DIV}a</div>{DIV}b</div></content>"),
    "xhtml with a prefix": atom("<summary type='xhtml'><h:div xml:lang='eu'><h:p>a</h:p></h:div></summary>"),
    "html": atom(
        "<title type='HTML'>A &amp;amp; &lt;b>B</title><content type='html' xml:lang='hr'>&lt;img src='a.png'></content>"
    ),
    "bases": atom(
        "<link href='a'/><content type='html' xml:base='b/'>&lt;img src='c'></content><id>d</id><author><name>n</name><uri>u</uri></author>",
        attributes=" xml:base='https://p.example/x/'",
    ),
    "a base that stays": atom(
        "<content type='html' xml:base='https://p.example/x/'>&lt;img src='c'></content><link href='y'/><id>z</id>"
    ),
    "a relative base": atom("<content type='html' xml:base='/x/'>&lt;img src='c'></content><link href='y'/>"),
    "people": atom(
        "<author><name>A</name><email>a@p.example</email></author><author>B</author><contributor><name>C</name></contributor>",
        "<author><name>D</name><own:image src='x'/></author>",
    ),
    "a source": atom(
        "<title>a</title><source><title>b</title><id>c</id><link href='d'/><author><name>e</name></author></source><title>f</title>"
    ),
    "deletions": atom(
        "<id>a</id>",
        "<at:deleted-entry ref='b' when='x'><link href='c'/><at:by><name>d</name></at:by></at:deleted-entry>",
    ),
    "id as home": atom("<id>a</id>", "<id>https://p.example/</id><link rel='self' href='https://p.example/feed'/>"),
    "a guid like the link": rss("<link>/a</link><guid>/a</guid>"),
    "a guid before the link": rss("<guid>https://p.example/1</guid><link>/a</link>"),
    "a medium's title between two": rss(
        "<title>a</title><media:group><media:title>b</media:title></media:group><title>c</title>"
    ),
    "a medium's title after an empty one": rss("<title/><media:group><media:title>a</media:title></media:group>"),
    "keywords with attributes": rss(
        "<media:keywords own:a='b'>c, d</media:keywords><itunes:keywords>e,f</itunes:keywords>"
    ),
    "a logo without title": rss("<title>a</title>", "<title>t</title><image><url>u</url></image><title>v</title>"),
    "ampersands in links": rss(
        "<link>https://p.example/?a&amp;amp;b&amp;copy;c</link>",
        "<link>https://p.example/?a&amp;amp;b&amp;copy;c</link>",
    ),
    "slashes in links": rss("<link>https:////p.example//a</link><guid>https:///p.example/b</guid>"),
    "the same category twice": rss(
        "<category>a</category><category/><category domain='d'/><category domain='d'/><category>a</category>"
    ),
    "userland's name space": rss("<title>a</title>", attributes=" xmlns='http://backend.userland.com/rss2'"),
    "userland's name space with a prefix": rss(
        "<u:title>a</u:title>", attributes=" xmlns:u='http://backend.userland.com/rss2'"
    ),
    "a category many times": rss("<category>a</category>" * 250 + "<category>b</category>"),
    "many categories": rss("".join(f"<category>{number}</category>" for number in range(250))),
    "many media": rss("".join(f"<media:content url='{number}.jpg'/>" for number in range(150))),
    "version by name space": rss("<title>a</title>", attributes=" xmlns:r='http://purl.org/rss/1.0/'"),
    "version by attribute": rss("<title>a</title>").replace('"2.0"', '"0.92"'),
    "atom 0.3": f'<feed version="0.3" xmlns="http://purl.org/atom/ns#"{DECLARED}><entry><title mode="escaped">a</title><issued>2026-11-02</issued></entry></feed>',
    "no name space": "<feed><title>t</title><entry><title>a</title><link href='b'/></entry></feed>",
    "another default": "<rss xmlns='urn:x' version='2.0'><channel><item><title>a</title></item></channel></rss>",
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_feeds_are_made_of_is_read_quickly_and_as_feedparser_reads_it(name: str) -> None:
    quick = quickly(UNDERSTOOD[name])
    assert quick is not None
    assert quick == thoroughly(UNDERSTOOD[name])


ODD = {
    "ill-formed": rss("<title>a</titel>"),
    "a reference that is not XML's": rss("<title>Caf&eacute;</title>"),
    "an undeclared prefix": rss("<q:x/>"),
    "markup in a text": rss("<description>a <b>b</b></description>"),
    "a nested item": rss("<item><title>a</title></item>"),
    "an item beside the channel": rss("").replace("</rss>", "<item/></rss>"),
    "two channels": rss("").replace("</rss>", "<channel/></rss>"),
    "a date inside a date": rss("<pubDate><time datetime='2026-11-02'>x</time></pubDate>"),
    "a Greek date": rss("<pubDate>Δευ, 02 Νοε 2026 10:00:00 GMT</pubDate>"),
    "base64": atom("<content type='image/png'>aGVhdA==</content>"),
    "svg": atom(f"<content type='xhtml'>{DIV}<svg xmlns='http://www.w3.org/2000/svg'/></div></content>"),
    "no xhtml": atom("<content type='xhtml'><div><p>a</p></div></content>"),
    "a known name further in": rss("<own:a><title>b</title></own:a>"),
    "a base that is no address": atom("<link xml:base='tag:x' href='a'/>"),
    "a base where none is expected": rss("<comments xml:base='https://p.example/'>x</comments>"),
    "an attribute in two cases": rss("<guid isPermaLink='true' ispermalink='false'>a</guid>"),
    "an author without a name": atom("<author><name>a</name></author><author><email>b</email></author>"),
    "a prefix that means two things": rss("<x xmlns:own='urn:a'/><x xmlns:own='urn:b'/>"),
    "a known prefix for another": rss("<x xmlns:dc='http://www.w3.org/2005/Atom'><dc:title/></x>"),
    "a name in other letters": rss("<título>a</título>"),
    "an entry too many": rss("</item><item>".join(["<title>a</title>"] * (fields.MAX_ENTRIES + 1))),
    "an element too many": rss("<x/>" * MAX_CATEGORIES_OF_AN_ENTRY),
    "an attribute too many": rss("<x " + " ".join(f"a{n}='1'" for n in range(MAX_ATTRIBUTES + 1)) + "/>"),
    "too deep": atom(f"<content type='xhtml'>{DIV}{'<p>' * MAX_DEPTH}{'</p>' * MAX_DEPTH}</div></content>"),
    "too large": rss(f"<description>{'a' * fastfeed.MAX_BYTES}</description>"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_could_be_read_in_another_way_is_left_to_the_thorough_reader(name: str) -> None:
    assert quickly(ODD[name]) is None


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_not_read_quickly_either(name: str) -> None:
    text = from_its_root(BOMBS[name])
    assert text is None or quickly(text) is None


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_heavy_is_read_alike(name: str) -> None:
    text = f"<rss><channel><title>t</title><item>{HEAVY[name]}</item></channel></rss>"
    quick = quickly(text)
    assert quick is None or quick == thoroughly(text)


# Whatever comes


@settings(max_examples=examples(400))
@given(st.data())
def test_the_quick_reader_agrees_with_the_thorough_one_or_says_nothing(data: st.DataObject) -> None:
    text = Maker(lambda choices: data.draw(st.sampled_from(choices))).feed()
    quick = quickly(text)
    assert quick is None or quick == thoroughly(text)


def test_the_feeds_that_are_made_up_put_the_quick_reader_to_the_test() -> None:
    quick = sum(quickly(Maker(random.Random(number).choice).feed()) is not None for number in range(300))
    assert 60 < quick < 240


PIECES = st.sampled_from(
    [
        "<title>",
        "</title>",
        "<link>",
        "</link>",
        "<description>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&lt;b&gt;",
        "é",
        "Ã©",
        "\x85",
        "xml:base='/b/'",
        "xml:lang='eu'",
        "type='xhtml'",
        "type='html'",
        "rel='hub'",
        "<media:content>",
        "</media:content>",
        "<image>",
        "</image>",
        "<dc:date>",
        "<own:x/>",
        '"',
        "'",
        ">",
        "/>",
        "=",
        ":",
        "#",
    ]
)


@settings(max_examples=examples(400))
@given(
    st.sampled_from(sorted(UNDERSTOOD)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), PIECES, st.integers(0, 12)), min_size=1, max_size=4),
)
def test_a_feed_that_was_tampered_with_is_read_alike_or_left_to_the_thorough_reader(
    name: str, damages: list[tuple[float, str, int]]
) -> None:
    text = UNDERSTOOD[name]
    for place, piece, lost in damages:
        start = 20 + int(place * (len(text) - 20))
        text = text[:start] + piece + text[start + lost :]
    quick = quickly(text)
    assert quick is None or quick == thoroughly(text)


@settings(max_examples=examples(200))
@given(st.sampled_from(sorted(UNDERSTOOD)), st.randoms(use_true_random=False))
def test_elements_in_another_order_are_read_alike(name: str, chance: random.Random) -> None:
    text = UNDERSTOOD[name]
    start, end = text.find("<item"), text.find("</item>")
    if end < 0:
        start, end = text.find("<entry"), text.find("</entry>")
    start = text.find(">", start) + 1
    others = [UNDERSTOOD[other] for other in sorted(UNDERSTOOD) if UNDERSTOOD[other][:5] == text[:5]]
    inside = [text[start:end]] + [
        other[
            other.find(">", max(other.find("<item"), other.find("<entry"))) + 1 : max(
                other.find("</item>"), other.find("</entry>")
            )
        ]
        for other in chance.sample(others, 2)
    ]
    chance.shuffle(inside)
    mixed = text[:start] + "".join(inside) + text[end:]
    quick = quickly(mixed)
    assert quick is None or quick == thoroughly(mixed)


# Shorter ways to the same


def test_name_spaces_are_read_from_the_first_tag_as_expat_reads_them() -> None:
    for number in range(300):
        xml = Maker(random.Random(number).choice).feed().encode()
        try:
            _, expected = fasttree._parsed_with_events(xml)
        except (ParseError, fastnames.Odd):
            continue
        assert fasttree.parsed(xml)[1] == expected


@pytest.mark.parametrize(
    "tag",
    [
        "<a xmlns='urn:a' b='c' xmlns:d=\"urn:d\"\n xmlns:e = 'urn:e>'  />",
        "<a xmlns='' xmlns:b='urn:&amp;' xmlns:c='urn:c\n'/>",
        "<a b='xmlns:c' d=' xmlns=&quot;e&quot; '/>",
        "<a><b xmlns='urn:b'/></a>",
        "<a xmlns:é='urn:b'/>",
        "<a xmlns:b='urn:é'/>",
        "<a/>",
    ],
)
def test_name_spaces_of_odd_tags_are_those_that_expat_reads(tag: str) -> None:
    assert fasttree.parsed(tag.encode())[1] == fasttree._parsed_with_events(tag.encode())[1]


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_is_not_decoded_first_is_read_alike(name: str) -> None:
    text = UNDERSTOOD[name]
    undecoded = read_feed(text.encode(), url=URL)
    for body in ("\ufeff" + text, "<!-- é -->" + text, " \n<?xml version='1.0' encoding='latin1'?>" + text):
        assert read_feed(body.encode(), url=URL) == undecoded
    assert read_feed(text.encode("utf-16"), url=URL) == undecoded


PARTS = "https:// http:// : / a b.example .. ? # ; & = :80 @ [ ] %41 é /// ~ tag:"
ADDRESSES = st.lists(st.sampled_from(PARTS.split()), max_size=9).map("".join)


@given(ADDRESSES, ADDRESSES)
@example("https://a.example/b", "https://a.example/c;")
@example("https://a.example[", "https://a.example")
def test_addresses_are_joined_as_the_standard_library_joins_them(base: str, address: str) -> None:
    address = fasttexts._SLASHES.sub(r"\1\3", address)
    try:
        expected = urljoin(base, address)
    except ValueError:
        expected = ""
    assert fasttexts.joined(base, address) == expected


@given(st.text(st.sampled_from("aé\xa0\x85\x93\xc3\xa9\xc2\x80ÃŸï¿¾ž’\ud800"), max_size=8))
def test_a_text_is_repaired_wherever_it_can_be_read_anew(text: str) -> None:
    try:
        anew = text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        anew = text
    assert fasttexts.repaired(text) == anew.translate(fasttexts._WINDOWS)


SPELLED = ("{0}", "&#{1};", "&#0{1};", "&#x{1:x};", "&#x0{1:X};")


@given(st.lists(st.tuples(st.sampled_from(SPELLED), st.characters(max_codepoint=0x2100) | st.characters()), max_size=6))
@example([("{0}", "\x7f")])
@example([("&#{1};", "\x7f")])
@example([("&#x{1:x};", "\x7f")])
@example([("&#x0{1:X};", "\xbf")])
@example([("{0}", "\ufffe")])
@example([(spelled, letter) for letter in "Ã©" for spelled in ("&#{1};", "{0}")])
def test_in_a_document_that_is_sound_no_text_has_to_change(spelled: list[tuple[str, str]]) -> None:
    text = "".join(form.format(letter, ord(letter)) for form, letter in spelled if letter not in "<&")
    xml = f"<rss><a>{text}</a></rss>".encode("utf-8", "replace")
    try:
        root, _ = fasttree.parsed(xml)
    except ParseError:
        return
    said = root[0].text or ""
    if fasttexts.is_sound(xml):
        assert (fasttexts.repaired(said), fields.storable(said)) == (said, said)


def test_texts_with_usual_letters_and_signs_are_sound() -> None:
    assert fasttexts.is_sound("<rss>é Ž €… &#8230; &#x27; &#039;</rss>".encode())
    assert not fasttexts.is_sound("<rss>«a»</rss>".encode())


# What is known of feedparser


def test_every_name_that_feedparser_has_a_handler_for_is_known_to_have_a_meaning() -> None:
    handled = {name.split("_", 2)[2].lower() for name in dir(Reader) if name.startswith(("_start_", "_end_"))}
    renamed = {name for name in FeedParserDict.keymap if not name.endswith(("_detail", "_parsed"))}
    assert handled - fastplace.MEANT == set()
    assert renamed - fastplace.MEANT == set()


def test_name_spaces_elements_and_characters_are_feedparsers() -> None:
    known = {space.lower(): prefix.lower() for space, prefix in Reader.namespaces.items()}
    assert known == fastnames._KNOWN
    assert feedparser.sanitizer._HTMLSanitizer.acceptable_elements == fasttexts.ELEMENTS
    assert feedparser.html._cp1252 == fasttexts._WINDOWS


@given(st.text(st.sampled_from("a1&;#</>bi quotx- "), max_size=30))
def test_what_looks_like_html_is_what_feedparser_takes_for_it(text: str) -> None:
    assert fasttexts.looks_like_html(text) == Reader.looks_like_html(text)


def test_neither_feedparser_nor_an_event_loop_is_imported_to_read_an_ordinary_feed() -> None:
    program = (
        "import sys, aggregator.sandboxed; from aggregator.documents.feeds.reading import read_feed;"
        f"assert read_feed({rss('<title>a</title>').encode()!r}, url={URL!r}).entries;"
        "print(*({'feedparser', 'asyncio', 'lxml', 'pydantic', 'aiohttp', 'sqlalchemy'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        == "\n"
    )


# Recordings


def recordings() -> list[Path]:
    return [path for folder in ("feeds", "hostile") for path in sorted((CORPUS / folder).glob("*"))]


@pytest.mark.corpus
@pytest.mark.parametrize(
    "path",
    recordings() or [pytest.param(None, marks=pytest.mark.skip(reason="../shared/corpus is not here"))],
    ids=lambda path: path.name if path else "none",
)
def test_a_recorded_feed_is_read_alike_or_left_to_the_thorough_reader(path: Path) -> None:
    text = from_its_root(path.read_bytes())
    quick = quickly(text) if text else None
    assert quick is None or quick == thoroughly(text or "")


@pytest.mark.corpus
def test_nearly_all_recorded_feeds_are_read_quickly() -> None:
    if not CORPUS.exists():
        pytest.skip("../shared/corpus is not here")
    texts = [from_its_root(path.read_bytes()) for path in (CORPUS / "feeds").glob("*")]
    xml = [text for text in texts if text]
    assert len(xml) > 200
    assert sum(quickly(text) is not None for text in xml) > 0.9 * len(xml)


@pytest.mark.corpus
def test_read_feed_uses_what_was_read_quickly() -> None:
    text = UNDERSTOOD["media"]
    assert read_feed(text.encode(), url=URL) == quickly(text)
