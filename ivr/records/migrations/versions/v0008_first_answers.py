"""When the first human had a caller, and in which queue they asked first: what waits are counted by."""

import sqlalchemy as sa
from alembic import op

revision = "records_0008"
down_revision = "records_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; of earlier handoffs the last queue and the last human are all that is known."""
    op.add_column("handoffs", sa.Column("first_queue", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("handoffs", sa.Column("answered_at", sa.Float(), nullable=True))
    op.create_index("ix_handoffs_enqueued_at", "handoffs", ["enqueued_at"])
    op.execute("UPDATE handoffs SET first_queue = queue, answered_at = connected_at")


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_handoffs_enqueued_at", table_name="handoffs")
    op.drop_column("handoffs", "answered_at")
    op.drop_column("handoffs", "first_queue")
