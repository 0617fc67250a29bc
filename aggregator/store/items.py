"""Keeps what was collected: sightings, items, their tags and stories, and the work that follows, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, product, repeat
from operator import attrgetter
from os import urandom
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from aggregator.model import Author, Refined, ReviewMode, Sensitive, Source, State, TagMatch
from aggregator.refine.grouping import Told
from aggregator.refine.identity import Finding, KnownEntry, Mark, Verdict, key_of
from aggregator.store.about import write_about
from aggregator.store.changes import ChangeKind, touch_stream
from aggregator.store.edits import becomes_sensitive, is_same_file, says_otherwise, was_said_before, what_was
from aggregator.store.moves import AT_SOURCE, RULE, move
from aggregator.store.pictures import NO_IMAGE
from aggregator.store.rows import Rows
from aggregator.store.search import fold
from aggregator.store.stories import NewItem, changes_of, join_stories, rejoin, take_turn
from aggregator.store.tables import decision, item, item_tag, revision, sighting


def _is_one_of(name: str) -> ColumnElement[bool]:
    return sighting.c[name].in_(bindparam(name, expanding=True))


_MARK: Mapping[str, Callable[[Mark], str | None]] = {column.name: attrgetter(column.name) for column in fields(Mark)}
MOST_ROWS = 5000  # PostgreSQL takes 32,767 values in one statement
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # a ULID's
_ITEMS, _SIGHTINGS, _TAGS = Rows(item), Rows(sighting), Rows(item_tag)
_DECISIONS, _REVISIONS = Rows(decision), Rows(revision)
# Made once: to put a statement together costs as much as to execute it.
_OWN = select(*(sighting.c[name] for name in _MARK), sighting.c.item_id).where(sighting.c.source_id == bindparam("of"))
_KNOWN = _OWN.where(_is_one_of("entry_key"))
# Without indexes: few are strangers, and a source has some thousands of entries at the most.
_ALIKE = _OWN.where(
    or_(*(_is_one_of(name) for name in ("alike_key", "url_key", "title_key", "dated"))),
    sighting.c.entry_key.not_in(bindparam("found", expanding=True)),
)
_ITEM = select(item).where(item.c.id == bindparam("of")).with_for_update()
_CHANGING = update(item).where(item.c.id == bindparam("of"))
_UNTAGGING = delete(item_tag).where(item_tag.c.item_id == bindparam("of"))
_RENAMING = update(sighting).where(
    sighting.c.source_id == bindparam("of"), sighting.c.entry_key == bindparam("was_key")
)
OPEN_STATES = (State.WAITING, State.SCHEDULED, State.APPROVED)
# So long an item without a copy of its picture has it asked for by each new signature of its address.
SIGNED_ANEW_FOR = timedelta(days=1)
DELETED = "deleted at its source"
HIDDEN = "its source no longer wants it shown"
GONE, ACCOUNT_GONE = "no longer in its feed", "its account is gone"
OVER = "it is over"
BY_WORD = "word"
IS_OPEN = item.c.state.in_(OPEN_STATES)
# What comes back by itself when it is shown again.
IS_MISSING = (
    (item.c.state == State.WITHDRAWN) & (item.c.decided_by == AT_SOURCE) & item.c.reason.in_((GONE, ACCOUNT_GONE))
)


@dataclass(slots=True)
class Kept:
    """What one pass changed: new and changed items, those with a new picture, those to publish later, and the log.

    `withdrawn` counts those that were withdrawn, whether or not they were public.
    """

    item_ids: list[str] = field(default_factory=list)
    pictured: list[str] = field(default_factory=list)
    scheduled: list[tuple[str, datetime]] = field(default_factory=list)
    changes: list[tuple[ChangeKind, str]] = field(default_factory=list)
    withdrawn: int = 0


async def read_known(connection: AsyncConnection, source_id: str, marks: Iterable[Mark]) -> list[KnownEntry]:
    """What is kept of the source that could be one of those entries, by key, address or likeness."""
    marks = list(marks)
    if not marks:
        return []
    asked = {"of": source_id, "entry_key": list({mark.entry_key for mark in marks})}
    rows = list(await connection.execute(_KNOWN, asked))
    found = {row.entry_key for row in rows}
    if strangers := [mark for mark in marks if mark.entry_key not in found]:
        alike = {
            "of": source_id,
            "alike_key": list({mark.alike_key for mark in strangers}),
            "url_key": list({mark.url_key for mark in strangers if mark.url_key}),
            "title_key": list({mark.title_key for mark in strangers}),
            "dated": list({mark.dated for mark in strangers if mark.dated}),
            "found": list(found),
        }
        rows += await connection.execute(_ALIKE, alike)
    return [KnownEntry(Mark(*mark), item_id) for *mark, item_id in rows]


async def keep_entries(
    connection: AsyncConnection,
    source: Source,
    entries: Sequence[tuple[Verdict, Refined]],
    *,
    now: datetime,
) -> Kept:
    """Keep new and changed entries. The caller has made sure that nobody else keeps this source's at the same time."""
    kept = Kept()
    if entries:
        await take_turn(connection)
    new = [(verdict, refined) for verdict, refined in entries if verdict.finding is Finding.NEW]
    await _insert(connection, source, new, kept, now=now)
    changed = [(verdict, refined) for verdict, refined in entries if verdict.finding is Finding.CHANGED]
    await keep_renamed(connection, source, [verdict for verdict, _ in changed], now=now)
    for verdict, refined in changed:
        await _revise(connection, source, verdict, refined, kept, now=now)
    return kept


