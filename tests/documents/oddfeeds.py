"""Makes well-formed feeds that are as odd as feeds get, from the choices that it is given; checks nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

ATOM = "http://www.w3.org/2005/Atom"
XHTML = "http://www.w3.org/1999/xhtml"


SPACES = {
    "atom": (ATOM, ATOM.upper().replace("HTTP", "http")),
    "content": ("http://purl.org/rss/1.0/modules/content/", "http://purl.org/rss/1.0/modules/content"),
    "dc": ("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.1", "urn:dc"),
    "dcterms": ("http://purl.org/dc/terms/",),
    "feedburner": ("http://rssnamespace.org/feedburner/ext/1.0",),
    "itunes": ("http://www.itunes.com/dtds/podcast-1.0.dtd", "http://www.itunes.com/DTDs/PodCast-1.0.dtd"),
    "media": ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss", "https://search.yahoo.com/mrss/"),
    "sy": ("http://purl.org/rss/1.0/modules/syndication/",),
    "slash": ("http://purl.org/rss/1.0/modules/slash/",),
    "wfw": ("http://wellformedweb.org/CommentAPI/",),
    "thr": ("http://purl.org/syndication/thread/1.0", "http://purl.org/rss/1.0/modules/threading/"),
    "georss": ("http://www.georss.org/georss",),
    "at": ("http://purl.org/atompub/tombstones/1.0",),
    "cc": ("http://cyber.law.harvard.edu/rss/creativeCommonsRssModule.html", "http://web.resource.org/cc/"),
    "rdf": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#",),
    "h": (XHTML,),
    "own": ("urn:own", "http://purl.org/dc/elements/1.1/", ATOM, "http://search.yahoo.com/mrss/"),
}
_TEXTS = (
    "|Heat| |\n\t |Heat &amp; light|AT&amp;amp;T|1 &lt; 2|&lt;b&gt;bold&lt;/b&gt;|"
    "&lt;blink&gt;x&lt;/blink&gt;|<![CDATA[<p>A <i>roof</i> &nbsp; &amp; more</p>]]>|<![CDATA[]]>|"
    "<![CDATA[ ]]>|<!-- a comment -->|<?an instruction?>|Año|CafÃ©|Ã©|&#133;|&#x92;s|\x85|&#xa0;|\u2028|"
    "&amp;eacute;|&amp;unknown;|&amp;#8217;|&lt;/p&gt;|https://p.example/1|https://p.example/?a=1&amp;b=2|"
    "?a=1&amp;copy;2|http:////p.example//x|//h.example/a|/root|a/b|../up|mailto:a@b.example|javascript:x|"
    "http://[|tag:p.example,2026:1|https://p.example/é|#n|HTTPS://P.example:80/|"
    "Mon, 02 Nov 2026 10:00:00 +0100|2026-11-02T10:00:00Z|2 noviembre 2026|Δευ, 02 Νοε 2026 10:00:00 GMT|"
    "03/04/2026|0000-00-00|marta@p.example (Marta Gil)|Marta Gil|&lt;marta@p.example&gt; Marta|en_GB|eu|"
    "a, b,,c|true|false|60|daily|24|Monday|&lt;img src='pic.png'&gt;|&lt;a href=/x&gt;y&lt;/a&gt;|"
    "<![CDATA[<img src=pic.png><a href='https://p.example/x'>y</a>]]>"
)
TEXTS = tuple(_TEXTS.split("|"))
_NAMES = """
    title title link link guid id description description summary content content:encoded category author
    pubDate pubdate published updated created dc:date dcterms:modified dcterms:issued modified issued
    lastBuildDate dc:creator dc:subject dc:title dc:description dc:language language dc:identifier dc:rights
    dc:publisher media:content media:thumbnail media:group media:title media:description media:credit
    media:keywords media:category media:text media:rating media:player media:community enclosure image source
    comments contributor itunes:image itunes:author itunes:summary itunes:subtitle itunes:keywords
    itunes:category itunes:explicit itunes:duration itunes:owner feedburner:origLink atom:link atom:id
    atom:updated atom:author atom:title slash:comments wfw:commentRss thr:total georss:point georss:box
    cc:license own:thing own:title own:creator own:link thing date tags keywords subtitle generator rights
    copyright webMaster managingEditor docs cloud ttl skipHours skipDays sy:updatePeriod sy:updateFrequency
    textInput icon logo at:deleted-entry name url uri email width hour day time links picture svg body h:body
    h:p item entry channel feed rss fullitem abstract tagline info items own:item media_text
