"""Wrong passwords are counted by where they come from, not by the account alone."""

import sqlalchemy as sa
from alembic import op

revision = "records_0007"
down_revision = "records_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nobody is locked out any more by what was counted before."""
    op.create_table(
        "guesses",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_guesses_account_id", "guesses", ["account_id"])
    op.create_index("ix_guesses_at", "guesses", ["at"])
    op.execute("UPDATE accounts SET failures = 0, locked_until = 0.0")


def downgrade() -> None:
    """Take it away."""
    op.drop_table("guesses")
