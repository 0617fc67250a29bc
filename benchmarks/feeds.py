"""The farm's feeds: RSS, Atom, RDF and JSON Feed with ten to fifty entries, the same bytes for the same number."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from benchmarks import prose

NEWEST = datetime(2026, 3, 1, 12, tzinfo=UTC)
FORMATS = ("rss", "rss", "rss", "rss", "atom", "atom", "atom", "rdf", "json", "rss")
TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "json": "application/feed+json",
}
PUSHED = 1_000_000
MOST = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, before it is written in a format."""

    id: str
    link: str
    title: str
    body: str
    at: datetime
    author: str
    category: str


def format_of(number: int, *, for_all: bool) -> str:
    """The format of a feed. `for_all` gives one that every contestant reads: JSON Feed becomes RSS."""
    found = FORMATS[number % len(FORMATS)]
    return "rss" if for_all and found == "json" else found


def language_of(number: int) -> str:
    """The language of a feed's entries."""
    return prose.LANGUAGES[number % len(prose.LANGUAGES)]


def entries_of(number: int, *, version: int = 0, most: int = MOST) -> list[Entry]:
    """The entries of a feed, newest first, `most` of them. A later version has one more for each version on top."""
    draw = random.Random(number)
    count = draw.randint(10, MOST)
    old = [_entry(number, place, draw) for place in range(count)]
    new = [_entry(number, PUSHED + place, random.Random(number * 7 + place)) for place in range(version)]
    return [*reversed(new), *old][: min(count, most)]


def _entry(number: int, place: int, draw: random.Random) -> Entry:
    language = language_of(number)
    step = timedelta(hours=7, minutes=number % 60)
    at = NEWEST + timedelta(hours=1 + place - PUSHED) if place >= PUSHED else NEWEST - step * place
    link = f"https://feed{number}.example/post/{place}"
    return Entry(
        id=f"tag:feed{number}.example,2026:{place}",
        link=link,
        title=prose.title(language, draw),
        body=prose.body(language, draw),
        at=at,
        author=f"Author {number % 17}",
        category=prose.WORDS[place % len(prose.WORDS)],
    )


def render(number: int, kind: str, *, version: int = 0, most: int = MOST) -> bytes:
    """The feed's bytes."""
    entries = entries_of(number, version=version, most=most)
    return {"rss": _rss, "atom": _atom, "rdf": _rdf, "json": _json}[kind](number, entries).encode()


def _rss(number: int, entries: list[Entry]) -> str:
    items = "".join(
        f"<item><title>{escape(entry.title)}</title><link>{entry.link}</link>"
        f'<guid isPermaLink="false">{entry.id}</guid><pubDate>{format_datetime(entry.at)}</pubDate>'
        f"<dc:creator>{entry.author}</dc:creator><category>{entry.category}</category>"
        f"<description>{escape(entry.body[:200])}</description>"
        f"<content:encoded><![CDATA[{entry.body}]]></content:encoded></item>\n"
        for entry in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">\n'
        f"<channel><title>Feed {number}</title><link>https://feed{number}.example/</link>"
        f"<description>Feed {number}</description><language>{language_of(number)}</language>\n{items}</channel></rss>"
    )


def _atom(number: int, entries: list[Entry]) -> str:
    items = "".join(
        f'<entry><title>{escape(entry.title)}</title><link rel="alternate" type="text/html" href="{entry.link}"/>'
        f"<id>{entry.id}</id><published>{entry.at.isoformat()}</published><updated>{entry.at.isoformat()}</updated>"
        f'<author><name>{entry.author}</name></author><category term="{entry.category}"/>'
        f'<content type="html">{escape(entry.body)}</content></entry>\n'
        for entry in entries
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"'
        f' xml:lang="{language_of(number)}"><title>Feed {number}</title><id>tag:feed{number}.example,2026:</id>'
        f'<link rel="alternate" href="https://feed{number}.example/"/>'
        f"<updated>{entries[0].at.isoformat()}</updated>\n{items}</feed>"
    )


def _rdf(number: int, entries: list[Entry]) -> str:
    items = "".join(
        f'<item rdf:about="{entry.link}"><title>{escape(entry.title)}</title><link>{entry.link}</link>'
        f"<dc:date>{entry.at.isoformat()}</dc:date><dc:creator>{entry.author}</dc:creator>"
        f"<description>{escape(entry.body)}</description></item>\n"
        for entry in entries
    )
    order = "".join(f'<rdf:li rdf:resource="{entry.link}"/>' for entry in entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="https://feed{number}.example/"><title>Feed {number}</title>'
        f"<link>https://feed{number}.example/</link><description>Feed {number}</description>"
        f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n{items}</rdf:RDF>"
    )


def _json(number: int, entries: list[Entry]) -> str:
    items = [
        {
            "id": entry.id,
            "url": entry.link,
            "title": entry.title,
            "content_html": entry.body,
            "date_published": entry.at.isoformat(),
            "authors": [{"name": entry.author}],
            "tags": [entry.category],
        }
        for entry in entries
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"Feed {number}",
        "home_page_url": f"https://feed{number}.example/",
        "language": language_of(number),
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False)
