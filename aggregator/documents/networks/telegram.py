"""The public preview page of a Telegram channel (https://t.me/s/NAME) as values. Fetches nothing.

The markup is Telegram's own widget's, whose classes begin with `tgme_` and have been the same for years. It gives no
description of pictures, and no time of an edit. Left out are service messages («Channel created») and posts of which
the page shows nothing that could be passed on: stickers, voice, places, what only the app can show.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import lxml.etree
import lxml.html

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.encodings import decode
from aggregator.documents.networks.telegramtext import inner_html, words_of
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Card, Media, Quote, Sighting

_PAGE_CHARACTERS = 4_000_000
_MOST_POSTS = 200
_WIDGET = "tgme_widget_message"
_POST = re.compile(r"([A-Za-z0-9_]{1,64})/(\d{1,18})")
_PICTURE = re.compile(r"""background-image\s*:\s*url\(\s*["']?([^"')\s]{1,4000})""", re.IGNORECASE)
# What shows pictures and the pictures of films, whatever they are wrapped in.
_PICTURED = frozenset({f"{_WIDGET}_photo_wrap", f"{_WIDGET}_video_thumb", f"{_WIDGET}_roundvideo_thumb"})
_PREVIEWED = frozenset({"link_preview_image", "link_preview_right_image", "link_preview_video_thumb"})

_Element: TypeAlias = lxml.html.HtmlElement


@dataclass(frozen=True, slots=True)
class Post:
    """One post by its number in the channel. `is_edited` says that it was edited, but not when."""

    number: int
    is_edited: bool
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Preview:
    """A page of a channel: its posts, oldest first, and what is older than `oldest` is on the page before it."""

    title: str | None
    posts: tuple[Post, ...]
    newest: int | None
    oldest: int | None
    has_older: bool


def read_preview(body: bytes, *, url: str, name: str, charset: str | None = None) -> Preview:
    """The page of the channel `name` that was fetched from `url` in the end.

    It has no posts at all where Telegram says that there are none; Telegram says so, too, to those who ask too often.
    Raises DocumentError where it is no channel's preview.
    """
    text = decode(body, f"charset={charset}" if charset else None, is_page=True)[:_PAGE_CHARACTERS]
    try:
        page = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=_parser())
    except (lxml.etree.LxmlError, ValueError) as error:
        raise DocumentError(f"The page of {name} at Telegram could not be read.") from error
    if not isinstance(page, lxml.html.HtmlElement):
        raise DocumentError(f"The page of {name} at Telegram could not be read.")
    messages = [each for each in page.find_class(_WIDGET) if _POST.fullmatch(each.get("data-post") or "")]
    if not messages and not page.find_class("tme_no_messages_found"):
        raise DocumentError(_why_nothing(page, name))
    numbers = [int((each.get("data-post") or "").rpartition("/")[2]) for each in messages]
    title = _words(page, "tgme_channel_info_header_title", fields.MAX_TITLE) or None
    posts = (_post(each, title or name, url) for each in messages[-_MOST_POSTS:])
    return Preview(
        title=title,
        posts=tuple(post for post in posts if post),
        newest=max(numbers, default=None),
        oldest=min(numbers[-_MOST_POSTS:], default=None),
        has_older=any(each.get("data-before") for each in page.find_class("tme_messages_more")),
    )


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", no_network=True)


def _why_nothing(page: _Element, name: str) -> str:
    if page.find_class("tgme_channel_history"):
        return f"Telegram shows the channel {name}, but no posts that can be read: it may have changed its pages."
    return (
        f"Telegram shows no posts of {name} to the public: it is a group, a person or a private channel, has another "
        f"name, or does not allow a preview; what everybody can see is at https://t.me/s/{name}"
    )


def _post(message: _Element, channel: str, base: str) -> Post | None:
    found = _POST.fullmatch(message.get("data-post") or "")
    if found is None or "service_message" in _classes(message):
        return None
    name, number = found[1], int(found[2])
    here = f"https://t.me/{name}"
    owner = Author(_words(message, f"{_WIDGET}_owner_name") or channel, here)
    is_edited = any("edited" in words_of(each) for each in message.find_class(f"{_WIDGET}_meta"))
    reply_to, quote = _reply(message, name, base)
    first_authors, alternates = _forwarded(message, base)
    card, shown = _card(message, base), list(_pictures(message, base))
    body, hashtags = _body(message, f"{here}/{number}", base)
    if not body and not shown and card is None:
        return None
    sighting = Sighting(
        entry_id=f"{name}/{number}",
        url=f"{here}/{number}",
        body_html=body,
        authors=first_authors or fields.distinct_authors((owner, Author(_words(message, f"{_WIDGET}_from_author")))),
        media=fields.distinct_media(shown),
        alternates=alternates,
        published_at=_date(message),
        hashtags=hashtags,
        card=card,
        quote=quote,
        boosted_by=owner if first_authors else None,
        reply_to=reply_to,
    )
    return Post(number, is_edited, sighting)


def _reply(message: _Element, name: str, base: str) -> tuple[str | None, Quote | None]:
    """What it answers, and takes that out of the message; a channel that answers itself quotes what it said before."""
    for reply in message.find_class(f"{_WIDGET}_reply"):
        address = fields.web_address(reply.get("href"), base)
        author = _words(reply, f"{_WIDGET}_author_name")
        said = _words(reply, "js-message_reply_text", fields.MAX_ALT) or _words(reply, f"{_WIDGET}_metatext")
        _take_out(reply)
        if address and f"/{name}/".lower() in address.lower():
            return None, Quote(address, Author(author) if author else None, html.escape(said))
        return address or "a post that is not public", None
    return None, None


def _take_out(element: _Element) -> None:
    # Emptied where it stands: what follows it would have to be written anew, and may hold what lxml does not write.
    if element.getparent() is not None:
        element.clear(keep_tail=True)


def _forwarded(message: _Element, base: str) -> tuple[tuple[Author, ...], tuple[Alternate, ...]]:
    """Who wrote a post that the channel passes on, and where it was first."""
    for source in message.find_class(f"{_WIDGET}_forwarded_from_name"):
        address = fields.web_address(source.get("href"), base)
        channel = re.sub(r"/\d+/?(?:\?.*)?$", "", address) if address else None
        signed = Author(_words(message, f"{_WIDGET}_forwarded_from_author"))
        first = Author(fields.clean(words_of(source), fields.MAX_NAME) or "somebody else", channel)
        return fields.distinct_authors((first, signed)), (Alternate(address),) if address else ()
    if message.find_class(f"{_WIDGET}_forwarded_from"):
        return (Author("somebody else"),), ()
    return (), ()


def _card(message: _Element, base: str) -> Card | None:
    for preview in message.find_class(f"{_WIDGET}_link_preview"):
        if address := fields.web_address(preview.get("href"), base):
            title = _words(preview, "link_preview_title", fields.MAX_TITLE) or _words(preview, "link_preview_site_name")
            return Card(address, title or None, _words(preview, "link_preview_description", fields.MAX_ALT) or None)
    return None


def _pictures(message: _Element, base: str) -> Iterator[Media]:
    """The post's own pictures first, then the one of the page that it links to."""
    for wanted in (_PICTURED, _PREVIEWED):
        for element in message.iter("a", "i", "div"):
            found = _PICTURE.search(element.get("style") or "") if wanted & _classes(element) else None
            if found and (address := fields.web_address(found[1], base)):
                yield Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE))