"""
NAMES = tuple(_NAMES.split())
_INSIDE = """
    author name email uri url own:thing title
    atom:author name email uri atom:name
    contributor name email uri
    media:content media:title media:description media:thumbnail media:credit media:player media:keywords
    media:group media:title media:description media:content media:thumbnail media:community media:category
    image url title link width height description
    textInput title description name link
    source title id link updated author rights category summary
    skipHours hour hour day
    skipDays day day
    itunes:owner itunes:name itunes:email
    itunes:category itunes:category
    at:deleted-entry link at:by at:comment
    at:by name email
    thing thing own:thing title
    own:thing own:thing thing link
    pubDate time
    media:community media:statistics
    items rdf:Seq
"""
INSIDE = {line.split()[0]: tuple(line.split()[1:]) for line in _INSIDE.strip().splitlines()}
_ATTRIBUTES = """
    href href href rel rel type type url uri isPermaLink ispermalink term label scheme domain length xml:lang
    xml:lang lang xml:base base medium width height alt text src mode version ref when xml:space thr:count
    own:href own:type rdf:about rdf:resource HREF title hreflang value kind
"""
ATTRIBUTES = tuple(_ATTRIBUTES.split())
_VALUES = (
    "| |https://p.example/a|/a|a b|../é|text|html|xhtml|text/html|text/plain|application/xhtml+xml|HTML|"
    "image/jpeg|alternate|self|hub|enclosure|SELF|related|true|false|en|eu_ES||640|12px|image|base64|escaped|"
    "x&amp;y|https://p.example/base/|http://p.example|/base/|sub/|mailto:a@b.example|heat|audio/mpeg|"
    "application/octet-stream|2.0"
)
VALUES = tuple(_VALUES.split("|"))
# What makes a feed one for the thorough reader, wherever it stands.
_WILD_NAMES = """
    abstract at:deleted-entry body channel date day email entry feed h:body hour item itunes:owner links
    media:text media_text name own:item picture rss skipDays skipHours svg sy:updateFrequency sy:updatePeriod
    tags textInput time ttl uri url width
"""
WILD_NAMES = set(_WILD_NAMES.split())
_WILD_ATTRIBUTES = """
    HREF base ispermalink mode own:href own:type uri xml:base
"""
WILD_ATTRIBUTES = set(_WILD_ATTRIBUTES.split())
WILD_VALUES = {"image/jpeg", "audio/mpeg", "application/octet-stream", "base64", "enclosure", "", " "}
_OF_FEEDS = """
    title link link description language ttl skipHours skipDays sy:updatePeriod sy:updateFrequency image
    textInput
