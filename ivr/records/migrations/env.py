"""Alembic's entry."""

from order_lookup.migrating import run

run()
