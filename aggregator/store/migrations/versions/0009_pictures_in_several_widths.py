"""Items know our copies of their picture in all widths. Those that have one keep it: it is their only width.

May be applied at any time. Revision 0009, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A name is hexadecimal digits and a dot, so that nothing in it needs to be escaped.
THE_ONE = """'[{"name": "' || image || '", "width": ' || image_width || ', "height": ' || image_height || '}]'"""


def upgrade() -> None:
    """Add the column and fill it."""
    op.add_column("item", sa.Column("images", sa.JSON(), nullable=True))
    value = THE_ONE if op.get_bind().dialect.name == "sqlite" else f"CAST({THE_ONE} AS JSON)"
    known = "image IS NOT NULL AND image_width IS NOT NULL AND image_height IS NOT NULL"
    op.execute(f"UPDATE item SET images = {value} WHERE {known}")  # noqa: S608 - our own words
