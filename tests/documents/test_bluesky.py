"""What Bluesky's servers answer, as values: posts and all they carry, pages, faults, and whatever else may come."""

from __future__ import annotations

import functools
import json
import pickle
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.networks.aturis import post_of_page, read_at_uri
from aggregator.documents.networks.blueskyanswers import (
    Fault,
    read_did,
    read_fault,
    read_feed,
    read_is_gone,
    read_members,
    read_posts,
    read_public,
    read_session,
    read_version,
)
from aggregator.documents.networks.blueskylabels import MODERATORS_REASON, SIGNED_IN_REASON
from aggregator.documents.networks.blueskyposts import read_post
from aggregator.documents.networks.jetstreamevents import Event, What, read_event
from aggregator.errors import DocumentError
from aggregator.model import Author, Card, Kind, Media, Quote, Sighting

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/social"
DID = "did:plc:abcdefghijklmnopqrstuvwx"
OTHER = "did:plc:zyxwvutsrqponmlkjihgfedc"
URI = f"at://{DID}/app.bsky.feed.post/3kabc"
ANA = {"did": DID, "handle": "ana.bsky.example", "displayName": "Ana"}
BEN = {"did": OTHER, "handle": "ben.bsky.example", "displayName": "Ben"}
AT = "2026-11-22T09:00:00.000Z"
CDN = "https://cdn.bsky.example/img/feed_thumbnail/plain"


