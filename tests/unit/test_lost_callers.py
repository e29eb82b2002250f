"""Following up who was lost, on real tables: booked once whoever looks, whoever dies in between; taken back once served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.console import callbacks
from ivr.errors import RecordsError
from ivr.lost_callers import follow_up, follow_up_all
from ivr.ports import Caller
from ivr.records import journal
from ivr.records.database import open_database
from ivr.records.lost_calls import LEASE_SECONDS
from ivr.records.queue import SqlQueue
from ivr.records.tables import CallRow, HandoffRow, LineRow
from order_lookup import CallbackRequest, CallerRef, SqlOrderSystem, load_policies
from order_lookup.tables import Callback, Promise, Ticket

NUMBER, BEGAN = "13800004567", 1_772_366_400.0
LATER = BEGAN + LEASE_SECONDS + 1.0


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'hotline.db'}")


@pytest.fixture
async def orders(tmp_path: Path, engine: Engine) -> AsyncIterator[SqlOrderSystem]:
    made = await SqlOrderSystem.open(
        f"sqlite:///{tmp_path / 'hotline.db'}", clock=lambda: datetime.fromtimestamp(LATER, UTC)
    )
    yield made
    await made.close()


def died(engine: Engine, call_id: str = "c1") -> None:
    """A call whose caller wanted a refund when its worker died."""
    with Session(engine) as session, session.begin():
        row = CallRow(id=call_id, number=NUMBER, worker="w1", started_at=BEGAN, heartbeat_at=BEGAN)
        row.case = {"intent": "refund_request"}
        session.add(row)
        session.flush()
        session.add(LineRow(call_id=call_id, position=1, speaker="caller", text="退款", seconds=3.0, details={}))


def reaper(engine: Engine, name: str = "w2") -> SqlQueue:
    return SqlQueue(engine, name, lambda: LATER)


def booked(engine: Engine) -> list[Callback]:
    with Session(engine) as session:
        return list(session.scalars(select(Callback)))


def due(engine: Engine, own: bool) -> list[tuple[str, str, str]]:
    """What the desk's list shows: number, call and matter."""
    with Session(engine) as session:
        return [(each.number, each.call_id, each.about) for each in callbacks.open_ones(session, own)]


async def test_the_callback_is_on_the_desks_list_with_call_and_matter(engine: Engine, orders: SqlOrderSystem) -> None:
    died(engine)
    queue = reaper(engine)
    await follow_up_all(orders, queue, await queue.reap())
    (row,) = booked(engine)
    assert (row.phone, row.queue, row.key) == (NUMBER, "general", "c1:callback:general")
    assert 0 < row.due_at.timestamp() - LATER <= 3600
    shown = [("138****4567", "c1", "refund_request")]
    assert due(engine, own=False) == shown == due(engine, own=True)
    with Session(engine) as session:
        assert session.scalars(select(Ticket)).all() == [], "the callback says it all"
    assert await queue.reap() == []


async def test_two_reapers_at_once_book_once(engine: Engine, orders: SqlOrderSystem) -> None:
    died(engine)
    queues = [reaper(engine, name) for name in ("w2", "console")]
    found = [await queue.reap() for queue in queues]
    assert found[0] == found[1] != []
    await asyncio.gather(*(follow_up_all(orders, *each) for each in zip(queues, found, strict=True)))
    for queue in queues:
        await follow_up_all(orders, queue, await queue.reap())
    assert len(booked(engine)) == 1
    assert await queues[0].reap() == []


class Dies(SqlQueue):
    """A reaper that is gone as soon as the order desk has written the callback down."""

    async def followed_up(self, handoff: int, due_at: datetime | None = None) -> None:
        raise RecordsError("killed")


async def test_a_reaper_that_dies_half_way_leaves_it_to_the_next(engine: Engine, orders: SqlOrderSystem) -> None:
    died(engine)
    dies = Dies(engine, "w2", lambda: LATER)
    (lost,) = await dies.reap()
    with pytest.raises(RecordsError):
        await follow_up(orders, dies, lost)
    queue = reaper(engine)
    assert await queue.reap() == [lost]
    await follow_up_all(orders, queue, await queue.reap())
    assert len(booked(engine)) == 1
    assert await queue.reap() == []


