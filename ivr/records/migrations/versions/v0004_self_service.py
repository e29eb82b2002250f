"""Room for the judgement whether the robot served a call alone."""

import sqlalchemy as sa
from alembic import op

revision = "records_0004"
down_revision = "records_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it, empty: nobody can tell any more of calls that have ended."""
    op.add_column("calls", sa.Column("self_served", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("calls", "self_served")