def view(embed: Any = None, record: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    said = {"text": "Sun", "createdAt": AT, **(record or {})}
    return {"uri": URI, "cid": "bafy1", "author": ANA, "record": said, "indexedAt": AT, "embed": embed, **values}


def seen(*arguments: Any, **values: Any) -> Sighting:
    sighting = read_post(view(*arguments, **values))
    assert sighting
    return sighting


def quoted(**values: Any) -> dict[str, Any]:
    record = {
        "$type": "app.bsky.embed.record#viewRecord",
        "uri": f"at://{OTHER}/app.bsky.feed.post/3kq",
        "author": BEN,
        "value": {"text": "Two\n<lines>"},
        **values,
    }
    return {"$type": "app.bsky.embed.record#view", "record": record}


def test_a_post_says_what_it_says() -> None:
    sighting = seen(
        record={
            "langs": ["eu"],
            "tags": ["eguzkia"],
            "reply": {"parent": {"uri": f"at://{OTHER}/app.bsky.feed.post/3kp"}},
        }
    )
    assert sighting == Sighting(
        entry_id=URI,
        url=f"https://bsky.app/profile/{DID}/post/3kabc",
        body_html="Sun",
        language="eu",
        authors=(Author("Ana", "https://bsky.app/profile/ana.bsky.example"),),
        published_at=datetime(2026, 11, 22, 9, tzinfo=UTC),
        kind=Kind.POST,
        hashtags=("eguzkia",),
        reply_to=f"at://{OTHER}/app.bsky.feed.post/3kp",
    )


def test_pictures_come_with_words_and_with_sizes_that_are_sizes() -> None:
    images = [
        {
            "thumb": f"{CDN}/1@jpeg",
            "fullsize": f"{CDN}/f1@jpeg",
            "alt": "A roof",
            "aspectRatio": {"width": 2000, "height": 1500},
        },
        {"thumb": f"{CDN}/2@jpeg", "fullsize": f"{CDN}/f2@jpeg", "alt": "", "aspectRatio": {"width": 16, "height": 9}},
        {"fullsize": f"{CDN}/f3@jpeg", "alt": 3},
        {"thumb": "javascript:alert(1)"},
        None,
    ]
    assert seen({"$type": "app.bsky.embed.images#view", "images": images}).media == (
        Media(f"{CDN}/1@jpeg", "image/*", "A roof", 2000, 1500),
        Media(f"{CDN}/2@jpeg", "image/*"),
        Media(f"{CDN}/f3@jpeg", "image/*"),
    )


def test_a_gallery_is_pictures_too() -> None:
    items = [{"thumbnail": f"{CDN}/1@jpeg", "fullsize": f"{CDN}/f1@jpeg", "alt": "A roof"}]
    assert seen({"$type": "app.bsky.embed.gallery#view", "items": items}).media[0].alt == "A roof"


@pytest.mark.parametrize(("presentation", "kind"), [({}, Kind.VIDEO), ({"presentation": "gif"}, Kind.POST)])
def test_a_film_shows_its_still(presentation: dict[str, str], kind: Kind) -> None:
    film = {
        "$type": "app.bsky.embed.video#view",
        "thumbnail": f"{CDN}/t.jpg",
        "playlist": "https://v.example/p.m3u8",
        "alt": "Waves",
    }
    sighting = seen(film | presentation)
    assert (sighting.kind, sighting.media) == (kind, (Media(f"{CDN}/t.jpg", "image/*", "Waves"),))


def test_a_link_is_a_card_with_its_picture() -> None:
    external = {
        "uri": "https://coop.example/a",
        "title": "Roofs",
        "description": "All of them",
        "thumb": f"{CDN}/c@jpeg",
    }
    sighting = seen({"$type": "app.bsky.embed.external#view", "external": external})
    assert sighting.card == Card("https://coop.example/a", "Roofs", "All of them")
    assert sighting.media == (Media(f"{CDN}/c@jpeg", "image/*"),)
    assert seen({"$type": "app.bsky.embed.external#view", "external": {**external, "uri": "data:x"}}).media == ()


def test_a_quote_comes_with_its_author_and_its_words() -> None:
    assert seen(quoted()).quote == Quote(
        f"https://bsky.app/profile/{OTHER}/post/3kq",
        Author("Ben", "https://bsky.app/profile/ben.bsky.example"),
        "<p>Two<br>&lt;lines&gt;</p>",
    )


def test_a_quote_beside_pictures_is_both() -> None:
    images = {"$type": "app.bsky.embed.images#view", "images": [{"thumb": f"{CDN}/1@jpeg", "alt": "A roof"}]}
    both = {"$type": "app.bsky.embed.recordWithMedia#view", "media": images, "record": {"record": quoted()["record"]}}
    sighting = seen(both)
    assert sighting.quote
    assert (sighting.quote.author, len(sighting.media)) == (
        Author("Ben", "https://bsky.app/profile/ben.bsky.example"),
        1,
    )


@pytest.mark.parametrize(
    "values",
    [
        {"$type": "app.bsky.embed.record#viewNotFound", "notFound": True},
        {"$type": "app.bsky.embed.record#viewBlocked", "blocked": True},
        {"$type": "app.bsky.embed.record#viewDetached", "detached": True},
        {"author": {**BEN, "labels": [{"val": "!no-unauthenticated"}]}},
        {"labels": [{"val": "!hide"}]},
    ],
)
def test_a_quoted_post_that_may_not_be_shown_has_no_words(values: dict[str, Any]) -> None:
    assert seen(quoted(**values)).quote == Quote(f"https://bsky.app/profile/{OTHER}/post/3kq")


def test_a_feed_a_list_or_a_starter_pack_that_is_passed_on_is_a_card() -> None:
    feed = {
        "$type": "app.bsky.feed.defs#generatorView",
        "uri": f"at://{OTHER}/app.bsky.feed.generator/energy",
        "displayName": "Energy",
        "description": "All",
    }
    pack = {
        "$type": "app.bsky.graph.defs#starterPackViewBasic",
        "uri": f"at://{OTHER}/app.bsky.graph.starterpack/3ks",
        "record": {"name": "Co-ops"},
    }
    assert seen({"$type": "app.bsky.embed.record#view", "record": feed}).card == Card(
        f"https://bsky.app/profile/{OTHER}/feed/energy", "Energy", "All"
    )
    assert seen({"$type": "app.bsky.embed.record#view", "record": pack}).card == Card(
        f"https://bsky.app/starter-pack/{OTHER}/3ks", "Co-ops"
    )


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({"labels": [{"val": "porn"}, {"val": "nudity"}]}, "Adult content, nudity"),
        ({"record": {"labels": {"values": [{"val": "graphic-media"}]}}}, "Graphic pictures"),
        ({"author": {**ANA, "labels": [{"val": "!warn"}]}}, "Content warning"),
        ({"embed": quoted(labels=[{"val": "sexual"}])}, "Sexual content"),
        (
            {
                "embed": {
                    "$type": "app.bsky.embed.external#view",
                    "external": {"uri": "https://x.example/", "labels": [{"val": "scam"}]},
                }
            },
            "Possibly a scam",
        ),
        ({"labels": [{"val": "porn", "neg": True}, {"val": "bot"}, None, {"val": 4}]}, None),
    ],
)
def test_labels_are_warnings(values: dict[str, Any], warning: str | None) -> None:
    sighting = seen(**values)
    assert (sighting.warning, sighting.is_sensitive, sighting.hidden) == (warning, warning is not None, None)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"author": {**ANA, "labels": [{"val": "!no-unauthenticated"}]}}, SIGNED_IN_REASON),
        ({"author": {**ANA, "labels": [{"val": "!takedown"}]}}, MODERATORS_REASON),
        ({"labels": [{"val": "porn"}, {"val": "!hide"}]}, MODERATORS_REASON),
    ],
)
def test_some_labels_mean_that_nobody_is_shown_it(values: dict[str, Any], reason: str) -> None:
    assert seen(**values).hidden == reason


