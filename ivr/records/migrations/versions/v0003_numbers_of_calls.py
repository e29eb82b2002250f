"""Room for the number of whoever is on the line now: whom to call back if the line dies."""

import sqlalchemy as sa
from alembic import op

revision = "records_0003"
down_revision = "records_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it, empty: calls under way while this is done are not called back."""
    op.add_column("calls", sa.Column("number", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("calls", "number")
