"""A refund's reference is the receipt of its action, and as long as that may be: PostgreSQL refused longer ones."""

import sqlalchemy as sa
from alembic import op

revision = "orders_0004"
down_revision = "orders_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the column."""
    _length(120)


def downgrade() -> None:
    """Narrow it, what is longer is cut."""
    op.execute("UPDATE shop_refunds SET reference = substr(reference, 1, 64)")
    _length(64)


def _length(length: int) -> None:
    # SQLite knows no ALTER COLUMN: alembic makes the table anew there, with everything else as it was.
    with op.batch_alter_table("shop_refunds") as table:
        table.alter_column("reference", type_=sa.String(length), existing_nullable=True)
