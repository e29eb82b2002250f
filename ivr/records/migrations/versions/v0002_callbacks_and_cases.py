"""Room for hold, promised callbacks and cases on their way to the webhook.

For a while `create_all` made these, too, and it makes missing tables but not missing columns: what is there is left alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "records_0002"
down_revision = "records_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is missing."""
    seen = sa.inspect(op.get_bind())
    known = {column["name"] for column in seen.get_columns("handoffs")}
    for column in (
        sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("callback_due_at", sa.Float(), nullable=True),
        sa.Column("called_back_at", sa.Float(), nullable=True),
    ):
        if column.name not in known:
            op.add_column("handoffs", column)
    op.create_index("ix_handoffs_callback_due_at", "handoffs", ["callback_due_at"], if_not_exists=True)
    if not seen.has_table("case_posts"):
        _case_posts()


def _case_posts() -> None:
    op.create_table(
        "case_posts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.Float(), nullable=True),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_posts_call_id", "case_posts", ["call_id"])
    op.create_index("ix_case_posts_due_at", "case_posts", ["due_at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("case_posts")
    op.drop_index("ix_handoffs_callback_due_at", table_name="handoffs")
    for name in ("called_back_at", "callback_due_at", "held"):
        op.drop_column("handoffs", name)
