"""Pinned items are found by an index of them alone: they come before all others on a page.

May be applied at any time. Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    where = sa.text("pinned_at IS NOT NULL")
    op.create_index("ix_item_pinned_at", "item", ["pinned_at"], sqlite_where=where, postgresql_where=where)