"""
OF_FEEDS = tuple(_OF_FEEDS.split())
TAGS = ("p", "div", "b", "a", "img", "br", "title", "body", "svg", "SPAN")


class Maker:
    """Writes one feed; every other time a tame one, which a quick reading may well understand."""

    def __init__(self, choose: Callable[[Sequence], object]) -> None:
        self._choose = choose
        self._is_tame = choose((True, True, False))

    def one_in(self, number: int) -> bool:
        return self._choose(range(number)) == number - 1

    def some(self, most: int) -> range:
        return range(self._choose(range(most + 1)))

    def feed(self) -> str:
        kind = self._choose(("rss", "rss", "atom", "atom", "rdf"))
        declared = "".join(
            f' xmlns:{prefix}="{self._choose(uris) if self.one_in(12) else uris[0]}"' for prefix, uris in SPACES.items()
        )
        if self.one_in(12):
            declared += f' xmlns:{self._choose(("m", "dc2", "ATOM2", "X"))}="{self._choose(self._choose(list(SPACES.values())))}"'
        inside = "".join(
            self.element(self.name() if self.one_in(2) else self._choose(OF_FEEDS), 0) for _ in self.some(6)
        )
        item = "entry" if kind == "atom" else "item"
        items = "".join(
            f"<{item}{self.attributes(2) if self.one_in(4) else ''}>"
            + "".join(self.space() + self.element(self.name(), 0) for _ in self.some(9))
            + f"</{item}>"
            for _ in self.some(3)
        )
        after = self.element(self.name(), 0) if self.one_in(6) else ""
        more = self.attributes(2) if self.one_in(4) else ""
        if kind == "atom":
            default = self._choose((ATOM, ATOM, ATOM, "http://purl.org/atom/ns#", "urn:unknown"))
            return f'<feed xmlns="{default}"{declared}{more}>{inside}{items}{after}</feed>'
        if kind == "rdf":
            return f'<rdf:RDF xmlns="http://purl.org/rss/1.0/"{declared}{more}><channel>{inside}</channel>{items}{after}</rdf:RDF>'
        version = self._choose((' version="2.0"', ' version="0.91"', ""))
        return f"<rss{version}{declared}{more}><channel{self.attributes(1) if self.one_in(8) else ''}>{inside}{items}{after}</channel></rss>"

    def name(self) -> str:
        # The first are what feeds are made of.
        name = self._choose(NAMES[:24]) if not self.one_in(3) else self._choose(NAMES)
        return "title" if self._is_tame and name in WILD_NAMES else name

    def element(self, name: str, depth: int) -> str:
        if name in {"item", "entry", "channel", "feed", "rss", "svg", "body"} and not self.one_in(4):
            name = "title"
        inside = self.text()
        if name in INSIDE and depth < 4:
            inside += "".join(self.element(self._choose(INSIDE[name]), depth + 1) + self.space() for _ in self.some(3))
        elif not self._is_tame and self.one_in(20) and depth < 4:
            inside += self.element(self.name(), depth + 1)
        attributes = self.attributes(3) if self.one_in(2) else ""
        if 'type="xhtml"' in attributes or (not self._is_tame and self.one_in(40)):
            space = self._choose((f' xmlns="{XHTML}"', f' xmlns="{XHTML}"', ""))
            inside = (
                self.space()
                + f"<div{space}>{self.markup(0)}</div>"
                + self.space()
                + (self.text() if self.one_in(8) else "")
            )
        return f"<{name}{attributes}>{inside}</{name}>" if inside or self.one_in(2) else f"<{name}{attributes}/>"

    def markup(self, depth: int) -> str:
        pieces = [self.text()]
        for _ in self.some(2) if depth < 3 else ():
            tag = self._choose(TAGS if self.one_in(6) else TAGS[:6])
            pieces.append(
                f"<{tag}{self.attributes(2) if self.one_in(4) else ''}>{self.markup(depth + 1)}</{tag}>{self.text()}"
            )
        return "".join(pieces)

    def text(self) -> str:
        return "".join(self._choose(TEXTS) for _ in self.some(3))

    def space(self) -> str:
        return str(self._choose(("", "", "\n  ", "<!-- x -->", " <?x y?> ", "stray text")))

    def attributes(self, most: int) -> str:
        names = {self._choose(ATTRIBUTES): self._choose(VALUES) for _ in self.some(most)}
        if self._is_tame:
            names = {
                name: value for name, value in names.items() if name not in WILD_ATTRIBUTES and value not in WILD_VALUES
            }
            if "type" in names and names["type"] not in {"text", "html", "xhtml", "text/html", "text/plain"}:
                del names["type"]
        return "".join(f' {name}="{value}"' for name, value in names.items())
