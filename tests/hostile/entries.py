"""One hostile thing in all the fields that each kind of source has: how its server would write it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any

from aggregator.documents.fields import web_address
from tests import telegram_pages as telegram
from tests.documents.icals import calendar, event
from tests.hostile.payloads import COUNT, LINKS, TEXTS, together

NEWEST = datetime(2026, 11, 23, 8, tzinfo=UTC)
CHANNEL = "UCaB3dEfGhIjKlMnOpQrStUv"


@dataclass(frozen=True)
class Hostile:
    """What is put into every text field, and into every field for an address. No two have the same number."""

    number: int
    text: str
    link: str

    @property
    def at(self) -> datetime:
        return NEWEST - timedelta(minutes=self.number)

    @property
    def html(self) -> str:
        """A body: the text as markup, and the address as a link, a picture and a quotation's source."""
        link = escape(self.link)
        return (
            f'{self.text}<p>{escape(self.text)} <a href="{link}" title="{escape(self.text)}">on</a></p>'
            f'<img src="{link}" alt="{escape(self.text)}"><blockquote cite="{link}">{self.text}</blockquote>'
        )


def hostiles(kind: int) -> list[Hostile]:
    """Every text and every address once, paired differently for each kind. `kind` is a number of its own."""
    return [
        Hostile(10_000 + 100 * kind + n, f"{text} No. {10_000 + 100 * kind + n}", LINKS[(n + kind) % COUNT])
        for n, text in enumerate(together())
    ]


def x(text: str) -> str:
    """For XML, which cannot carry most control characters."""
    return escape("".join(c for c in text if c in "\t\n" or c >= " "))


def rss(things: Iterable[Hostile]) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{h.number}</guid><link>{x(h.link)}</link><title>{x(h.text)}</title>"
        f"<description>{x(h.text)}</description><content:encoded>{x(h.html)}</content:encoded>"
        f"<author>{x(h.text)}</author><dc:creator>{x(h.text)}</dc:creator>"
        f"<category domain='{x(h.link)}'>{x(h.text)}</category><comments>{x(h.link)}</comments>"
        f"<enclosure url='{x(h.link)}' type='image/png' length='1'/>"
        f"<media:content url='{x(h.link)}' medium='image'><media:title>{x(h.text)}</media:title>"
        f"<media:description>{x(h.text)}</media:description></media:content><media:thumbnail url='{x(h.link)}'/>"
        f"<pubDate>{format_datetime(h.at)}</pubDate></item>"
        for h in things
    )
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        f"<title>{x(TEXTS[0])}</title><link>https://town.example/</link><description>x</description>{items}"
        "</channel></rss>"
    )


def rdf(things: Sequence[Hostile]) -> str:
    items = "".join(
        f'<item rdf:about="https://town.example/{h.number}"><title>{x(h.text)}</title><link>{x(h.link)}</link>'
        f"<description>{x(h.html)}</description><dc:creator>{x(h.text)}</dc:creator><dc:subject>{x(h.text)}</dc:subject>"
        f"<dc:date>{h.at.isoformat()}</dc:date></item>"
        for h in things
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>{x(TEXTS[0])}</title></channel>{items}'
        "</rdf:RDF>"
    )


