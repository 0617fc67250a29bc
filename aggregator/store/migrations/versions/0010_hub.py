"""Who has subscribed to the stream at our own hub (WebSub).

Needed before the code that reads it is rolled out. Takes no time: one new table. Revision 0010, after 0007.
"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.tables import Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "hub_subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("lease_until", Moment(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hub_subscription"),
    )
