"""What a stream sends, and what of it WordPress's visitors get once all of WordPress has been over their page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from lxml import html

from aggregator.filters import Asked
from aggregator.model import Author, Card, Quote
from aggregator.store.about import About
from aggregator.store.stream import AlsoOn, Image, StreamFilters, Translation
from tests.integrations.looking import see
from tests.web.samples import CONFIGURATION, stream_item, stream_page
from web.strings import all_strings
from web.views import render, show_stream

MARKS = (
    """He said "no" :-) 8) -- it's 5x5 ... (c) [gallery] [mpower_stream] [/x] &amp; <b> www.x.example >:) \U0001f3f4"""
)


def whole_piece(url: str) -> str:
    """A piece with a row of everything that rows can hold, whose words WordPress would like to improve."""
    images = tuple(Image(f"{n:040x}.webp", width, width // 2) for n, width in enumerate((320, 640)))
    about = About(
        card=Card("https://a.example/card", MARKS), quote=Quote("https://a.example/quoted", Author("\u0644\u064a\u0644\u0649", None), MARKS),
        boosted_by=Author(MARKS, None),
    )  # fmt: skip
    film = stream_item(
        1, title=MARKS, summary=MARKS, kind="video", images=images, image=images[-1].name, image_alt=MARKS,
        image_width=640, image_height=320, image_colour="#aabbcc", about=about, pinned=True, story="other", language="ar",
        translations={"eu": Translation(MARKS, MARKS, "editor")},
        also_on=(AlsoOn("other", "tni", "https://tni.example/1?a[]=1&b=2", "es"),),
    )  # fmt: skip
    event = stream_item(
        2, about=About(warning=MARKS), kind="event", starts_at=datetime(2026, 12, 1, 9, tzinfo=UTC), url=None
    )
    strings = all_strings()["eu"]
    page = stream_page(film, event, next_cursor="more")
    asked = Asked(StreamFilters())
    view = show_stream(page, asked, CONFIGURATION, strings, root=url, heading_level=4)
    attributes = {"src": url, **view.attributes, "live": "", "heading-level": "4"}
    return render("fragment.html", {"view": replace(view, attributes=attributes, prefix="mpower-0123456789-"), "strings": strings})  # fmt: skip


def outline(element: Any) -> list[tuple[str, dict[str, str], str]]:
    """Every element with its attributes and words, as a browser has them."""
    return [(node.tag, dict(node.attrib), node.xpath("string()")) for node in element.iter()]


async def test_what_the_stream_sends_is_what_visitors_get_and_none_of_its_words_is_a_shortcode(
    town, stream, session
) -> None:
    sent = whole_piece(stream.url)
    for part in (
        "srcset=",
        "data-colour=",
        "mpower-play",
        "mpower-quote",
        "mpower-card",
        "mpower-original",
        "hreflang=",
    ):
        assert part in sent
    stream.answer = web.Response(text=sent, content_type="text/html")
    (expected,) = html.fromstring(f"<div>{sent}</div>").xpath("//mpower-stream")
    # Not WordPress's pictures of emoji from another host either.
    expected.set("class", "wp-exclude-emoji")
    for picture in expected.iter("img"):
        picture.set("decoding", "async")  # WordPress's own
    for content in ("<!-- wp:mpower/stream /-->", "[mpower_stream]"):
        page = await see(session, await town.publish(session, content))
        (shown,) = page.xpath("//mpower-stream")
        assert outline(shown) == outline(expected)
