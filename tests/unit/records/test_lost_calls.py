"""Calls of a dead worker get their end; those of a living one, and ended ones, are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.records.database import open_database
from ivr.records.lost_calls import LEASE_SECONDS, end, renew
from ivr.records.tables import CallRow


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


def test_only_calls_without_a_worker_are_ended(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        for name, worker, ended in (("lives", "w2", None), ("dead", "w1", None), ("over", "w1", 50.0)):
            row = CallRow(id=name, worker=worker, started_at=10.0, heartbeat_at=10.0, ended_at=ended)
            row.disposition = "solved" if ended else ""
            session.add(row)
        session.flush()
        renew(session, "w2", 20.0)
        assert end(session, 10.0 + LEASE_SECONDS) == []
        assert end(session, 11.0 + LEASE_SECONDS) == ["dead"]
        assert end(session, 11.0 + LEASE_SECONDS) == []
    with Session(engine) as session:
        found = {row.id: (row.ended_at, row.disposition) for row in session.query(CallRow)}
    assert found == {"lives": (None, ""), "dead": (10.0, "line_lost"), "over": (50.0, "solved")}
