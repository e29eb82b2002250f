"""Calls that the robot made to keep a promise of one, and what came of each."""

import sqlalchemy as sa
from alembic import op

revision = "records_0010"
down_revision = "records_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each; the number of the try keeps two workers from making the same."""
    op.create_table(
        "callback_attempts",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("promise", sa.String(length=64), nullable=False),
        sa.Column("try", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("call_id", sa.String(length=64), nullable=False, server_default=""),
        sa.UniqueConstraint("promise", "try", name="callback_attempts_once"),
    )
    op.create_index("ix_callback_attempts_at", "callback_attempts", ["at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_callback_attempts_at", table_name="callback_attempts")
    op.drop_table("callback_attempts")
