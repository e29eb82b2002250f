"""Alembic's entry: runs the migrations on the connection and in the transaction that database.upgrade opened."""

from __future__ import annotations

from alembic import context

from order_lookup.tables import Base


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or (name or "").startswith("shop_")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table="alembic_version_orders",
    include_name=_ours,
    transactional_ddl=True,  # true of SQLite too, as long as nobody but us begins the transaction
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
