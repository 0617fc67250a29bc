"""Keeps which items are one story: finds whom a new or changed item belongs to, joins and parts by an editor's hand.

Usually an item shares a key with nobody and is a story of its own. Where it shares one, the stories of all that hangs
together are worked out anew, so that it does not matter what came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State
from aggregator.refine.evidence import Evidence, key_of, kind_of
from aggregator.refine.grouping import Told, most_owners, stories_of
from aggregator.refine.links import url_key
from aggregator.store.adding import insert_into
from aggregator.store.changes import ChangeKind
from aggregator.store.evidence import (
    Cluster,
    delete_keys,
    insert_keys,
    read_cluster,
    read_keys,
    read_owners,
)
from aggregator.store.moves import NotPossibleError, UnknownItemError
from aggregator.store.tables import item, story_hand

# One of PostgreSQL's advisory locks. SQLite has one writer anyway.
LOCK = 0x73746F72
_MOVING = update(item).where(item.c.id == bindparam("of")).values(story=bindparam("into"))
# Where each owner more may also end what the others were joined by.
_NEEDS_FEW = (Evidence.ADDRESS, Evidence.PICTURE, Evidence.LINK)

_WORDS = {
    Evidence.ADDRESS: "same address",
    Evidence.BEFORE: "one story since before its evidence was kept",
    Evidence.PICTURE: "same picture",
    Evidence.LINK: "same link",
    Evidence.TEXT: "same text",
}


class NothingToSplitError(NotPossibleError):
    """The item is a story of its own already."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item that is about to be kept, with the keys of its evidence."""

    told: Told
    keys: Sequence[int]


@dataclass(slots=True)
class Joined:
    """The story of each item that was asked about, and the state of others that are in another story now."""

    stories: dict[str, str]
    moved: dict[str, str] = field(default_factory=dict)


async def take_turn(connection: AsyncConnection) -> None:
    """Wait until nobody else joins items, and keep others waiting to the end of the transaction.

    Two that keep a story's items at the same time would not see each other's. Take it before any item is changed.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(LOCK)))


async def join_stories(connection: AsyncConnection, new: Sequence[NewItem]) -> Joined:
    """Keep the keys of new items, and tell which story each of them is part of. Call it before they are kept."""
    stories = {one.told.id: one.told.id for one in new}
    counted = Counter([key for one in new for key in set(one.keys)])
    if not counted:
        return Joined(stories)
    owners = await read_owners(connection, counted)
    seeds, full = _seeds(new, counted, owners)
    await insert_keys(connection, [(key, one.told.id) for one in new for key in set(one.keys) if key not in full])
    if not seeds:  # nobody shares a key with anybody, as usual
        return Joined(stories)
    cluster = await read_cluster(connection, seeds, {one.told.id: one.told for one in new})
    grouped = _group(cluster)
    stories |= {item_id: story for item_id, story in grouped.items() if item_id in stories}
    return Joined(stories, await _move(connection, cluster, grouped))


def _seeds(
    new: Sequence[NewItem], counted: Mapping[int, int], owners: Mapping[int, Sequence[str]]
) -> tuple[set[str], set[int]]:
    """The items whose stories are to be worked out, and the keys that have owners enough.

    Of what too many have, no more owners are kept: it is no evidence, and to look it up stays quick.
    """
    shared = {key for key, count in counted.items() if key in owners or count > 1}
    if not shared:
        return set(), set()
    full = {key for key in shared if len(owners.get(key, ())) > most_owners(key)}
    is_one_source = len({one.told.source_id for one in new}) == 1
    # Two alike texts of one source are no evidence.
    useless = {key for key in shared - owners.keys() if is_one_source and kind_of(key) is Evidence.TEXT}
    crowded = {key for key in shared - full if len(owners.get(key, ())) + counted[key] > most_owners(key)}
    seeds = {
        one.told.id
        for one in new
        if not shared.isdisjoint(one.keys)
        for key in one.keys
        if key in shared and key not in full | useless | crowded
    }
    # An owner more may end what the others were joined by.
    seeds |= {
        owner for key in shared - full if key in crowded or kind_of(key) in _NEEDS_FEW for owner in owners.get(key, ())
    }
    return seeds, full


async def rejoin(connection: AsyncConnection, item_id: str, keys: Collection[int]) -> dict[str, str]:
    """Bring an item's evidence up to what it says now. Returns the states of items that are in another story now."""
    before = set((await read_keys(connection, [item_id])).get(item_id, ()))
    # What was one story before there was evidence stays so.
    after = set(keys) | {key for key in before if kind_of(key) is Evidence.BEFORE}
    owners = await read_owners(connection, before | after)
    full = {key for key, ids in owners.items() if len(ids) > most_owners(key) and item_id not in ids}
    await delete_keys(connection, item_id, before - after)
    await insert_keys(connection, [(key, item_id) for key in after - before - full])
    beside = {owner for key, ids in owners.items() if key not in full for owner in ids}
    return await _regroup(connection, {item_id} | beside)


async def _regroup(connection: AsyncConnection, item_ids: Iterable[str]) -> dict[str, str]:
    cluster = await read_cluster(connection, item_ids)
    return await _move(connection, cluster, _group(cluster))


def _group(cluster: Cluster) -> dict[str, str]:
    """The story of each item of a cluster: it is named after its oldest."""
    inside = [cluster.told[item_id] for item_id in sorted(cluster.inside)]
    ties = [tie for tie in cluster.ties if tie.one.id in cluster.inside and tie.other.id in cluster.inside]
    groups = stories_of(inside, ties, cluster.decisions)
    return {told.id: story for group in groups for story in [min(told.id for told in group)] for told in group}