def test_a_repost_is_an_entry_of_its_own_at_its_own_time() -> None:
    record = f"at://{OTHER}/app.bsky.feed.repost/3kr"
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": BEN, "uri": record, "indexedAt": "2026-11-23T10:00:00Z"}
    repost = read_post(view(), reason)
    assert repost
    assert (repost.entry_id, repost.url) == (record, f"https://bsky.app/profile/{DID}/post/3kabc")
    assert (repost.authors[0].name, repost.boosted_by and repost.boosted_by.name) == ("Ana", "Ben")
    assert repost.published_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    unnamed = read_post(view(), {**reason, "uri": None})
    assert unnamed
    assert unnamed.entry_id == f"{URI}#reposted-by-{OTHER}"


def test_who_passes_on_and_wants_only_readers_who_are_signed_in_is_not_shown() -> None:
    by = {**BEN, "labels": [{"val": "!no-unauthenticated"}]}
    repost = read_post(view(), {"$type": "app.bsky.feed.defs#reasonRepost", "by": by, "indexedAt": AT})
    assert repost
    assert repost.hidden == SIGNED_IN_REASON


@pytest.mark.parametrize(
    ("created", "indexed", "shown"),
    [
        ("2026-11-20T08:00:00Z", AT, "2026-11-20T08:00:00+00:00"),
        ("2026-11-20T10:00:00+02:00", AT, "2026-11-20T08:00:00+00:00"),
        ("2031-01-01T00:00:00Z", AT, "2026-11-22T09:00:00+00:00"),
        ("9999-12-31T23:59:59Z", AT, "2026-11-22T09:00:00+00:00"),
        ("1970-01-01T00:00:00Z", AT, "2026-11-22T09:00:00+00:00"),
        ("0001-01-01T00:00:00Z", AT, "2026-11-22T09:00:00+00:00"),
        ("yesterday", AT, "2026-11-22T09:00:00+00:00"),
        ("2009-05-01T00:00:00Z", AT, "2009-05-01T00:00:00+00:00"),
        ("2026-11-20T08:00:00Z", None, "2026-11-20T08:00:00+00:00"),
        (None, None, None),
    ],
)
def test_the_authors_clock_is_held_against_the_networks(
    created: str | None, indexed: str | None, shown: str | None
) -> None:
    moment = seen(record={"createdAt": created}, indexedAt=indexed).published_at
    assert (moment.isoformat() if moment else None) == shown


@pytest.mark.parametrize(
    "broken",
    [
        {"uri": f"at://ana.bsky.example/{'app.bsky.feed.post'}/3kabc"},
        {"uri": f"at://{DID}/app.bsky.feed.like/3kabc"},
        {"uri": None},
        {"record": []},
        {"author": None},
    ],
)
def test_what_is_no_post_is_left_out(broken: dict[str, Any]) -> None:
    assert read_post({**view(), **broken}) is None


