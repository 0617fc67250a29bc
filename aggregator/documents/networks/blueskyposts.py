"""Posts as Bluesky's AppView shows them (lexicon app.bsky.feed.defs#postView, #feedViewPost) as sightings.

Tolerant field by field: nothing in a post makes this raise. What a post carries is `blueskyembeds`' part.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.jsonparts import NOTHING, Object, as_object, object_at, text_at
from aggregator.documents.networks.aturis import POST, AtUri, read_at_uri
from aggregator.documents.networks.blueskyactors import read_author
from aggregator.documents.networks.blueskyembeds import carried_by
from aggregator.documents.networks.blueskylabels import Verdict, judge_labels
from aggregator.documents.networks.richtext import hashtags, rich_text
from aggregator.model import Kind, Sighting

# No network of short posts is older, so what says it is was written by a clock that stands at zero.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_REPOST_REASON = "app.bsky.feed.defs#reasonRepost"


def read_post(view: object, reason: object = None) -> Sighting | None:
    """The post of a `postView`, or None for what is none. `reason` says why a feed shows it: it may be a repost.

    A repost's `entry_id` is the repost's own record, so that an account can pass on a post of its own; its date is
    the repost's, because feeds are sorted by that.
    """
    post = as_object(view)
    uri, record = read_at_uri(post.get("uri")), object_at(post, "record")
    author, by = object_at(post, "author"), _reposter(reason)
    # Without its people nobody can say whether it may be shown.
    if uri is None or uri.collection != POST or not record or not author or by is None:
        return None
    carried = carried_by(post.get("embed"))
    labels = judge_labels(post, record, author, by) | Verdict(None, carried.warnings)
    repost = as_object(reason) if by else NOTHING
    return Sighting(
        entry_id=_entry_id(uri, repost, by),
        url=uri.page(),
        body_html=rich_text(record),
        language=_language(record),
        authors=(read_author(author, uri.did),),
        media=fields.distinct_media(carried.media),
        published_at=_published(record, post, repost),
        kind=Kind.VIDEO if carried.is_video else Kind.POST,
        hashtags=hashtags(record),
        card=carried.card,
        quote=carried.quote,
        boosted_by=read_author(by, "") if by else None,
        reply_to=_reply_to(record),
        warning=_warning(labels.warnings),
        is_sensitive=bool(labels.warnings),
        hidden=labels.hidden,
    )


def _reposter(reason: object) -> Object | None:
    """Who passed the post on; nothing where nobody did, None where that is not said."""
    thing = as_object(reason)
    return object_at(thing, "by") or None if thing.get("$type") == _REPOST_REASON else NOTHING


def _entry_id(uri: AtUri, repost: Object, by: Object) -> str:
    if not by:
        return fields.identifier(str(uri))
    record = read_at_uri(repost.get("uri"))
    # AppViews of before 2025 do not name the repost's record.
    return fields.identifier(str(record) if record else f"{uri}#reposted-by-{text_at(by, 'did')}")


def _published(record: Object, post: Object, repost: Object) -> datetime | None:
    """When it was posted: what the author's clock says, unless that is after it was seen, or absurdly long before.

    That is the network's own `sortAt` (https://docs.bsky.app/docs/advanced-guides/timestamps).
    """
    if repost and (reposted_at := read_date(text_at(repost, "indexedAt"))):
        return reposted_at
    created, indexed = read_date(text_at(record, "createdAt")), read_date(text_at(post, "indexedAt"))
    if created is None or created < EARLIEST:
        return indexed
    return min(created, indexed) if indexed else created


def _language(record: Object) -> str | None:
    """The declared language. Several say nothing of which words are in which, so the words are asked."""
    langs = record.get("langs")
    only = langs[0] if isinstance(langs, list) and len(langs) == 1 else None
    return fields.language_tag(only) if isinstance(only, str) else None


def _reply_to(record: Object) -> str | None:
    """The post that it answers; its thread's beginning where that cannot be read, for it answers something."""
    reply = record.get("reply")
    if not isinstance(reply, dict):
        return None
    named = (read_at_uri(object_at(reply, which).get("uri")) for which in ("parent", "root"))
    return next((fields.identifier(str(uri)) for uri in named if uri), "at://?")


def _warning(warnings: tuple[str, ...]) -> str | None:
    words = ", ".join(warnings)
    return f"{words[:1].upper()}{words[1:]}" if words else None
