"""What supervisors say of a queue beside its timetable, and which handoffs came to a closed door."""

import sqlalchemy as sa
from alembic import op

revision = "records_0009"
down_revision = "records_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; until now nobody ever came to a closed door."""
    op.create_table(
        "queue_doors",
        sa.Column("queue", sa.String(length=64), primary_key=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Float(), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.add_column("handoffs", sa.Column("out_of_hours", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("handoffs", "out_of_hours")
    op.drop_table("queue_doors")
