"""Collects posts from Bluesky: an account's, a list's, a custom feed's, or what a search finds.

What the answers mean is documents/bluesky*.py's part, what is pushed is jetstream.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.collectors.blueskyaddress import Form, Place, feed_address, fits, lacks, read_place
from aggregator.collectors.blueskypages import FORMAT, Reading, read_pages
from aggregator.collectors.contract import Collected, Outside, Shown, SourceKind
from aggregator.collectors.jetstream import listen
from aggregator.collectors.xrpc import XrpcError, did_of, pause_asked_for, query, unknown_account
from aggregator.documents import fields
from aggregator.documents.networks.aturis import POST, post_of_page, profile_page, read_at_uri
from aggregator.documents.networks.blueskyanswers import Fault, read_is_gone, read_public
from aggregator.model import Document, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

MOST_URIS = 25  # of getPosts


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the newest page again, since what was deleted is missing there, and older ones back to what is known.

    Raises CollectError. An account that is gone, or whose owner shows it only to people who are signed in, is a
    document that says so.
    """
    place = read_place(source.url)
    did = None
    if place.form is not Form.SEARCH:
        did = cursor.place.get("did") or await did_of(place.actor, place.servers.appview, outside)
    known = {**cursor.place, "did": did} if did else dict(cursor.place)
    try:
        reading = await read_pages(source, place, did, cursor, outside)
    except XrpcError as error:
        if place.form is Form.AUTHOR and did and await _is_gone(did, place, error, outside):
            return _gone(Cursor(place=known), source)
        raise _explained(error, place) from error
    if reading is None:
        return Collected(None, cursor, source.url)
    if reading.is_withheld:
        return _gone(Cursor(place=known), source)
    now = outside.now()
    newest = max((seen.published_at for seen in reading.entries if seen.published_at), default=None)
    until = {"until": min(newest, now).isoformat()} if newest else {}
    read = Cursor(etag=reading.first.etag, place=known | until)
    paused = pause_asked_for(reading.first, now)
    return Collected(_document(reading, place, did), read, source.url, not_before=paused)


async def find_gone(source: Source, shown: Sequence[Shown], outside: Outside) -> Mapping[str, bool]:
    """Which posts, or posts that were passed on, are deleted, taken down or withheld from the public by now."""
    server = read_place(source.url).servers.appview
    named = {one.entry_id: _post_uri(one) for one in shown}
    uris = list(dict.fromkeys(uri for uri in named.values() if uri))
    public: set[str] = set()
    for start in range(0, len(uris), MOST_URIS):
        answer = await query(outside, server, "app.bsky.feed.getPosts", {"uris": uris[start : start + MOST_URIS]})
        public |= await outside.reader.run(read_public, answer.body)
    return {entry_id: uri is not None and uri not in public for entry_id, uri in named.items()}


def _post_uri(shown: Shown) -> str | None:
    """The post itself, also where the entry is a repost of it."""
    own = read_at_uri(shown.entry_id)
    uri = own if own and own.collection == POST else post_of_page(shown.url)
    return str(uri) if uri else None


def _document(reading: Reading, place: Place, did: str | None) -> Document:
    entries = fields.newest_sightings(reading.entries)
    return Document(
        entries=entries,
        format=FORMAT,
        title=reading.name,
        home=profile_page(did) if did and place.form is Form.AUTHOR else None,
        left_out=len(reading.entries) - len(entries),
        # A list loses what its owner takes out of it, and a feed or a search shows what it likes.
        is_window=place.form is Form.AUTHOR,
    )


def _gone(cursor: Cursor, source: Source) -> Collected:
    return Collected(Document((), FORMAT, is_window=False, is_gone=True), cursor, source.url)


async def _is_gone(did: str, place: Place, error: XrpcError, outside: Outside) -> bool:
    """Whether it is certain that the account must not be shown: the AppView or the network says so by its state."""
    if error.fault is not Fault.ACCOUNT_UNKNOWN:
        return error.fault is Fault.ACCOUNT_GONE
    try:
        await query(outside, place.servers.appview, "app.bsky.actor.getProfile", {"actor": did})
    except XrpcError as of_profile:
        if of_profile.fault is not Fault.ACCOUNT_UNKNOWN:
            return of_profile.fault is Fault.ACCOUNT_GONE
    else:
        return False
    try:
        answer = await query(outside, place.servers.relay, "com.atproto.sync.getRepoStatus", {"did": did})
    except XrpcError as of_relay:
        return of_relay.fault is Fault.ACCOUNT_GONE
    return await outside.reader.run(read_is_gone, answer.body)


def _explained(error: XrpcError, place: Place) -> XrpcError:
    if error.fault is Fault.ACCOUNT_UNKNOWN:
        return unknown_account(place.actor, error)
    if error.fault is Fault.UNKNOWN:
        sentence = f"Bluesky has no such {place.form} (any more); open url in a browser and correct it"
    elif error.fault is Fault.REFUSED and place.form is Form.FEED:
        sentence = "this feed is made for each reader who is signed in; follow a list or accounts instead"
    else:
        return error
    return XrpcError(sentence, error, error.fault)


KIND = SourceKind(
    collect,
    Rules(options=frozenset({"user", "token", "replies", "boosts", "sensitive", "push"}), fits=fits, lacks=lacks),
    listen=listen,
    find_gone=find_gone,
    feed_address=feed_address,
)
