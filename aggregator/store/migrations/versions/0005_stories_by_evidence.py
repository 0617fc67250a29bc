"""Which items are one story rests on evidence that each item has, and on editors' decisions.

Needed before the code that reads it is rolled out, which writes to these tables with every item. What was one story
stays one: its oldest item shares a key with each other, beside the addresses that were kept. But entries that one
source lists under one address, which hid nothing before, are stories of their own. Takes a few seconds for 100,000
items. Revision 0005, after 0004.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from aggregator.refine.evidence import Evidence, key_of
from aggregator.refine.links import url_key
from aggregator.store.tables import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 10_000
_OLD = sa.table("story_key", sa.column("key"), sa.column("story"))
_ITEM = sa.table("item", *(sa.column(name) for name in ("id", "story", "url", "starts_at", "source_id", "language")))


def upgrade() -> None:
    """Give each item the keys that its story had, and make room for editors' decisions."""
    _part_lists(op.get_bind())
    keys = sorted(set(_keys(op.get_bind())))
    op.drop_table("story_key")
    new = op.create_table(
        "story_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "item_id", name="pk_story_key"),
        sqlite_with_rowid=False,
    )
    for start in range(0, len(keys), AT_ONCE):
        rows = [{"key": key, "item_id": item_id} for key, item_id in keys[start : start + AT_ONCE]]
        op.get_bind().execute(sa.insert(new), rows)
    op.create_index("ix_story_key_item_id", "story_key", ["item_id"])
    op.create_table(
        "story_hand",
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("is_same", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name="pk_story_hand"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_hand_other", "story_hand", ["other"])


def _part_lists(connection: sa.Connection) -> None:
    other = _ITEM.alias()
    is_listed = sa.exists().where(
        other.c.story == _ITEM.c.story, other.c.id < _ITEM.c.id, other.c.url == _ITEM.c.url,
        other.c.source_id == _ITEM.c.source_id, other.c.language == _ITEM.c.language,
    )  # fmt: skip
    listed = sa.select(_ITEM.c.id).where(_ITEM.c.id != _ITEM.c.story, _ITEM.c.starts_at.is_(None), is_listed)
    rows = [{"of": item_id} for item_id in connection.execute(listed).scalars()]
    if rows:
        connection.execute(sa.update(_ITEM).where(_ITEM.c.id == sa.bindparam("of")).values(story=_ITEM.c.id), rows)


def _keys(connection: sa.Connection) -> Iterator[tuple[int, str]]:
    # A story is named after its oldest item: what only the story is known by is that one's.
    for key, story in connection.execute(sa.select(_OLD).where(_OLD.c.story.in_(sa.select(_ITEM.c.id)))):
        yield key_of(Evidence.ADDRESS, key), story
    for row in connection.execute(sa.select(_ITEM).where(_ITEM.c.id != _ITEM.c.story)):
        before, address = key_of(Evidence.BEFORE, f"{row.story} {row.id}"), url_key(row.url)
        yield before, row.story
        yield before, row.id
        # One page announces many evenings, and a front page all things: neither is the address of one story.
        if address and row.starts_at is None and ("/" in address or "?" in address):
            yield key_of(Evidence.ADDRESS, address), row.id
