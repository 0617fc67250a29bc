"""Mastodon's Status as a sighting (https://docs.joinmastodon.org/entities/Status/), tolerant field by field.

Asks nothing: which pages are read is the collector's part.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.jsonparts import Object, object_at, objects_at, read_object, text_at, whole_at
from aggregator.documents.networks.mastodonaccounts import author, identity, read_list, why_hidden, without_emoji
from aggregator.model import Card, Kind, Media, Quote, Sighting

MOST_TAGS = 60
MOST_OPTIONS = 20
# Only these may be read by everyone (https://docs.joinmastodon.org/entities/Status/#visibility).
PUBLIC = frozenset({"public", "unlisted"})
_FILMS = frozenset({"video", "gifv"})
# What a server writes for readers that know no quotes. Bounded, so that no text makes it slow.
_INSTEAD_OF_QUOTE = re.compile(
    r'<p\s(?:[^<>]{0,200}\s)?class="[^"<>]{0,100}\bquote-inline\b[^"<>]{0,100}"[^<>]{0,200}>'
    r"(?:[^<]|<(?!/?p\b)){0,4000}</p>"
)


def read_statuses(body: bytes, *, url: str) -> tuple[Sighting, ...]:
    """A page of a timeline, in its order; `url` is the base of relative addresses. Raises DocumentError."""
    return tuple(read_list(body, "The timeline", functools.partial(_status, url=url)))


def read_status(text: str | bytes, *, url: str, account: str | None = None) -> Sighting | None:
    """One status, as a stream sends it; None for one without an id, or of another account. Raises DocumentError."""
    status = read_object(text, "The post")
    is_anothers = account is not None and identity(object_at(status, "account").get("id")) != account
    return None if is_anothers else _status(status, url)


def _status(status: Object, url: str) -> Sighting | None:
    entry_id = identity(status.get("id"))
    if not entry_id:
        return None
    shared = object_at(status, "reblog")
    post = shared or status
    account = object_at(post, "account")
    plain = without_emoji(post)
    warning = plain(fields.plain_text(text_at(post, "spoiler_text"), fields.MAX_TITLE)).strip()
    media = tuple(_media(post, url)) or tuple(_of_card(post, url))
    return Sighting(
        entry_id=entry_id,
        url=fields.web_address(text_at(post, "url"), url) or fields.web_address(text_at(post, "uri")),
        body_html=plain(_body(post, url)),
        language=fields.language_tag(text_at(post, "language")),
        authors=(author(account, url),),
        media=fields.distinct_media(media),
        published_at=read_date(text_at(status, "created_at")),
        updated_at=read_date(text_at(post, "edited_at")),
        kind=Kind.VIDEO if _is_film(post) else None,
        hashtags=fields.distinct_names(text_at(tag, "name") for tag in objects_at(post, "tags", MOST_TAGS)),
        card=_card(post, url),
        quote=_quote(post, url),
        boosted_by=author(object_at(status, "account"), url) if shared else None,
        reply_to=_reply_to(post),
        warning=warning or None,
        is_sensitive=bool(warning) or post.get("sensitive") is True,
        hidden=_why_withheld(status) or (_why_withheld(post) if shared else None),
    )


def _why_withheld(status: Object) -> str | None:
    if text_at(status, "visibility") not in PUBLIC:
        return "it is not public"
    return why_hidden(object_at(status, "account"))


def _reply_to(post: Object) -> str | None:
    """What it answers. A thread goes on in answers to oneself: those are posts like any other."""
    answered = fields.clean(text_at(post, "in_reply_to_id"), fields.MAX_ID)
    to_oneself = text_at(post, "in_reply_to_account_id") == text_at(object_at(post, "account"), "id")
    return answered if answered and not to_oneself else None


def _body(post: Object, url: str) -> str:
    """The content, without what stands there for a quote, and with what a poll lets one choose."""
    text = fields.with_absolute_links(fields.clean(text_at(post, "content"), fields.MAX_BODY), url)
    if object_at(post, "quote"):
        text = _INSTEAD_OF_QUOTE.sub("", text, count=1)
    options = [
        fields.clean(text_at(option, "title"), fields.MAX_TITLE)
        for option in objects_at(object_at(post, "poll"), "options", MOST_OPTIONS)
    ]
    listed = "".join(f"<li>{html.escape(option)}</li>" for option in options if option)
    return f"{text}<ul>{listed}</ul>" if listed else text


def _is_film(post: Object) -> bool:
    return any(text_at(one, "type") in _FILMS for one in objects_at(post, "media_attachments", fields.MAX_MEDIA))


def _media(post: Object, url: str) -> Iterator[Media]:
    """Pictures, and the still picture of a film or a sound: what is shown is never played here."""
    for one in objects_at(post, "media_attachments", fields.MAX_MEDIA):
        is_picture = text_at(one, "type") == "image"
        own = text_at(one, "url") or text_at(one, "remote_url")
        address = fields.web_address(own if is_picture else text_at(one, "preview_url"), url)
        if address is None or (not is_picture and address == own):
            continue
        size = object_at(one, "meta", "original")
        yield Media(
            address,
            fields.media_type(None, address, otherwise=fields.ANY_PICTURE),
            # Words about what is heard are none about the picture that stands for it.
            (text_at(one, "type") != "audio" and fields.clean(text_at(one, "description"), fields.MAX_ALT)) or None,
            whole_at(size, "width"),
            whole_at(size, "height"),
        )


def _of_card(post: Object, url: str) -> Iterator[Media]:
    """The picture of the page that a post leads to, of which its server has a copy; for posts without their own."""
    card = object_at(post, "card")
    address = fields.web_address(text_at(card, "image"), url)
    if address is not None and fields.web_address(text_at(card, "url"), url) is not None:
        alt = fields.clean(text_at(card, "image_description"), fields.MAX_ALT) or None
        yield Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE), alt)


def _card(post: Object, url: str) -> Card | None:
    card = object_at(post, "card")
    address = fields.web_address(text_at(card, "url"), url)
    if address is None:
        return None
    title = fields.plain_text(text_at(card, "title"), fields.MAX_TITLE) or None
    return Card(address, title, fields.plain_text(text_at(card, "description"), fields.MAX_TITLE) or None)


def _quote(post: Object, url: str) -> Quote | None:
    """What it quotes, where its author agreed (https://docs.joinmastodon.org/entities/Quote/)."""
    quote = object_at(post, "quote")
    quoted = object_at(quote, "quoted_status") if text_at(quote, "state") == "accepted" else {}
    address = fields.web_address(text_at(quoted, "url"), url)
    if address is None or _why_withheld(quoted):
        return None
    is_open = quoted.get("sensitive") is not True and not text_at(quoted, "spoiler_text")
    text = without_emoji(quoted)(fields.clean(text_at(quoted, "content"), fields.MAX_TITLE)) if is_open else ""
    return Quote(address, author(object_at(quoted, "account"), url), text)
