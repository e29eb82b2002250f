"""Promised calls and what was done, read from our own records where a shop's backend keeps its lists to itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.console import callbacks
from ivr.console.orders import Done, noted_actions
from ivr.ports import Caller
from ivr.records.database import open_database
from ivr.records.holding import tell
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue
from ivr.records.tables import HandoffRow
from order_lookup import CallbackRequest, CallerRef, SqlOrderSystem

DUE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


async def promised(engine: Engine) -> int:
    queue = SqlQueue(engine, "w")
    number = await queue.enter("c1", "general", "", "zh", 5, "agent", Caller("13800004567"))
    await queue.promised(number, DUE)
    await queue.finish(number, "callback")
    return number


async def test_promise_is_listed_until_it_is_kept_and_the_number_goes_with_it(engine: Engine) -> None:
    number = await promised(engine)
    with Session(engine) as session, session.begin():
        (due,) = callbacks.open_ones(session, own=True)
        assert (due.id, due.number, due.queue, due.due_at) == (number, "138****4567", "general", DUE)
        assert callbacks.number_of(session, True, number) == "13800004567"
        callbacks.keep(session, True, number, 5.0)
        assert callbacks.open_ones(session, own=True) == []
    with Session(engine) as session:
        assert session.get_one(HandoffRow, number).caller == ""


@pytest.mark.parametrize("own", [True, False])
async def test_one_call_keeps_every_promise_to_that_number_and_to_no_other(
    engine: Engine, tmp_path: Path, own: bool
) -> None:
    desk = await SqlOrderSystem.open(f"sqlite:///{tmp_path / 'hotline.db'}")
    queue = SqlQueue(engine, "w")
    for call_id, phone in (("c1", "13800004567"), ("c2", "13800004567"), ("c3", "13911112222")):
        number = await queue.enter(call_id, "general", "", "zh", 5, "agent", Caller(phone))
        promise = await desk.book_callback(CallbackRequest(CallerRef(call_id, phone), "general", None, None))
        await queue.promised(number, promise.due_at)
        await queue.finish(number, "abandoned")
    await desk.close()
    with Session(engine) as session, session.begin():
        first, *others = callbacks.open_ones(session, own)
        assert len(others) == 2
        callbacks.keep(session, own, first.id, 5.0)
        assert [due.number for due in callbacks.open_ones(session, own)] == ["139****2222"]
    with Session(engine) as session:
        assert [row.caller for row in session.scalars(select(HandoffRow).order_by(HandoffRow.id))][:2] == ["", ""]


async def test_nobody_who_was_not_promised_a_call_is_listed(engine: Engine) -> None:
    await SqlQueue(engine, "w").enter("c2", "general", "", "zh", 5, "agent", Caller("13800004567"))
    with Session(engine) as session:
        assert callbacks.open_ones(session, own=True) == []


async def test_lost_caller_keeps_the_number_only_if_a_callback_is_due(engine: Engine) -> None:
    queue = SqlQueue(engine, "w")
    first = await queue.enter("c3", "general", "", "zh", 5, "agent", Caller("13800004567"))
    second = await queue.enter("c4", "general", "", "zh", 5, "agent", Caller("anonymous"))
    await queue.followed_up(first, DUE)
    await queue.followed_up(second)
    with Session(engine) as session:
        assert [due.id for due in callbacks.open_ones(session, own=True)] == [first]
        assert session.get_one(HandoffRow, second).caller == ""


def test_what_robot_and_agent_did_is_read_from_our_own_notes(engine: Engine, tmp_path: Path) -> None:
    records = SqlRecords(engine, "w", tmp_path / "spill")
    records.started("c5", "13800004567", "400", "zh", "1")
    records.line("c5", "note", "whisper", 1.0, {"whisper": "anna"})
    details = {"action": "urge_delivery", "outcome": "done", "values": {"action.receipt": "U17"}}
    records.line("c5", "note", "urge_delivery: done", 2.0, details)
    asyncio.run(records.flush())
    records.close()
    with Session(engine) as session, session.begin():
        tell(session, 9.0, "offer", "c5", action="issue_coupon", outcome="failed", receipt="")
        tell(session, 9.0, "offer", "other", action="issue_coupon", outcome="done", receipt="")
    with Session(engine) as session:
        assert noted_actions(session, "c5") == [Done("urge_delivery", "done", "U17"), Done("issue_coupon", "failed")]
