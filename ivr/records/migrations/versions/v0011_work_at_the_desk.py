"""What agents and supervisors do: how long an agent was in which state, what became of a callback, why a score was low."""

import sqlalchemy as sa
from alembic import op

revision = "records_0011"
down_revision = "records_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables; of states, what each agent does now is the first that is known."""
    op.create_table(
        "agent_states",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_agent_states_at", "agent_states", ["at"])
    op.create_index("agent_states_of_agent", "agent_states", ["agent_id", "at"])
    op.execute(
        "INSERT INTO agent_states (agent_id, at, state, reason) SELECT id, since, state, away_reason FROM agents"
    )
    op.create_table(
        "reviews",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("ticket", sa.String(length=20), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_table(
        "callback_works",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("callback", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("first_tried_at", sa.Float(), nullable=True),
        sa.Column("tried_at", sa.Float(), nullable=True),
        sa.Column("ended", sa.String(length=16), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("callback_works_of_callback", "callback_works", ["source", "callback"], unique=True)


def downgrade() -> None:
    """Take them away."""
    for table in ("callback_works", "reviews", "agent_states"):
        op.drop_table(table)