async def keep_renamed(
    connection: AsyncConnection, source: Source, verdicts: Iterable[Verdict], *, now: datetime
) -> None:
    """Note new ids and digests of entries that are known already."""
    renamed = [
        {
            "of": source.id,
            "was_key": verdict.was_key or verdict.mark.entry_key,
            "seen_at": now,
            **{name: read(verdict.mark) for name, read in _MARK.items()},
        }
        for verdict in verdicts
    ]
    if renamed:
        await connection.execute(_RENAMING, renamed)


async def withdraw_deleted(
    connection: AsyncConnection, source: Source, entry_keys: Sequence[str], kept: Kept, *, now: datetime
) -> None:
    """Withdraw the items of entries that the source itself declares gone, for good also those that were missing."""
    keys = [key_of(entry_id) for entry_id in entry_keys]
    for start in range(0, len(keys), MOST_ROWS):
        own = (sighting.c.source_id == source.id) & sighting.c.entry_key.in_(keys[start : start + MOST_ROWS])
        which = item.c.id.in_(select(sighting.c.item_id).where(own)) & (IS_OPEN | IS_MISSING)
        await _withdraw(connection, which, DELETED, kept, now=now)


async def withdraw_hidden(
    connection: AsyncConnection, source: Source, verdicts: Sequence[Verdict], kept: Kept, *, now: datetime
) -> None:
    """Withdraw the items of known entries that may not be shown any more, until they change once more."""
    # How they are now is remembered, so that they are seen to have changed when they may be shown again as they were.
    await keep_renamed(connection, source, verdicts, now=now)
    ids = [verdict.item_id for verdict in verdicts if verdict.item_id]
    if ids:
        await _withdraw(connection, item.c.id.in_(ids) & (IS_OPEN | IS_MISSING), HIDDEN, kept, now=now)


async def withdraw_all(connection: AsyncConnection, source: Source, reason: str, kept: Kept, *, now: datetime) -> None:
    """Withdraw every item of the source: the account is no more."""
    await _withdraw(connection, (item.c.source_id == source.id) & IS_OPEN, reason, kept, now=now)


async def _withdraw(
    connection: AsyncConnection, which: ColumnElement[bool], reason: str, kept: Kept, *, now: datetime
) -> None:
    for row in (await connection.execute(select(item.c.id).where(which))).all():
        await _by_itself(connection, row.id, State.WITHDRAWN, reason, AT_SOURCE, kept, now=now)


