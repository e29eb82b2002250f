"""Which order an attempt to verify was about: guesses are counted alike whether it exists or not."""

import sqlalchemy as sa
from alembic import op

revision = "orders_0002"
down_revision = "orders_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("shop_verifications", sa.Column("about", sa.String(length=40), server_default="", nullable=False))
    op.create_index("ix_shop_verifications_about", "shop_verifications", ["about"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_shop_verifications_about", table_name="shop_verifications")
    op.drop_column("shop_verifications", "about")
