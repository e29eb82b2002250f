"""The robot keeps a promise: dialled once, told what came of it, kept when a colleague has talked to them, on real tables."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import CallbackSettings, Settings
from ivr.console import callback_tries
from ivr.console import callbacks as desk
from ivr.dialler import Answered, Dialler, limits_of
from ivr.handoff.calling_back import PUT_OFF
from ivr.legs import LegAnswered, LegEnded
from ivr.records.callback_works import assign, works
from ivr.records.callbacks import keep, note, take
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, HandoffRow
from ivr.telephony.headers import called_number
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
    shop.dialler.over("c2", "settled", talked=True)
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
    shop.dialler.over("c2", "callback", talked=False)
    await until(lambda: shop.attempts() == ["callback"])
    assert shop.open_promises() == 1


async def test_who_wants_no_call_is_never_called_again(engine: Engine) -> None:
    shop = Shop(engine)
    shop.dialler.on_leg(LegAnswered(await shop.dialled()))
    shop.dialler.over("c2", "unwanted", talked=False)
    await shop.dialler.settled()
    assert (shop.attempts(), shop.open_promises()) == (["unwanted"], 0)


async def test_a_worker_that_ends_lets_the_phone_go_and_writes_that_down(engine: Engine) -> None:
    shop = Shop(engine)
    leg = await shop.dialled()
    shop.dialler.stop()
    await shop.dialler.settled()
    assert ("hang_up", leg) in [order[:2] for order in shop.phone.orders]
    assert (shop.attempts(), shop.open_promises()) == (["broken_off"], 1)


async def test_a_promise_taken_while_the_worker_ends_is_put_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, looking, go_on = Shop(engine), threading.Event(), threading.Event()
    take_one = shop.dialler._take

    def slowly() -> object:
        looking.set()
        go_on.wait(30)
        return take_one()

    monkeypatch.setattr(shop.dialler, "_take", slowly)
    running = asyncio.create_task(shop.dialler.run())
    await until(looking.is_set)
    shop.idle = False
    shop.dialler.stop()
    running.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await shop.dialler.settled()
    assert (shop.attempts(), shop.phone.did("dial")) == ([PUT_OFF], [])


async def test_a_call_that_cannot_begin_is_no_dead_line(engine: Engine) -> None:
    shop = Shop(engine)
    leg = await shop.dialled()

    def broken(answered: Answered) -> str:
        raise OSError("no dialplan")

    shop.dialler._begin = broken
    shop.dialler.on_leg(LegAnswered(leg))
    await shop.dialler.settled()
    assert ("hang_up", leg) in [order[:2] for order in shop.phone.orders]
    assert shop.attempts() == ["failed"]
    assert not shop.dialler.busy


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
    shop.dialler.over("c2", "settled", talked=True)
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
    await until(lambda: shop.attempts() == [PUT_OFF])
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


def test_whom_a_colleague_is_calling_the_robot_does_not_call(engine: Engine) -> None:
    now, limits = time.time(), limits_of(ALWAYS)
    with Session(engine) as session:
        callback_tries.take(session, False, now, 1, "anna")
        session.flush()
        assert take(session, False, now + 901, 12, limits) is None
        callback_tries.assign(session, False, now, 1, "")
        session.flush()
        assert take(session, False, now + 60, 12, limits) is None
        assert take(session, False, now + 901, 12, limits) is not None


def test_desks_show_the_robot_only_while_it_calls(engine: Engine) -> None:
    now = time.time()
    with Session(engine) as session:
        promise = take(session, False, now, 12, limits_of(ALWAYS))
        assert promise is not None
        session.flush()
        assert desk.taken(session, now)[1] == "robot"
        note(session, promise.name, "no_answer", "", now)
        session.flush()
        assert not desk.taken(session, now).get(1)


def test_who_is_on_the_line_is_known_however_the_trunk_writes_the_number(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(CallRow(id="c3", started_at=1.0, language="zh", number=f"+86{NUMBER}"))
        session.flush()
        assert take(session, False, time.time(), 12, limits_of(ALWAYS)) is None


def test_of_our_own_queue_too_a_number_is_one_however_it_is_written(engine: Engine) -> None:
    with Session(engine) as session:
        for index, caller in enumerate((f"+86{NUMBER}", f"0086{NUMBER}", "13900000001")):
            row = HandoffRow(call_id=f"c{index}", queue="general", language="zh", caller=caller, enqueued_at=1.0)
            row.state, row.callback_due_at = "ended", time.time() + index
            session.add(row)
        session.flush()
        promise = take(session, True, time.time(), 12, limits_of(ALWAYS))
        assert promise is not None
        assert promise.number == NUMBER
        keep(session, promise, time.time())
        assert session.scalars(select(HandoffRow.caller).order_by(HandoffRow.id)).all() == ["", "", "13900000001"]


def test_promises_that_are_the_colleagues_do_not_stand_in_front(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.callbacks.MOST", 2)
    long_ago = datetime.now(UTC) - timedelta(days=2)
    with Session(engine) as session:
        for index in range(3):
            old = Callback(key=f"o{index}:general", phone=f"1390000000{index}", queue="general", due_at=long_ago)
            old.booked_at = long_ago
            session.add(old)
        session.flush()
        promise = take(session, False, time.time(), 12, limits_of(ALWAYS))
        assert promise is not None
        assert promise.number == NUMBER


def test_promises_that_were_ticked_off_count_where_the_same_number_is_booked_again(engine: Engine) -> None:
    now = time.time()
    with Session(engine) as session:
        for index in range(3):
            row = Callback(key=f"v{index}:general", phone=NUMBER, queue="general", due_at=datetime.now(UTC))
            row.booked_at = row.done_at = row.due_at
            session.add(row)
            session.flush()
            attempt = CallbackAttemptRow(promise=f"desk:{row.id}", number_of_try=1, at=now - 5000, outcome="declined")
            session.add(attempt)
        session.flush()
        assert take(session, False, now, 12, limits_of(ALWAYS)) is None


def test_nobody_leaves_the_figures_by_dialling_the_word_of_our_own_calls() -> None:
    assert called_number("callback") == called_number("call back") == ""
    assert called_number("hotline-en") == "hotline-en"


def test_one_that_is_a_colleagues_is_left_to_them_and_the_list_counts_the_robots_tries(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        promise = take(session, False, time.time(), 12, limits_of(ALWAYS))
        assert promise is not None
        note(session, promise.name, "no_answer", "", time.time())
        (work,) = works(session, "desk", [1]).values()
        assert (work.tries, work.owner) == (1, "")
    with Session(engine) as session:
        assert take(session, False, time.time() + 1000.0, 12, limits_of(ALWAYS)) is not None
    with Session(engine) as session, session.begin():
        assign(session, "desk", 1, "anna")
        assert take(session, False, time.time() + 1000.0, 12, limits_of(ALWAYS)) is None
        keep(session, promise, time.time())
        (work,) = works(session, "desk", [1]).values()
        assert work.ended == "made"
