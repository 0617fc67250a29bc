"""What people enter in the form of a call.

Needed before the code that reads it is rolled out. Takes no time: a new table. Revision 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.tables import Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "interest",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interest"),
    )
    op.create_index("ix_interest_email_key_call_id", "interest", ["email_key", "call_id"], unique=True)
    op.create_index("ix_interest_call_id_form_key", "interest", ["call_id", "form_key"], unique=True)
    op.create_index("ix_interest_call_id_at", "interest", ["call_id", "at"])