def test_a_repost_by_nobody_is_left_out() -> None:
    assert read_post(view(), {"$type": "app.bsky.feed.defs#reasonRepost"}) is None


def test_several_declared_languages_say_nothing() -> None:
    assert seen(record={"langs": ["en", "eu"]}).language is None


def test_an_answer_to_nobody_who_can_be_read_is_still_an_answer() -> None:
    assert seen(record={"reply": {"parent": {"uri": "?"}}}).reply_to


def test_the_address_of_a_post_leads_back_to_it() -> None:
    uri = read_at_uri(URI)
    assert uri
    assert post_of_page(uri.page()) == uri


def feed(*items: Any, **values: Any) -> bytes:
    return json.dumps({"feed": list(items), **values}).encode()


def dated(day: int, key: str, **item: Any) -> dict[str, Any]:
    at = f"2026-11-{day:02d}T09:00:00Z"
    return {
        "post": {**view(record={"createdAt": at}), "uri": f"at://{DID}/app.bsky.feed.post/{key}", "indexedAt": at},
        **item,
    }


def test_a_pinned_post_is_left_out_only_where_it_stands_out_of_order() -> None:
    pin = {"reason": {"$type": "app.bsky.feed.defs#reasonPin"}}
    old = read_feed(feed(dated(1, "pin", **pin), dated(22, "new"), dated(20, "old")))
    recent = read_feed(feed(dated(21, "pin", **pin), dated(22, "new"), dated(20, "old")))
    assert [entry.entry_id.rpartition("/")[2] for entry in old.entries] == ["new", "old"]
    assert sorted(entry.entry_id.rpartition("/")[2] for entry in recent.entries) == ["new", "old", "pin"]


def test_the_account_that_was_asked_for_may_be_withheld_as_a_whole() -> None:
    shy = {**ANA, "labels": [{"val": "!no-unauthenticated"}]}
    page = read_feed(feed({"post": view(author=shy)}), account=DID)
    assert (page.is_withheld, page.name) == (True, "Ana")
    assert read_feed(feed({"post": view(author=shy)}), account=OTHER).is_withheld is False


def test_a_version_of_a_post_is_told_from_another() -> None:
    answer = json.dumps({"posts": [view()]}).encode()
    assert read_version(answer, URI, "bafy1") == read_version(answer, URI, None) == seen()
    assert read_version(answer, URI, "bafy2") is None


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ('{"error":"InvalidRequest","message":"Profile not found"}', Fault.ACCOUNT_UNKNOWN),
        ('{"error":"InvalidRequest","message":"Unable to resolve handle"}', Fault.ACCOUNT_UNKNOWN),
        ('{"error":"AccountTakedown","message":"Account has been suspended"}', Fault.ACCOUNT_GONE),
        ('{"error":"AccountDeactivated"}', Fault.ACCOUNT_GONE),
        ('{"error":"RepoNotFound"}', Fault.OTHER),
        ('{"error":"InvalidRequest","message":"could not find feed"}', Fault.UNKNOWN),
        ('{"error":"InvalidRequest","message":"List not found: at://x"}', Fault.UNKNOWN),
        ('{"error":"ExpiredToken"}', Fault.EXPIRED),
        ('{"error":"AuthFactorTokenRequired"}', Fault.SECOND_FACTOR),
        ('{"error":7,"message":[]}', Fault.OTHER),
        ("<html>502</html>", Fault.OTHER),
        ("[" * 2000, Fault.OTHER),
    ],
)
def test_faults_are_told_apart(said: str, fault: Fault) -> None:
    assert read_fault(said) is fault


@pytest.mark.parametrize(
    ("active", "status", "is_gone"),
    [
        (False, "deleted", True),
        (False, "takendown", True),
        (False, "suspended", True),
        (False, "deactivated", True),
        (False, "throttled", False),
        (False, "desynchronized", False),
        (False, None, False),
        (True, None, False),
        (True, "takendown", False),
    ],
)
def test_an_account_is_gone_only_where_its_state_says_so(active: bool, status: str | None, is_gone: bool) -> None:
    state = {"did": DID, "active": active, **({"status": status} if status else {})}
    assert read_is_gone(json.dumps(state).encode()) is is_gone
    old = {"did": DID, "time_us": 1_780_000_000_000_000, "kind": "account", "account": state}
    new = {
        "$type": "message",
        "payload": {"$type": "network.bsky.jetstream.subscribeEvents#account", "seq": 5, "did": DID, "account": state},
    }
    for message in (old, new):
        assert (read_event(json.dumps(message)).what is What.WITHDRAWN) is is_gone


