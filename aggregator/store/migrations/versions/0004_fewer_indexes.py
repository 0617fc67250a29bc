"""Fewer indexes, and on SQLite small tables that are kept in their keys: a new item costs less and takes less room.

Needed before the code that reads it is rolled out, which asks for nothing that is not there without it. Takes some
seconds for each 100,000 items on SQLite, which has to write these tables anew. Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.tables import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop what no question is answered by; keep but those rows in an index that are asked for by it."""
    op.drop_index("ix_item_checked_at", "item")
    op.drop_index("ix_item_ends_at", "item")
    _index_some("ix_item_ends_at", "item", "ends_at", where="ends_at IS NOT NULL")
    for name in ("item_id", "source_id_url_key", "source_id_alike_key"):
        op.drop_index(f"ix_sighting_{name}", "sighting")
    if op.get_bind().dialect.name == "sqlite":
        _write_anew()
    _index_some("ix_sighting_item_id", "sighting", "item_id", where="missing_at IS NOT NULL")


def _index_some(name: str, table: str, column: str, *, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _write_anew() -> None:
    op.drop_index("ix_item_tag_tag", "item_tag")
    op.drop_index("ix_story_key_story", "story_key")
    _in_its_key(
        "sighting",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=True),
        sa.Column("alike_key", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("dated", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("missing_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name="fk_sighting_item_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", "entry_key", name="pk_sighting"),
    )
    _in_its_key(
        "item_tag",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name="fk_item_tag_item_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "tag", name="pk_item_tag"),
    )
    _in_its_key(
        "story_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_story_key"),
    )
    _in_its_key(
        "change",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_change"),
    )
    op.create_index("ix_item_tag_tag", "item_tag", ["tag"])
    op.create_index("ix_story_key_story", "story_key", ["story"])


def _in_its_key(name: str, *parts: sa.schema.SchemaItem) -> None:
    new = op.create_table(f"new_{name}", *parts, sqlite_with_rowid=False)
    old = sa.table(name, *(sa.column(column.name) for column in new.columns))
    in_order = sa.select(old).order_by(*(old.c[column.name] for column in new.primary_key))
    op.execute(sa.insert(new).from_select(old.c.keys(), in_order))
    op.drop_table(name)
    op.rename_table(f"new_{name}", name)
