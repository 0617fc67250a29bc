"""Deletions that come by push before what they are about was seen.

Needed before the code that reads it is rolled out. Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.tables import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "deletion",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "entry_key", name="pk_deletion"),
    )
