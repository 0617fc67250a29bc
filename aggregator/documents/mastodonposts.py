"""Mastodon's Status and Account as values (https://docs.joinmastodon.org/entities/Status/), tolerant field by field.

Asks nothing: which pages are read is the collector's part.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.jsonparts import Object, object_at, objects_at, read_object, text_at, whole_at
from aggregator.errors import DocumentError
from aggregator.model import Author, Card, Kind, Media, Quote, Sighting

MOST_STATUSES = 100
MOST_TAGS = 60
MOST_OPTIONS = 20
# Only these may be read by everyone (https://docs.joinmastodon.org/entities/Status/#visibility).
PUBLIC = frozenset({"public", "unlisted"})
_FILMS = frozenset({"video", "gifv"})
_SHORTCODE = re.compile(r"\s*:[A-Za-z0-9_]{2,60}:")


@dataclass(frozen=True, slots=True)
class Account:
    """One account as its server shows it. `moved_to` is where its owner has gone, `hidden` why it may not be shown."""

    id: str
    name: str
    url: str | None
    moved_to: str | None
    hidden: str | None


@dataclass(frozen=True, slots=True)
class Access:
    """What a server says of itself: who may read timelines of hashtags, and where its streams are.

    `local` and `remote` are for posts from there and from elsewhere: `public`, `authenticated`, `disabled`, or empty
    where the server (before Mastodon 4.5) does not say. `streaming` is an https address or None.
    """

    local: str
    remote: str
    streaming: str | None


def read_statuses(body: bytes, *, url: str) -> tuple[Sighting, ...]:
    """A page of a timeline, in its order; `url` is the base of relative addresses. Raises DocumentError."""
    try:
        page = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DocumentError("The timeline is no JSON, or is cut short.") from error
    if not isinstance(page, list):
        raise DocumentError("The timeline is JSON, but no list of posts.")
    return tuple(seen for one in page[:MOST_STATUSES] if isinstance(one, dict) and (seen := _status(one, url)))


def read_status(text: str, *, url: str) -> Sighting | None:
    """One status, as a stream sends it; None for one without an id. Raises DocumentError."""
    return _status(read_object(text, "The post"), url)


def read_account_id(text: str) -> str:
    """Whose status it is. Raises DocumentError."""
    return text_at(object_at(read_object(text, "The post"), "account"), "id")


def read_account(body: bytes, *, url: str) -> Account:
    """An account. Raises DocumentError."""
    found = read_object(body, "The account")
    account_id = fields.identifier(text_at(found, "id"))
    if not account_id:
        raise DocumentError("The account has no id: this is no server that speaks as Mastodon does.")
    author = _author(found, url)
    moved = fields.web_address(text_at(object_at(found, "moved"), "url"), url)
    return Account(account_id, author.name, author.url, moved, _why_hidden(found))


def read_access(body: bytes) -> Access:
    """The part of an instance's description (`/api/v2/instance`) that concerns us. Raises DocumentError."""
    configuration = object_at(read_object(body, "The server's description"), "configuration")
    feeds = object_at(configuration, "timelines_access", "hashtag_feeds")
    streaming = text_at(object_at(configuration, "urls"), "streaming")
    secure = re.sub(r"^ws(?=s?://)", "http", streaming)
    return Access(text_at(feeds, "local"), text_at(feeds, "remote"), fields.web_address(secure))


def _status(status: Object, url: str) -> Sighting | None:
    entry_id = fields.identifier(text_at(status, "id"))
    if not entry_id:
        return None
    shared = object_at(status, "reblog")
    post = shared or status
    account = object_at(post, "account")
    warning = fields.plain_text(text_at(post, "spoiler_text"), fields.MAX_TITLE)
    media = tuple(_media(post, url))
    return Sighting(
        entry_id=entry_id,
        url=fields.web_address(text_at(post, "url"), url) or fields.web_address(text_at(post, "uri")),
        body_html=_body(post, url),
        language=fields.language_tag(text_at(post, "language")),
        authors=(_author(account, url),),
        media=fields.distinct_media(media),
        published_at=read_date(text_at(status, "created_at")),
        updated_at=read_date(text_at(post, "edited_at")),
        kind=Kind.VIDEO if _is_film(post) else None,
        hashtags=fields.distinct_names(text_at(tag, "name") for tag in objects_at(post, "tags", MOST_TAGS)),
        card=_card(post, url),
        quote=_quote(post, url),
        boosted_by=_author(object_at(status, "account"), url) if shared else None,
        reply_to=_reply_to(post),
        warning=warning or None,
        is_sensitive=bool(warning) or post.get("sensitive") is True,
        hidden=_why_withheld(status) or (_why_withheld(post) if shared else None),
    )


def _author(account: Object, url: str) -> Author:
    """Who it is, without the custom pictures that some write into their names."""
    name = _SHORTCODE.sub("", text_at(account, "display_name")[: fields.MAX_NAME])
    shown = fields.clean(name, fields.MAX_NAME) or fields.clean(text_at(account, "acct"), fields.MAX_NAME)
    return Author(shown, fields.web_address(text_at(account, "url"), url))


def _why_withheld(status: Object) -> str | None:
    if text_at(status, "visibility") not in PUBLIC:
        return "it is not public"
    return _why_hidden(object_at(status, "account"))


def _why_hidden(account: Object) -> str | None:
    if account.get("noindex") is True:
        return "its author asks not to be shown elsewhere (noindex)"
    if account.get("suspended") is True:
        return "its server has suspended the account"
    return "its server has limited the account" if account.get("limited") is True else None


def _reply_to(post: Object) -> str | None:
    """What it answers. A thread goes on in answers to oneself: those are posts like any other."""
    answered = fields.clean(text_at(post, "in_reply_to_id"), fields.MAX_ID)
    to_oneself = text_at(post, "in_reply_to_account_id") == text_at(object_at(post, "account"), "id")
    return answered if answered and not to_oneself else None


def _body(post: Object, url: str) -> str:
    text = fields.with_absolute_links(fields.clean(text_at(post, "content"), fields.MAX_BODY), url)
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
            fields.clean(text_at(one, "description"), fields.MAX_ALT) or None,
            whole_at(size, "width"),
            whole_at(size, "height"),
        )


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
    text = fields.clean(text_at(quoted, "content"), fields.MAX_TITLE) if is_open else ""
    return Quote(address, _author(object_at(quoted, "account"), url), text)