async def _insert(
    connection: AsyncConnection, source: Source, new: Sequence[tuple[Verdict, Refined]], kept: Kept, *, now: datetime
) -> None:
    if not new:
        return
    ids, entries = new_ids(now, len(new)), [refined for _, refined in new]
    joined = await join_stories(connection, list(map(_new_item, ids, repeat(source.id), entries)))
    admitted = [_admission(source, refined) for refined in entries]
    reasons, public = [reason for _, reason in admitted], [state is State.APPROVED for state, _ in admitted]
    delay = source.review.delay
    publish_at = [now + delay if delay and state is State.SCHEDULED else None for state, _ in admitted]
    published_at = [refined.published_at for refined in entries]
    public_at = [now if is_public else None for is_public in public]
    said = {name: list(map(read, entries)) for name, read in _SAID.items()}
    columns: dict[str, list[Any]] = {
        "id": ids,
        "kind": [str(refined.kind) for refined in entries],
        "state": [str(state) for state, _ in admitted],
        "reason": reasons,
        "entry_id": [refined.entry_id.replace("\0", "") for refined in entries],
        "published_at": published_at,
        "modified_at": [refined.modified_at for refined in entries],
        "story": [joined.stories[item_id] for item_id in ids],
        "publish_at": publish_at,
        "stream_at": published_at,
        "public_at": public_at,
        "decided_by": [RULE if is_public else None for is_public in public],
        "decided_at": public_at,
        **said,
        "search_text": [
            refined.search_text or _search_text(refined.title, refined.content_text, refined.summary)
            for refined in entries
        ],
    }
    kept.item_ids += ids
    kept.pictured += [item_id for item_id, refined in zip(ids, entries, strict=True) if refined.picture]
    kept.changes += [
        (ChangeKind.PUBLISHED if is_public else ChangeKind.ARRIVED, item_id)
        for item_id, is_public in zip(ids, public, strict=True)
    ]
    kept.changes += changes_of(joined.moved)
    kept.scheduled += [(item_id, moment) for item_id, moment in zip(ids, publish_at, strict=True) if moment]
    await _ITEMS.insert_columns(
        connection, columns, source_id=source.id, partner_id=source.partner, collected_at=now,
        overlay={}, original={}, translations={},
    )  # fmt: skip
    marks = [verdict.mark for verdict, _ in new]
    sightings = {name: list(map(read, marks)) for name, read in _MARK.items()}
    await _SIGHTINGS.insert_columns(connection, {"item_id": ids, **sightings}, source_id=source.id, seen_at=now)
    await _put_tags(
        connection, [(item_id, tag) for item_id, refined in zip(ids, entries, strict=True) for tag in refined.tags]
    )
    decisions = [
        {"item_id": item_id, "reason": reason}
        for item_id, reason, is_public in zip(ids, reasons, public, strict=True)
        if is_public
    ]
    await _DECISIONS.insert(
        connection, decisions, at=now, editor=RULE, action="approve", to_state=State.APPROVED, version=1
    )


def new_ids(moment: datetime, count: int) -> list[str]:
    """So many ids (ULIDs) that sort by that moment, those of one call in their order."""
    # Not ULID's own chance: of one moment it only counts on.
    first = str(ULID(ULID.from_datetime(moment).bytes[:6] + urandom(10)))[:-4]
    return [first + "".join(end) for end in islice(product(DIGITS, repeat=4), count)]


def _new_item(item_id: str, source_id: str, refined: Refined) -> NewItem:
    name = refined.entry_id.replace("\0", "") or refined.url or ""
    language, text = refined.detection.code, refined.content_text
    is_event = refined.happening is not None
    told = Told(item_id, source_id, language, refined.published_at, name, text, refined.url, is_event)
    return NewItem(told, refined.story_keys)


def _admission(source: Source, refined: Refined) -> tuple[State, str]:
    if refined.is_sensitive and source.sensitive is Sensitive.HOLD:
        warning = f": {refined.warning}" if refined.warning else ""
        return State.WAITING, f"its author marked it as sensitive{warning}"
    match source.review.mode:
        case ReviewMode.AUTO:
            return State.APPROVED, "this source is trusted: its items are published at once"
        case ReviewMode.VETO:
            return State.SCHEDULED, "published by itself unless an editor says no"
        case _:
            return State.WAITING, "this source's items wait for an editor"


