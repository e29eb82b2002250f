"""Hosts whose clocks are apart: a call is not taken for dead because of the time of day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from ivr.config import AgentSettings
from ivr.records.agents import enrol
from ivr.records.database import open_database
from ivr.records.database_clock import DatabaseClock
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue
from ivr.records.tables import AgentRow, CallRow, HandoffRow

pytestmark = pytest.mark.integration
HERE, THERE = "worker-0@here:1:2.abc", "worker-0@there:1:2.abc"


def apart(seconds: float) -> Callable[[], float]:
    return lambda: time.time() + seconds


@pytest.fixture
def engine(postgres_server: str) -> Engine:
    server = create_engine(
        f"{postgres_server.replace('postgresql:', 'postgresql+psycopg:')}/postgres", isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS clocks")
        connection.exec_driver_sql("CREATE DATABASE clocks")
    server.dispose()
    return open_database(f"{postgres_server}/clocks")


@pytest.mark.parametrize("seconds", [-90.0, 90.0])
async def test_a_call_of_a_host_whose_clock_is_wrong_goes_on(engine: Engine, tmp_path: object, seconds: float) -> None:
    enrol(engine, [AgentSettings(name="a", uri="sip:a@10.0.0.9")])
    wrong, right = DatabaseClock(engine, apart(seconds)), DatabaseClock(engine)
    records = SqlRecords(engine, THERE, tmp_path / "spill", wrong)  # type: ignore[operator]
    there, here = SqlQueue(engine, THERE, wrong), SqlQueue(engine, HERE, right)
    records.started("c1", "13800004567", "4008001234", "zh", "1")
    records.line("c1", "caller", "转人工", 3.0, {})
    await records.flush()
    handoff = await there.enter("c1", "general", "", "zh", 5, "agent")
    await there.reserve(handoff)
    await there.connected(handoff)
    for _ in range(3):
        await there.heartbeat()
        assert await here.reap() == []
        assert await there.reap() == []
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").ended_at is None
        assert session.get_one(HandoffRow, handoff).state == "connected"
        assert session.scalars(select(AgentRow.state)).all() == ["on_call"]
    records.close()
    engine.dispose()


async def test_a_clock_that_is_set_under_way_is_followed(engine: Engine) -> None:
    ahead = 0.0
    clock = DatabaseClock(engine, lambda: time.time() + ahead)
    queue = SqlQueue(engine, HERE, clock)
    ahead = -300.0
    await queue.heartbeat()
    assert abs(clock() - time.time()) < 1.0
    await asyncio.sleep(0)
    engine.dispose()