async def _move(connection: AsyncConnection, cluster: Cluster, grouped: Mapping[str, str]) -> dict[str, str]:
    moving = [
        {"of": item_id, "into": story}
        for item_id, story in grouped.items()
        if item_id in cluster.stories and cluster.stories[item_id] != story
    ]
    if moving:
        await connection.execute(_MOVING, moving)
    return {row["of"]: cluster.states[row["of"]] for row in moving}


async def read_moves(connection: AsyncConnection, item_ids: Collection[str]) -> list[tuple[ChangeKind, str]]:
    """What is to be recorded of items whose story changed."""
    rows = await connection.execute(select(item.c.id, item.c.state).where(item.c.id.in_(list(item_ids))))
    return changes_of({row.id: row.state for row in rows})


def changes_of(moved: Mapping[str, str]) -> list[tuple[ChangeKind, str]]:
    """What is to be recorded of items in those states whose story changed."""
    public = [(ChangeKind.PUBLISHED, item_id) for item_id, state in moved.items() if state == State.APPROVED]
    return [*((ChangeKind.CHANGED, item_id) for item_id in moved), *public]


async def join_by_hand(
    connection: AsyncConnection, item_ids: Sequence[str], *, by: str, now: datetime
) -> tuple[str, ...]:
    """Make the stories of those items one, for good. Returns the ids of the items whose story changed.

    Raises UnknownItemError.
    """
    await take_turn(connection)
    told = dict.fromkeys(item_ids)
    stories = await _stories(connection, told)
    members = await _members(connection, set(stories.values()))
    # Whoever was parted from one of them before is joined with it now.
    both = story_hand.c.one.in_(members) & story_hand.c.other.in_(members)
    await connection.execute(delete(story_hand).where(both, story_hand.c.is_same.is_(False)))
    first, *others = told
    await _decide(connection, [(first, other) for other in others], is_same=True, by=by, now=now)
    return tuple(sorted(await _regroup(connection, members)))


async def split_by_hand(connection: AsyncConnection, item_id: str, *, by: str, now: datetime) -> tuple[str, ...]:
    """Take an item out of its story, for good. Returns the ids of the items whose story changed.

    What joins that story later does not bring it back. Raises UnknownItemError, and NothingToSplitError where the item
    is a story of its own.
    """
    await take_turn(connection)
    stories = await _stories(connection, [item_id])
    members = await _members(connection, set(stories.values()))
    others = [other for other in members if other != item_id]
    if not others:
        raise NothingToSplitError(f"{item_id} is a story of its own already")
    await _decide(connection, [(item_id, other) for other in others], is_same=False, by=by, now=now)
    return tuple(sorted(await _regroup(connection, members)))


@dataclass(frozen=True, slots=True)
class Why:
    """Why an item is one story with another, in words that follow on that other one."""

    item: str
    why: str


async def read_why(connection: AsyncConnection, stories: Collection[str]) -> dict[str, list[Why]]:
    """Why the items of those stories are together, by item; nothing of an item that is a story of its own."""
    columns = (item.c.id, item.c.story, item.c.url)
    rows = (await connection.execute(select(*columns).where(item.c.story.in_(list(stories))))).all()
    sizes = Counter(row.story for row in rows)
    members = {row.id: row for row in rows if sizes[row.story] > 1}
    if not members:
        return {}
    own = {row.id: key_of(Evidence.ADDRESS, url_key(row.url) or "") for row in members.values()}
    cluster = await read_cluster(connection, members)
    found: dict[str, dict[Why, None]] = {}

    def tell(one: str, other: str, word: str, back: str) -> None:
        if one in members and other in members and members[one].story == members[other].story:
            found.setdefault(one, {})[Why(other, word)] = None
            found.setdefault(other, {})[Why(one, back)] = None

    for row in cluster.by_hand:
        if row.is_same:
            tell(row.one, row.other, f"joined by {row.by}", f"joined by {row.by}")
    for tie in sorted(cluster.ties, key=lambda tie: (tie.kind, tie.key)):
        one, other = tie.one.id, tie.other.id
        if tie.kind is not Evidence.ADDRESS or own.get(one) == own.get(other):
            tell(one, other, _WORDS[tie.kind], _WORDS[tie.kind])
        elif tie.key == own.get(other):
            tell(one, other, "links to it", "is linked from it")
        elif tie.key == own.get(one):
            tell(one, other, "is linked from it", "links to it")
        else:
            tell(one, other, "links to the same page", "links to the same page")
    return {item_id: list(reasons) for item_id, reasons in found.items()}


async def _stories(connection: AsyncConnection, item_ids: Collection[str]) -> dict[str, str]:
    rows = await connection.execute(select(item.c.id, item.c.story).where(item.c.id.in_(list(item_ids))))
    stories = {row.id: row.story for row in rows}
    for item_id in item_ids:
        if item_id not in stories:
            raise UnknownItemError(f"there is no item {item_id}")
    return stories


async def _members(connection: AsyncConnection, stories: Collection[str]) -> list[str]:
    return list(
        (await connection.execute(select(item.c.id).where(item.c.story.in_(stories)).order_by(item.c.id))).scalars()
    )


async def _decide(
    connection: AsyncConnection, pairs: Iterable[tuple[str, str]], *, is_same: bool, by: str, now: datetime
) -> None:
    rows = [
        {"one": min(pair), "other": max(pair), "is_same": is_same, "by": by, "at": now}
        for pair in pairs
        if pair[0] != pair[1]
    ]
    if rows:
        adding = insert_into(story_hand, connection.dialect.name)
        said = {name: adding.excluded[name] for name in ("is_same", "by", "at")}
        await connection.execute(adding.on_conflict_do_update(index_elements=["one", "other"], set_=said), rows)
