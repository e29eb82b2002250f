"""Databases as earlier versions left them, and how they differ from what we want."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from ivr.records.database import MIGRATIONS
from ivr.records.tables import Base
from order_lookup.database import writing
from order_lookup.tables import Base as OrdersBase


def before_migrations(engine: Engine) -> None:
    """As the first release's create_all left a database, with a call in it."""
    MIGRATIONS.upgrade(writing(engine))
    MIGRATIONS.downgrade(writing(engine), "records_0001")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version_records"))
        connection.execute(
            text(
                "INSERT INTO calls (id, caller, called, language, worker, dialplan_version, started_at, heartbeat_at,"
                ' disposition, recording, reviewed_by, "case")'
                " VALUES ('c1', '', '', 'zh', 'w', 'v', 1.0, 1.0, 'settled', '', '', '{}')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO handoffs (call_id, queue, skill, language, priority, vip, elder, repeat, reason, state, worker,"
                " enqueued_at, heartbeat_at, outcome, briefing, caller, excluded, asked_at, follow_up)"
                " VALUES ('c1', 'general', '', 'zh', 5, (1 = 0), (1 = 0), (1 = 0), '', 'ended', 'w', 1.0, 1.0, '', '{}',"
                " '', '[]', 1.0, '')"
            )
        )


def agrees(engine: Engine) -> list[object]:
    """What the migrations still leave different from the metadata of both parts of the database."""
    found: list[object] = []
    for metadata in (Base.metadata, OrdersBase.metadata):
        ours = set(metadata.tables)
        with engine.connect() as connection:
            options = {
                "include_name": lambda name, kind, _parents, ours=ours: kind != "table" or name in ours,
                "compare_type": True,
            }
            found += compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return found