def _body(message: _Element, url: str, base: str) -> tuple[str, tuple[str, ...]]:
    """The words as HTML, with what stands for them in a poll or beside a file; and the hashtags in them."""
    parts, hashtags = [], []
    for text in message.find_class("js-message_text")[:1]:
        written, named = inner_html(text, base)
        parts.append(written)
        hashtags += named
    for file in message.find_class(f"{_WIDGET}_document_wrap")[:10]:
        title, size = _words(file, f"{_WIDGET}_document_title"), _words(file, f"{_WIDGET}_document_extra")
        if title:
            parts.append(f'<p><a href="{url}">{html.escape(title)}</a> {html.escape(size)}</p>')
    for poll in message.find_class(f"{_WIDGET}_poll")[:1]:
        options = (_words(each, f"{_WIDGET}_poll_option_text") for each in poll.find_class(f"{_WIDGET}_poll_option"))
        question = html.escape(_words(poll, f"{_WIDGET}_poll_question"))
        # Not how many chose what: that changes with every look.
        parts.append(f"<p>{question}</p><ul>{''.join(f'<li>{html.escape(each)}</li>' for each in options)}</ul>")
    return fields.clean("".join(parts), fields.MAX_BODY), fields.distinct_names(hashtags)


def _date(message: _Element) -> datetime | None:
    """A film has a time, too: how long it is."""
    dates = (time.get("datetime") for link in message.find_class(f"{_WIDGET}_date") for time in link.iter("time"))
    return next((moment for each in dates if each and (moment := read_date(each))), None)


def _classes(element: _Element) -> frozenset[str]:
    return frozenset((element.get("class") or "").split())


def _words(element: _Element, class_name: str, limit: int = fields.MAX_NAME) -> str:
    """The text of the first element of that class in there, or an empty one."""
    found = element.find_class(class_name)
    return fields.clean(words_of(found[0]), limit) if found else ""