def atom(things: Iterable[Hostile]) -> str:
    """As Flickr and Reddit write it, too."""
    kinds = ("html", "text")
    entries = "".join(
        f"<entry><id>tag:town.example,{h.number}</id><title type='{kinds[h.number % 2]}'>{x(h.text)}</title>"
        f"<summary type='{kinds[h.number // 2 % 2]}'>{x(h.text)}</summary><content type='html'>{x(h.html)}</content>"
        f"<author><name>{x(h.text)}</name><uri>{x(h.link)}</uri></author><link href='{x(h.link)}'/>"
        f"<link rel='alternate' hreflang='{x(h.text)}' href='{x(h.link)}'/>"
        f"<link rel='enclosure' type='image/png' href='{x(h.link)}' title='{x(h.text)}'/>"
        f"<category term='{x(h.text)}' label='{x(h.text)}' scheme='{x(h.link)}'/>"
        f"<updated>{h.at.isoformat()}</updated></entry>"
        for h in things
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{x(TEXTS[0])}</title><id>town</id>{entries}</feed>'


def youtube(things: Iterable[Hostile]) -> str:
    entries = "".join(
        f"<entry><id>yt:video:{h.number}</id><yt:videoId>{h.number}</yt:videoId><title>{x(h.text)}</title>"
        f"<link rel='alternate' href='{x(h.link)}'/><author><name>{x(h.text)}</name><uri>{x(h.link)}</uri></author>"
        f"<published>{h.at.isoformat()}</published><media:group><media:title>{x(h.text)}</media:title>"
        f"<media:content url='{x(h.link)}'/><media:thumbnail url='{x(h.link)}' width='480' height='360'/>"
        f"<media:description>{x(h.text)}</media:description></media:group></entry>"
        for h in things
    )
    return (
        '<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" '
        f'xmlns="http://www.w3.org/2005/Atom"><id>yt:channel:{CHANNEL}</id><title>x</title>{entries}</feed>'
    )


def json_item(h: Hostile) -> dict[str, Any]:
    return {
        "id": str(h.number), "url": h.link, "external_url": h.link, "title": h.text, "content_html": h.html,
        "content_text": h.text, "summary": h.text, "image": h.link, "banner_image": h.link, "tags": [h.text],
        "authors": [{"name": h.text, "url": h.link, "avatar": h.link}], "language": "en",
        "date_published": h.at.isoformat(), "attachments": [{"url": h.link, "mime_type": "image/png", "title": h.text}],
    }  # fmt: skip


def json_feed(things: Iterable[Hostile]) -> str:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": TEXTS[0], "items": [json_item(h) for h in things]}
    return json.dumps(feed)


def preview(things: Iterable[Hostile]) -> str:
    """A page of Telegram's, the last the newest."""
    return telegram.page(
        telegram.message(
            h.number - 10_000,
            telegram.forwarded(escape(h.text), escape(h.link), escape(h.text))
            + telegram.text(f'{escape(h.text)} <a href="{escape(h.link)}">{escape(h.text)}</a>')
            + telegram.photo(escape(h.link), escape(h.link))
            + telegram.poll(*[escape(h.text)] * 3)
            + telegram.file(escape(h.text), escape(h.text))
            + telegram.preview(escape(h.link), escape(h.text), escape(h.text), escape(h.link)),
            signature=escape(h.text),
        )
        for h in things
    )


def agenda(things: Iterable[Hostile]) -> bytes:
    def line(text: str) -> str:
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")

    return calendar(
        *(
            event(
                f"{h.number}@town.example",
                f":{NEWEST + timedelta(days=9, minutes=h.number):%Y%m%dT%H%M%SZ}",
                f"SUMMARY:{line(h.text)}",
                f"DESCRIPTION:{line(h.html)}",
                f"LOCATION:{line(h.text)}",
                f"URL:{line(h.link)}",
                f"CATEGORIES:{line(h.text)}",
                f'ORGANIZER;CN="{line(h.text).replace(chr(34), "")}":mailto:x@town.example',
                f"ATTACH;FMTTYPE=image/png:{line(h.link)}",
            )
            for h in things
        )
    )


def listing(things: Iterable[Hostile]) -> str:
    """Entries of a page are known by their addresses, so each has one of its own that can be one."""

    def address(h: Hostile) -> str:
        return escape(f"{h.link}{h.number}" if web_address(h.link) else f"/news/{h.number}")

    rows = "".join(
        f'<li><b>{escape(h.text)}</b><a href="{address(h)}">on</a><a href="{escape(h.link)}">off</a>'
        f'<i>{h.at:%Y-%m-%d}</i><p>{escape(h.text)}</p><img src="{escape(h.link)}" alt="{escape(h.text)}"></li>'
        for h in things
    )
    return f"<!doctype html><title>{escape(TEXTS[0])}</title><ul>{rows}</ul>"


def letter(h: Hostile) -> bytes:
    mail, line = EmailMessage(), " ".join(x_plain(h.text).split())
    mail["From"] = f'"{line.replace(chr(92), "").replace(chr(34), "")}" <news@town.example>'
    mail["Subject"] = line
    mail["Message-ID"] = f"<{h.number}@town.example>"
    mail["Date"] = h.at
    mail["List-Archive"] = f"<https://town.example/{h.number}>"
    mail.set_content(h.text)
    mail.add_alternative(h.html, subtype="html")
    return mail.as_bytes()


def x_plain(text: str) -> str:
    """What a header may hold."""
    return "".join(c for c in text if c.isprintable())