async def test_a_late_reaper_does_not_bring_back_what_was_taken_back(engine: Engine, orders: SqlOrderSystem) -> None:
    died(engine)
    queue = reaper(engine)
    (lost,) = await queue.reap()
    await follow_up(orders, queue, lost)
    called_again(engine)
    await queue.followed_up(lost.handoff, datetime.fromtimestamp(LATER, UTC))
    assert [each.follow_up for each in await queue.reap()] == ["served"]


def called_again(engine: Engine, disposition: str = "settled") -> None:
    """The caller rang by himself, and was helped."""
    with Session(engine) as session, session.begin():
        row = CallRow(id="c2", number=NUMBER, worker="w2", started_at=LATER, heartbeat_at=LATER)
        row.case = {"intent": "refund_request"}
        session.add(row)
        session.flush()
        entry = {"entry": "ended", "call_id": "c2", "at": LATER, "row": {"disposition": disposition}}
        journal.write(session, entry)


async def test_who_was_helped_meanwhile_is_off_both_lists(engine: Engine, orders: SqlOrderSystem) -> None:
    died(engine)
    queue = reaper(engine)
    await follow_up_all(orders, queue, await queue.reap())
    called_again(engine)
    await follow_up_all(orders, queue, await queue.reap())
    assert due(engine, own=False) == [] == due(engine, own=True)
    with Session(engine) as session:
        assert session.scalars(select(Callback)).one().done_at is not None
        assert session.scalars(select(Promise)).one().kept_at is not None
        row = session.scalars(select(HandoffRow)).one()
        assert (row.follow_up, row.caller) == ("closed", "")
    assert await queue.reap() == []


@pytest.mark.parametrize(
    ("outcome", "disposition", "off"),
    [
        pytest.param("abandoned", "handled_by_agent", True, id="hung up while waiting, then had a human"),
        pytest.param("abandoned", "settled", False, id="the robot is not whom they waited for"),
        pytest.param("callback", "handled_by_agent", False, id="what was asked for stays"),
    ],
)
async def test_who_waited_in_vain_and_then_had_a_human_is_off_both_lists(
    engine: Engine, orders: SqlOrderSystem, outcome: str, disposition: str, off: bool
) -> None:
    queue = reaper(engine)
    waiting = await queue.enter("c1", "general", "", "zh", 5, "asked_for", Caller(NUMBER), {"intent": "complaint"})
    promise = await orders.book_callback(CallbackRequest(CallerRef("c1", NUMBER), "general", None, None))
    await queue.promised(waiting, promise.due_at)
    await queue.finish(waiting, outcome)
    called_again(engine, disposition)
    await follow_up_all(orders, queue, await queue.reap())
    assert bool(due(engine, own=False)) is bool(due(engine, own=True)) is not off
    assert await queue.reap() == []


async def test_who_was_lost_while_waiting_still_gets_a_ticket_once(engine: Engine, orders: SqlOrderSystem) -> None:
    waiting = SqlQueue(engine, "w1", lambda: BEGAN)
    await waiting.enter("c3", "senior", "", "zh", 5, "upset", Caller(NUMBER), {"intent": "complaint"})
    for name in ("w2", "console"):
        queue = reaper(engine, name)
        await follow_up_all(orders, queue, await queue.reap())
    with Session(engine) as session:
        assert [row.key for row in session.scalars(select(Ticket))] == ["c3:complaint:-"]
        assert [row.queue for row in session.scalars(select(Callback))] == ["senior"]


class Asleep:
    """`WorkingTime` of people who come back two hours after the line was lost."""

    def is_open(self, queue: str, at: datetime) -> bool:
        return at.timestamp() >= LATER + 7200.0

    def after(self, queue: str, at: datetime, span: timedelta) -> datetime:
        return max(at, datetime.fromtimestamp(LATER + 7200.0, UTC)) + span


async def test_who_is_lost_at_night_is_called_back_when_people_are_there(engine: Engine, tmp_path: Path) -> None:
    orders = await SqlOrderSystem.open(
        f"sqlite:///{tmp_path / 'hotline.db'}",
        load_policies(working=Asleep()),
        clock=lambda: datetime.fromtimestamp(LATER, UTC),
    )
    died(engine)
    queue = reaper(engine)
    await follow_up_all(orders, queue, await queue.reap())
    (row,) = booked(engine)
    assert row.due_at.timestamp() == LATER + 7200.0 + 1800.0
    with Session(engine) as session:
        assert session.scalars(select(HandoffRow.callback_due_at)).all() == [row.due_at.timestamp()]
    await orders.close()
