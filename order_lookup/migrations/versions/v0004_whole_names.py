"""Room for what may be written: a refund's reference is its action's receipt, and letters to staff name their queue."""

import sqlalchemy as sa
from alembic import op

revision = "orders_0004"
down_revision = "orders_0003"
branch_labels = None
depends_on = None
_COLUMNS = (("shop_refunds", "reference", 64, 120, True), ("shop_outbox", "phone", 20, 60, False))


def upgrade() -> None:
    """Widen the columns."""
    for table, column, _, length, nullable in _COLUMNS:
        _length(table, column, length, nullable)


def downgrade() -> None:
    """Narrow them; what is longer is cut."""
    for table, column, length, _, nullable in _COLUMNS:
        op.execute(f"UPDATE {table} SET {column} = substr({column}, 1, {length})")
        _length(table, column, length, nullable)


def _length(table: str, column: str, length: int, nullable: bool) -> None:
    # SQLite knows no ALTER COLUMN: alembic makes the table anew there, with everything else as it was.
    with op.batch_alter_table(table) as changed:
        changed.alter_column(column, type_=sa.String(length), existing_nullable=nullable)
