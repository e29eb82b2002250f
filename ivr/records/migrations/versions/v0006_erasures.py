"""What was erased on a person's request, so that it is finished whatever dies meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "records_0006"
down_revision = "records_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasures_finished_at", "erasures", ["finished_at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_erasures_finished_at", table_name="erasures")
    op.drop_table("erasures")