RECORD = {"$type": "app.bsky.feed.post", "text": "Sun", "createdAt": AT}


@pytest.mark.parametrize(
    ("commit", "what"),
    [
        ({"operation": "create", "collection": "app.bsky.feed.post", "record": RECORD}, What.POSTED),
        ({"operation": "update", "collection": "app.bsky.feed.post", "record": RECORD}, What.POSTED),
        ({"operation": "delete", "collection": "app.bsky.feed.post"}, What.DELETED),
        ({"operation": "create", "collection": "app.bsky.feed.repost", "record": {}}, What.REPOSTED),
        ({"operation": "delete", "collection": "app.bsky.feed.repost"}, What.DELETED),
        ({"operation": "delete", "collection": "app.bsky.feed.like"}, What.OTHER),
        ({"operation": "create", "collection": "app.bsky.feed.like", "record": {}}, What.OTHER),
        ({"operation": "update", "collection": "app.bsky.actor.profile", "record": {}}, What.OTHER),
        (
            {
                "operation": "update",
                "collection": "app.bsky.actor.profile",
                "record": {"labels": {"values": [{"val": "!no-unauthenticated"}]}},
            },
            What.WITHDRAWN,
        ),
        ({"operation": "create", "collection": ["app.bsky.feed.post"], "record": RECORD}, What.OTHER),
        ({"operation": ["create"], "collection": "app.bsky.feed.post", "record": RECORD}, What.OTHER),
    ],
)
def test_both_kinds_of_jetstream_say_the_same(commit: dict[str, Any], what: What) -> None:
    commit = {"rev": "3", "rkey": "3kabc", "cid": "bafy1", **commit}
    old = read_event(json.dumps({"did": DID, "time_us": 1795338000123456, "kind": "commit", "commit": commit}))
    payload = {
        "$type": "network.bsky.jetstream.subscribeEvents#commit",
        "seq": 5,
        "did": DID,
        "time": "2026-11-22T09:00:00.123456Z",
        **commit,
    }
    new = read_event(json.dumps({"$type": "message", "payload": payload}))
    assert old == new
    assert (old.what, old.at) == (what, 1795338000123456)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ('{"$type":"error","error":"ConsumerTooSlow"}', Event(What.STOPPED)),
        (
            '{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"OutdatedCursor"}}',
            Event(What.OTHER),
        ),
        (
            '{"did":"' + DID + '","time_us":17,"kind":"identity","identity":{"handle":"new.example"}}',
            Event(What.OTHER, DID),
        ),
        ("{}", Event(What.OTHER)),
    ],
)
def test_what_is_no_commit_of_an_account(text: str, event: Event) -> None:
    read = read_event(text)
    assert (read.what, read.did, read.at) == (event.what, event.did, event.at)


@pytest.mark.parametrize("text", ["", "[]", "7", "null", "{", '{"a":', "[" * 100_000, '{"a":' * 5000, b"\xff\xfe\x00"])
@pytest.mark.parametrize(
    "function", [read_feed, read_posts, read_public, read_did, read_session, read_is_gone, read_event]
)
def test_what_is_no_answer_is_said_so(function: Callable[[Any], object], text: str | bytes) -> None:
    with pytest.raises(DocumentError):
        function(text)


def test_a_session_never_shows_its_token() -> None:
    session = read_session(
        b'{"accessJwt":"hush","didDoc":{"service":[{"type":"AtprotoPersonalDataServer","serviceEndpoint":"https://pds.example"}]}}'
    )
    assert (session.token, session.server) == ("hush", "https://pds.example")
    assert "hush" not in repr(session)


