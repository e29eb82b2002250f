"""By which id a shop's backend knows a customer: telephone numbers change hands."""

import sqlalchemy as sa
from alembic import op

revision = "orders_0003"
down_revision = "orders_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("shop_customers", sa.Column("backend_id", sa.String(length=80), nullable=True))
    op.create_index("ix_shop_customers_backend_id", "shop_customers", ["backend_id"], unique=True)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_shop_customers_backend_id", table_name="shop_customers")
    op.drop_column("shop_customers", "backend_id")
