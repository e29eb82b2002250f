"""A worker makes the calls that agents click for as long as it has room, and writes down what came of them, on real tables."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import CallbackSettings, Settings
from ivr.dialler import limits_of
from ivr.hand_dialler import HandDialler
from ivr.legs import LegEnded
from ivr.records import by_hand
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallbackAttemptRow, HandoffRow
from order_lookup import CallbackRequest, CallerRef, SqlOrderSystem
from tests.fakes import FakePhone, FakeRecords

AGENTS_LEG = 101  # as the fake phone counts
ALWAYS = CallbackSettings(dial="sip:{number}@trunk.test", from_hour=0, until_hour=24)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """A database in which an agent has clicked to call whom a call was promised."""
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    made, orders = open_database(url), await SqlOrderSystem.open(url)
    await orders.book_callback(CallbackRequest(CallerRef("c1", "13800004567"), "general", None, None))
    await orders.close()
    with Session(made) as session, session.begin():
        about: dict[str, Any] = {"queues": ["general"], "languages": ["zh"], "skills": []}
        session.add(AgentRow(name="anna", uri="sip:anna@a", state="available", **about))
        session.flush()
        assert by_hand.ask(session, False, 1, 1, time.time(), 12, limits_of(ALWAYS)).call_id
    yield made
    made.dispose()


class Worker:
    """A worker's part of it, with a phone that does what the test says."""

    def __init__(self, engine: Engine, room: Callable[[], bool], broken: bool = False) -> None:
        self.phone, self.overs = FakePhone(), 0
        services: Any = SimpleNamespace(
            phone=self.phone, records=FakeRecords(), voice=None, listener=None, detector=None, recordings=None
        )
        dialogue = SimpleNamespace(version="1", about=str, phrase=self._no_prompt if broken else lambda name: name)
        library: Any = SimpleNamespace(dialogue=lambda language: dialogue)
        settings = Settings().model_copy(update={"callbacks": ALWAYS})
        self.dialler = HandDialler(settings, engine, "w1", time.time, services, library, room, self._over)

    def _no_prompt(self, name: str) -> str:
        raise KeyError(name)

    def _over(self) -> None:
        self.overs += 1


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def stands(engine: Engine) -> tuple[str, str, str]:
    """The call's worker and state, and the agent's state."""
    with Session(engine) as session:
        row = session.scalars(select(HandoffRow)).one()
        return row.worker, row.state, session.scalars(select(AgentRow.state)).one()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.hand_dialler.LOOK_SECONDS", 0.02)


async def test_a_click_rings_the_agents_phone_and_what_came_of_it_is_written(engine: Engine) -> None:
    worker = Worker(engine, lambda: True)
    running = asyncio.create_task(worker.dialler.run())
    await until(lambda: bool(worker.phone.did("dial")))
    running.cancel()
    assert (worker.phone.did("dial")[0][1], worker.dialler.seats) == ("sip:anna@a", 1)
    assert worker.dialler.owns(AGENTS_LEG)
    worker.dialler.on_leg(LegEnded(AGENTS_LEG, 486))
    await worker.dialler.settled()
    assert (worker.dialler.seats, worker.overs) == (0, 1)
    assert stands(engine) == ("w1", "ended", "available")
    with Session(engine) as session:
        assert session.scalars(select(CallbackAttemptRow.outcome)).one() == "put_off"


async def test_without_room_nothing_is_claimed(engine: Engine) -> None:
    worker = Worker(engine, lambda: False)
    running = asyncio.create_task(worker.dialler.run())
    await asyncio.sleep(0.2)
    running.cancel()
    assert stands(engine) == ("", "ringing", "ringing")


async def test_a_caller_who_comes_in_between_has_the_line_and_another_worker_the_call(engine: Engine) -> None:
    answers = iter([True, False])
    worker = Worker(engine, lambda: next(answers, False))
    running = asyncio.create_task(worker.dialler.run())
    await until(lambda: next(answers, None) is None)
    await asyncio.sleep(0.2)
    running.cancel()
    assert worker.phone.did("dial") == []
    assert stands(engine) == ("", "ringing", "ringing")


async def test_a_call_that_cannot_begin_frees_the_agent(engine: Engine) -> None:
    worker = Worker(engine, lambda: True, broken=True)
    running = asyncio.create_task(worker.dialler.run())
    await until(lambda: stands(engine)[2] == "available")
    running.cancel()
    assert worker.phone.did("dial") == []