READERS: list[Callable[[Any], object]] = [
    read_feed,
    functools.partial(read_feed, account=DID),
    read_posts,
    read_public,
    read_did,
    read_session,
    read_is_gone,
    functools.partial(read_members, most=3),
    functools.partial(read_version, uri=URI, cid=None),
    read_fault,
    read_event,
]
leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([URI, DID, AT, "https://a.example/", "porn", "!hide"])
)
anything = st.recursive(
    leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def mutated(good: Any, draw: st.DrawFn) -> Any:
    """The value with some of its parts exchanged for anything."""
    if draw(st.integers(0, 11)) == 0:
        return draw(anything)
    if isinstance(good, dict):
        return {key: mutated(value, draw) for key, value in good.items()}
    return [mutated(value, draw) for value in good] if isinstance(good, list) else good


@st.composite
def nearly_right(draw: st.DrawFn) -> Any:
    facet = {
        "index": {"byteStart": 0, "byteEnd": 2},
        "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "a"}],
    }
    images = {
        "$type": "app.bsky.embed.images#view",
        "images": [{"thumb": f"{CDN}/1", "alt": "", "aspectRatio": {"width": 1, "height": 2}}],
    }
    whole = {"$type": "app.bsky.embed.recordWithMedia#view", "media": images, "record": {"record": quoted()["record"]}}
    record = {
        "facets": [facet],
        "langs": ["en"],
        "tags": ["b"],
        "labels": {"values": [{"val": "porn"}]},
        "reply": {"parent": {"uri": URI}},
    }
    post = view(draw(st.sampled_from([whole, quoted(), images])), record, labels=[{"val": "sexual"}])
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": BEN, "uri": URI, "indexedAt": AT}
    commit = {
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3k",
        "record": post["record"],
        "cid": "b",
    }
    wrapped = {"$type": "network.bsky.jetstream.subscribeEvents#commit", "did": DID, "time": AT, **commit}
    good = {
        "feed": [{"post": post, "reason": draw(st.sampled_from([None, reason]))}],
        "posts": [post],
        "items": [{"subject": ANA}],
        "cursor": "2",
        "accessJwt": "a",
        "didDoc": {"service": [{"type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://p.example"}]},
        "did": DID,
        "time_us": 1,
        "kind": "commit",
        "commit": commit,
        "error": "E",
        "message": "Profile not found",
    }
    return mutated(draw(st.sampled_from([good, {"$type": "message", "payload": wrapped}])), draw)


@given(nearly_right() | anything)
def test_no_json_is_too_strange(value: Any) -> None:
    text = json.dumps(value)
    for function in READERS:
        try:
            pickle.dumps(function(text))
        except DocumentError:
            continue


def recorded(name: str) -> str:
    path = CORPUS / name
    if not path.exists():
        pytest.skip("the recordings in ../shared/corpus are not here")
    return path.read_text("utf-8")


@pytest.mark.corpus
def test_recorded_events_are_read() -> None:
    events = [read_event(line) for line in recorded("bluesky__jetstream-events.jsonl").splitlines()]
    count = Counter(event.what for event in events)
    assert (count[What.POSTED], count[What.REPOSTED], count[What.STOPPED]) == (8, 8, 0)
    assert all(event.at and event.did for event in events)


@pytest.mark.corpus
def test_a_recorded_post_with_quote_and_picture_is_read() -> None:
    thread = json.loads(recorded("bluesky__thread_view_post_with_embed_media.json"))
    sighting = read_post(thread["thread"]["post"])
    assert sighting
    assert sighting.quote
    assert (len(sighting.media), sighting.quote.author and sighting.quote.author.name) == (1, "Python SDK")
    assert sighting.published_at == datetime(2023, 9, 28, 12, 49, 36, tzinfo=UTC)


@pytest.mark.corpus
def test_recorded_records_keep_their_words() -> None:
    capture = json.loads(recorded("bluesky__capture_atprotocom.json"))
    read = [
        read_post({"uri": one["uri"], "author": ANA, "record": one["value"], "indexedAt": one["value"]["createdAt"]})
        for one in capture["postRecords"]
    ]
    assert len(read) > 5
    assert all(sighting and sighting.body_html and sighting.published_at for sighting in read)
    assert any("<a href=" in sighting.body_html for sighting in read if sighting)