@lru_cache(maxsize=256)
def _authors(authors: tuple[Author, ...]) -> list[dict[str, str | None]]:
    """As the column has them: one list for the same authors, which is then written once."""
    return [{"name": author.name, "url": author.url} for author in authors]


# What the source says of an item, by column.
_SAID: Mapping[str, Callable[[Refined], Any]] = {
    **{name: attrgetter(name) for name in ("url", "title", "summary", "content_html", "content_text")},
    "authors": lambda refined: _authors(refined.authors),
    "language": attrgetter("detection.code"),
    "confidence": attrgetter("detection.confidence"),
    "language_evidence": attrgetter("detection.evidence"),
    "picture_url": lambda refined: refined.picture and refined.picture.url,
    "image_alt": lambda refined: refined.picture and refined.picture.alt,
    "about": write_about,
    "starts_at": lambda refined: refined.happening and refined.happening.starts_at,
    "ends_at": lambda refined: refined.happening and refined.happening.ends_at,
}


def _said(refined: Refined) -> dict[str, Any]:
    """What the source says of an item, as columns."""
    return {name: read(refined) for name, read in _SAID.items()}


async def _put_tags(connection: AsyncConnection, tags: Sequence[tuple[str, TagMatch]]) -> None:
    columns = {
        "item_id": [item_id for item_id, _ in tags],
        "tag": [tag.tag for _, tag in tags],
        "origin": [tag.origin for _, tag in tags],
        "evidence": [tag.evidence for _, tag in tags],
    }
    await _TAGS.insert_columns(connection, columns)


async def _revise(
    connection: AsyncConnection, source: Source, verdict: Verdict, refined: Refined, kept: Kept, *, now: datetime
) -> None:
    """Bring an item up to what its source says now. What an editor changed stays on top of it."""
    row = (await connection.execute(_ITEM, {"of": verdict.item_id})).one()
    said = _said(refined)
    if await _is_an_old_page(connection, row, said):
        return
    original = dict(row.original)
    before = {name: original.get(name, getattr(row, name)) for name in said}
    newest = said["picture_url"]
    if is_same_file(before["picture_url"], newest):
        said["picture_url"] = before["picture_url"]
    is_edit = says_otherwise(before, said)
    values = {name: value for name, value in said.items() if name not in row.overlay}
    values["original"] = original | {name: value for name, value in said.items() if name in row.overlay}
    if refined.is_dated:
        values["published_at"] = refined.published_at
    if before["picture_url"] != said["picture_url"]:
        values |= NO_IMAGE
    values["picture_url"] = newest  # an older signature may have expired when the picture is asked for once more
    shown = {**{name: getattr(row, name) for name in said}, **values}
    values["search_text"] = _search_text(shown["title"], shown["content_text"], shown["summary"])
    if is_edit:
        await _REVISIONS.insert(connection, [{"item_id": row.id, "at": now, "was": what_was(before)}])
        values |= {"version": row.version + 1, "modified_at": max(refined.modified_at or now, row.published_at)}
    await connection.execute(_CHANGING, {"of": row.id, **values})
    kept.changes += changes_of(await rejoin(connection, row.id, refined.story_keys))
    if "tags" not in row.overlay:
        await _tag_anew(connection, row, refined)
    has_other = before["picture_url"] != said["picture_url"]
    if is_edit or has_other:
        kept.item_ids.append(row.id)
    kept.pictured += _to_be_asked_for(row, newest, now, has_other=has_other)
    if is_edit or _is_back(row, HIDDEN):
        is_held = source.sensitive is Sensitive.HOLD and becomes_sensitive(before, said)
        is_ahead = said["ends_at"] is not None and said["ends_at"] > now
        await _tell_of_revision(connection, source, row, kept, is_held=is_held, is_ahead=is_ahead, now=now)
    elif row.state == State.APPROVED:
        await touch_stream(connection)  # an address or a tag may look different


