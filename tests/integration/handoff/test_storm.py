"""Fifty callers, ten agents, random hang-ups and declines, workers killed in between: what must hold, holds."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import AgentSettings
from ivr.records.agents import enrol, finish_wrap_up
from ivr.records.database import open_database
from ivr.records.holding import HOLDING
from ivr.records.queue import SqlQueue
from ivr.records.tables import AgentRow, HandoffRow, WrapUpRow

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
PROGRAM = Path(__file__).with_name("storm_worker.py")
WORKERS, CALLERS, AGENTS, KILLED = 5, 10, 10, 2
PATIENCE_SECONDS = 240


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hotline.db'}"
    return f"{request.getfixturevalue('postgres_server')}/postgres"


async def test_nobody_is_lost_and_no_agent_is_on_two_calls(url: str, tmp_path: Path) -> None:
    engine = open_database(url)
    enrol(engine, [AgentSettings(name=f"agent{number}", uri=f"sip:agent{number}@10.0.0.9") for number in range(AGENTS)])
    workers = [_worker(url, number, tmp_path) for number in range(WORKERS)]
    try:
        followed_up = await _watch(engine, workers, tmp_path)
    finally:
        for worker in workers:
            worker.kill()
    calls = _called(tmp_path)
    with Session(engine) as session:
        handoffs = session.scalars(select(HandoffRow)).all()
        assert {row.state for row in handoffs} == {"ended"}
        assert calls <= {row.call_id for row in handoffs}
        for row in handoffs:
            promised = (tmp_path / f"{row.call_id}.callback").exists() or row.call_id in followed_up
            kept = (tmp_path / f"{row.call_id}.ticket").exists() or row.call_id in followed_up
            assert row.outcome in ("completed", "returned") or kept, (row.call_id, row.outcome)
            assert row.outcome not in ("abandoned", "callback", "lost") or promised or _said_goodbye(row), row.call_id
        assert {row.state for row in session.scalars(select(AgentRow))} == {"available"}
        assert all(row.disposition for row in session.scalars(select(WrapUpRow)))
        assert all(row.finished_at for row in session.scalars(select(WrapUpRow)))
        outcomes = Counter(row.outcome for row in handoffs)
    assert outcomes["completed"] >= 1, outcomes
    assert outcomes["lost"] >= 1, outcomes
    engine.dispose()


def _worker(url: str, number: int, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(PROGRAM), url, f"w{number}", str(CALLERS), str(number), str(folder)])


def _called(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.called")}


def _said_goodbye(row: HandoffRow) -> bool:
    """Key 9 while waiting: the caller wanted nothing more; the ticket remains."""
    return row.outcome == "abandoned"


async def _watch(engine: Engine, workers: list[subprocess.Popen[bytes]], folder: Path) -> set[str]:
    """Check invariants, kill workers, wrap up and reap as the console does; the lost calls that were followed up."""
    queue, followed_up, began, to_kill = (
        SqlQueue(engine, "console"),
        set[str](),
        time.monotonic(),
        list(workers[:KILLED]),
    )
    while time.monotonic() - began < PATIENCE_SECONDS:
        await asyncio.sleep(0.1)
        if to_kill and len(_called(folder)) > (KILLED - len(to_kill) + 1) * 12:
            to_kill.pop().send_signal(signal.SIGKILL)
        _check(engine)
        for lost in await queue.reap(2.0):
            assert lost.caller == "13800004567"
            followed_up.add(lost.call_id)
            await queue.followed_up(lost.handoff)
        _wrap_up(engine)
        if all(worker.poll() is not None for worker in workers) and _quiet(engine):
            return followed_up
    raise AssertionError(f"not everything came to an end: {_left(engine)}")


def _left(engine: Engine) -> list[tuple[object, ...]]:
    with Session(engine) as session:
        rows = session.scalars(select(HandoffRow).where(HandoffRow.state != "ended")).all()
        agents = session.scalars(select(AgentRow).where(AgentRow.state != "available")).all()
        calls: list[tuple[object, ...]] = [(row.call_id, row.state, row.worker, row.agent_id) for row in rows]
        return calls + [(row.name, row.state, row.call_id) for row in agents]


def _check(engine: Engine) -> None:
    with Session(engine) as session:
        held = session.scalars(select(HandoffRow.agent_id).where(HandoffRow.state.in_(HOLDING))).all()
        held = [agent for agent in held if agent is not None]
        assert len(held) == len(set(held)), "an agent is on two calls"
        on_calls = session.scalars(select(AgentRow.call_id).where(AgentRow.state.in_(("ringing", "on_call")))).all()
        assert len(on_calls) == len(set(on_calls)), "a call has two agents"
        assert None not in on_calls


def _wrap_up(engine: Engine) -> None:
    """Half of the agents give a disposition; the others forget to."""
    now = time.time()
    with Session(engine) as session, session.begin():
        for row in session.scalars(select(AgentRow).where(AgentRow.state == "wrap_up", AgentRow.since < now - 0.3)):
            if row.id % 2:
                finish_wrap_up(session, row.id, "solved", "", False, now)


def _quiet(engine: Engine) -> bool:
    with Session(engine) as session:
        live = session.scalars(select(HandoffRow.id).where(HandoffRow.state != "ended")).first()
        busy = session.scalars(select(AgentRow.id).where(AgentRow.state != "available")).first()
        return live is None and busy is None
