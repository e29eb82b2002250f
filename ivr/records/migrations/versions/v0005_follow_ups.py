"""An index for what every worker looks for every two seconds: who is still to be followed up."""

from alembic import op

revision = "records_0005"
down_revision = "records_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index("ix_handoffs_follow_up", "handoffs", ["follow_up"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_handoffs_follow_up", table_name="handoffs")