async def _tag_anew(connection: AsyncConnection, row: Row[Any], refined: Refined) -> None:
    tags = {tag.tag: tag for tag in refined.tags}
    if row.overlay.get("language", refined.detection.code) != refined.detection.code:
        # Words were looked for in a language that an editor says it is not in: those found in the right one stay.
        words = (item_tag.c.item_id == row.id) & (item_tag.c.origin == BY_WORD)
        found = await connection.execute(select(item_tag.c.tag, item_tag.c.evidence).where(words))
        otherwise = {tag: match for tag, match in tags.items() if match.origin != BY_WORD}
        tags = {its.tag: TagMatch(its.tag, BY_WORD, its.evidence) for its in found} | otherwise
    await connection.execute(_UNTAGGING, {"of": row.id})
    await _put_tags(connection, [(row.id, tag) for tag in tags.values()])


def _to_be_asked_for(row: Row[Any], newest: str | None, now: datetime, *, has_other: bool) -> list[str]:
    """The item, where its picture is another one, or has no copy yet and a new signature: the old one may be over."""
    is_young = now - row.collected_at < SIGNED_ANEW_FOR
    is_signed_anew = row.image is None and newest != row.picture_url and is_young
    return [row.id] if newest and (has_other or is_signed_anew) else []


def _search_text(title: str | None, content_text: str, summary: str) -> str:
    return fold(f"{title or ''} {content_text or summary}")


def _is_back(row: Row[Any], reason: str) -> bool:
    """Whether the item was withdrawn by its source for that reason, and nobody has decided otherwise."""
    return bool(row.state == State.WITHDRAWN and row.decided_by == AT_SOURCE and row.reason == reason)


async def _is_an_old_page(connection: AsyncConnection, row: Row[Any], said: Mapping[str, Any]) -> bool:
    """Whether what was deleted is shown as it was before: that comes out of a cache."""
    if not _is_back(row, DELETED):
        return False
    earlier = (await connection.execute(select(revision.c.was).where(revision.c.item_id == row.id))).scalars()
    return was_said_before(said, earlier)


async def _tell_of_revision(
    connection: AsyncConnection,
    source: Source,
    row: Row[Any],
    kept: Kept,
    *,
    is_held: bool,
    is_ahead: bool,
    now: datetime,
) -> None:
    """New words are never shown as if an editor had approved them, unless the source is trusted.

    `is_held` is true where it is sensitive from now on, so that nobody but an editor may let it in; `is_ahead` where
    it is an event that has yet to end.
    """
    state = State(row.state)
    is_trusted = source.review.mode is ReviewMode.AUTO and not is_held
    is_an_editors = state is State.SCHEDULED and row.decided_by is not None
    if (state is State.APPROVED or is_an_editors) and not is_trusted:
        reason = f"changed at its source after it was {state}"
        await _by_itself(connection, row.id, State.WAITING, reason, RULE, kept, now=now)
    elif state is State.APPROVED:
        kept.changes.append((ChangeKind.PUBLISHED, row.id))
    elif state is State.WITHDRAWN and row.decided_by == AT_SOURCE:
        await _by_itself(connection, row.id, State.WAITING, "is back at its source", RULE, kept, now=now)
    elif state is State.WITHDRAWN and row.reason == OVER and is_ahead:
        await _by_itself(connection, row.id, State.WAITING, "was put off to another date", RULE, kept, now=now)
    else:
        kept.changes.append((ChangeKind.CHANGED, row.id))


async def _by_itself(
    connection: AsyncConnection, item_id: str, to: State, reason: str, by: str, kept: Kept, *, now: datetime
) -> None:
    action = {State.WAITING: "hold", State.WITHDRAWN: "withdraw"}[to]
    moved = await move(connection, item_id, to=to, action=action, by=by, reason=reason, now=now)
    kept.changes.extend(moved.changes)
    kept.withdrawn += to is State.WITHDRAWN
