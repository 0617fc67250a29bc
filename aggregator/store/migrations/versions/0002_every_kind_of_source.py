"""Sources of every kind: what only some say of an item, how far each was read, and what is pushed.

Needed before the code that reads it is rolled out. Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.tables import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, all of which may be empty, and the tables."""
    for name, kind in (
        ("kind", sa.Text()), ("place", sa.JSON()), ("shown", sa.JSON()), ("moved_to", sa.Text()),
        ("moved_at", Moment()), ("live_at", Moment()), ("push_problem", sa.Text()),
    ):  # fmt: skip
        op.add_column("source_state", sa.Column(name, kind))
    op.add_column("source_state", sa.Column("stopped", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("sighting", sa.Column("missing_at", Moment()))
    for name, kind in (
        ("about", sa.JSON()), ("starts_at", Moment()), ("ends_at", Moment()), ("checked_at", Moment()),
        ("gone_at", Moment()),
    ):  # fmt: skip
        op.add_column("item", sa.Column(name, kind))
    op.create_index("ix_item_ends_at", "item", ["ends_at"])
    op.create_index("ix_item_checked_at", "item", ["checked_at"])
    op.create_table(
        "subscription",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("lease_until", Moment()),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("source_id", name="pk_subscription"),
        sa.UniqueConstraint("callback", name="uq_subscription_callback"),
    )
    op.create_table(
        "listener",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_listener"),
    )
    op.create_table(
        "spending",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("dollars", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "month", name="pk_spending"),
    )
