"""The robot keeps a promise: dialled once, told what came of it, kept when a colleague has talked to them, on real tables."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import CallbackSettings, Settings
from ivr.dialler import Answered, Dialler, limits_of
from ivr.legs import LegAnswered, LegEnded
from ivr.records.callbacks import keep, take
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, HandoffRow
from order_lookup import CallbackRequest, CallerRef, SqlOrderSystem
from order_lookup.tables import Callback
from tests.fakes import FakePhone

NUMBER = "13800004567"
FIRST_LEG = 101  # as the fake phone counts
ALWAYS = CallbackSettings(dial="sip:{number}@trunk.test", from_hour=0, until_hour=24, ring_seconds=5)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """A database in which a caller was promised a call, and a colleague is free."""
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    made = open_database(url)
    orders = await SqlOrderSystem.open(url)
    await orders.book_callback(CallbackRequest(CallerRef("c1", NUMBER), "general", None, None))
    await orders.close()
    with Session(made) as session, session.begin():
        session.add(AgentRow(name="anna", queues=["general"], languages=["zh"], skills=[], state="available"))
        session.add(CallRow(id="c1", started_at=1.0, ended_at=2.0, language="zh", case={"intent": "refund_request"}))
    yield made
    made.dispose()


class Shop:
    """A dialler with a phone that does what the test says."""

    def __init__(self, engine: Engine, system: str = "sql", settings: CallbackSettings = ALWAYS) -> None:
        self.phone, self.answered, self.idle = FakePhone(), list[Answered](), True
        made = Settings.model_validate({"orders": {"system": system}}).model_copy(update={"callbacks": settings})
        self.dialler = Dialler(made, engine, self.phone, lambda: self.idle, self._begin)  # type: ignore[arg-type]
        self.engine = engine

    def _begin(self, answered: Answered) -> str:
        self.answered.append(answered)
        return "c2"

    async def dialled(self) -> int:
        """Run until a phone is dialled; returns its leg."""
        running = asyncio.create_task(self.dialler.run())
        await until(lambda: bool(self.phone.did("dial")))
        running.cancel()
        return FIRST_LEG

    def attempts(self) -> list[str]:
        with Session(self.engine) as session:
            return list(session.scalars(select(CallbackAttemptRow.outcome).order_by(CallbackAttemptRow.id)))

    def open_promises(self) -> int:
        with Session(self.engine) as session:
            return len(session.scalars(select(Callback).where(Callback.done_at.is_(None))).all())


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.dialler.LOOK_SECONDS", 0.02)


async def test_who_answers_is_a_call_with_the_case_and_is_kept_when_a_colleague_has_talked(engine: Engine) -> None:
    shop = Shop(engine)
    leg = await shop.dialled()
    assert shop.phone.did("dial")[0][1] == f"sip:{NUMBER}@trunk.test"
    assert shop.dialler.owns(leg)
    shop.dialler.on_leg(LegAnswered(leg))
    (answered,) = shop.answered
    assert (answered.promise.queue, answered.case["intent"], answered.case["callback.of"]) == (
        "general",
        "refund_request",
        "c1",
    )
    assert not shop.dialler.busy
    shop.dialler.over("c2", "handled_by_agent")
    await until(lambda: shop.attempts() == ["handled_by_agent"])
    assert shop.open_promises() == 0


@pytest.mark.parametrize(
    ("status", "outcome"), [(486, "busy"), (600, "busy"), (603, "declined"), (487, "no_answer"), (503, "no_answer")]
)
async def test_who_is_not_reached_stays_promised(engine: Engine, status: int, outcome: str) -> None:
    shop = Shop(engine)
    leg = await shop.dialled()
    shop.dialler.on_leg(LegEnded(leg, status))
    await until(lambda: shop.attempts() == [outcome])
    assert shop.open_promises() == 1
    assert not shop.dialler.busy


async def test_who_has_no_time_stays_promised(engine: Engine) -> None:
    shop = Shop(engine)
    shop.dialler.on_leg(LegAnswered(await shop.dialled()))
    shop.dialler.over("c2", "callback")
    await until(lambda: shop.attempts() == ["callback"])
    assert shop.open_promises() == 1


async def test_a_phone_that_nobody_answers_is_given_up(engine: Engine) -> None:
    shop = Shop(engine, settings=ALWAYS.model_copy(update={"ring_seconds": 0.05}))
    leg = await shop.dialled()
    await until(lambda: ("hang_up", leg) in [order[:2] for order in shop.phone.orders])


async def test_that_somebody_was_called_is_written_however_long_the_database_is_away(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.dialler.LONGEST_PAUSE_SECONDS", 0.02)
    shop = Shop(engine)
    shop.dialler.on_leg(LegAnswered(await shop.dialled()))
    away, write = 3, shop.dialler._write

    def hard(*what: str) -> None:
        nonlocal away
        away -= 1
        if away >= 0:
            raise OSError("the database is away")
        write(*what)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.dialler, "_write", hard)
    shop.dialler.over("c2", "handled_by_agent")
    await until(lambda: shop.attempts() == ["handled_by_agent"])
    assert shop.open_promises() == 0


async def test_a_caller_who_comes_in_between_has_the_line(engine: Engine) -> None:
    shop = Shop(engine)
    shop.idle = True
    take_ = shop.dialler._take

    def taken() -> object:
        shop.idle = False
        return take_()

    shop.dialler._take = taken  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(shop.dialler.run())
    await until(lambda: shop.attempts() == ["not_dialled"])
    running.cancel()
    assert shop.phone.did("dial") == []


def test_of_two_workers_one_dials(engine: Engine) -> None:
    now = time.time()
    with Session(engine) as one, Session(engine) as other:
        limits = limits_of(ALWAYS)
        assert take(one, False, now, 12, limits) is not None
        one.commit()
        assert take(other, False, now, 12, limits) is None


async def test_an_attempt_whose_worker_died_was_in_vain(engine: Engine) -> None:
    now, limits = time.time(), limits_of(ALWAYS)
    with Session(engine) as session:
        assert take(session, False, now, 12, limits) is not None
        assert take(session, False, now + 1000, 12, limits) is not None


def test_with_a_backend_of_the_shops_own_the_queue_promises(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        row = HandoffRow(
            call_id="c9", queue="general", language="zh", caller="13900000001", enqueued_at=1.0, state="ended"
        )
        row.callback_due_at = time.time()
        session.add(row)
    with Session(engine) as session, session.begin():
        promise = take(session, True, time.time(), 12, limits_of(ALWAYS))
        assert promise is not None
        assert (promise.number, promise.name) == ("13900000001", "own:1")
        keep(session, promise, time.time())
    with Session(engine) as session:
        (row,) = session.scalars(select(HandoffRow)).all()
        assert (row.caller, row.called_back_at is not None) == ("", True)


def test_a_queue_that_is_closed_calls_nobody_back(engine: Engine) -> None:
    with Session(engine) as session:
        assert take(session, False, time.time(), 12, limits_of(ALWAYS), lambda queue: queue != "general") is None
        assert take(session, False, time.time(), 12, limits_of(ALWAYS), lambda queue: queue == "general") is not None


def test_keeping_one_promise_keeps_all_to_that_number(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        now = datetime.now(UTC)
        session.add(Callback(key="c5:general", phone=NUMBER, queue="general", due_at=now, booked_at=now))
        session.flush()
        promise = take(session, False, time.time(), 12, limits_of(ALWAYS))
        assert promise is not None
        keep(session, promise, time.time())
        assert session.scalars(select(Callback).where(Callback.done_at.is_(None))).all() == []
