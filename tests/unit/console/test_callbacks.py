"""Promised calls and what was done, read from our own records where a shop's backend keeps its lists to itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.console import callback_tries, callbacks
from ivr.console.orders import Done, noted_actions
from ivr.ports import Caller
from ivr.records.database import open_database
from ivr.records.holding import tell
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue
from ivr.records.tables import CallbackWorkRow, HandoffRow
from order_lookup import CallbackRequest, CallerRef, SqlOrderSystem, TicketRequest
from order_lookup.policies import load_policies
from order_lookup.tables import Message, TicketEntry

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


@pytest.mark.parametrize("own", [True, False])
async def test_who_never_answers_is_tried_so_often_and_then_written_to(
    engine: Engine, tmp_path: Path, own: bool
) -> None:
    """The promise is off the list for good, counts from the first try, and its ticket is still to be answered."""
    desk = await SqlOrderSystem.open(f"sqlite:///{tmp_path / 'hotline.db'}")
    queue, caller, policies = SqlQueue(engine, "w"), CallerRef("c1", "13800004567"), load_policies().values
    number = await queue.enter("c1", "general", "", "zh", 5, "agent", Caller("13800004567"))
    ticket = await desk.open_ticket(TicketRequest(caller, "food_safety", "quality/food", "面里有头发", None))
    await queue.promised(number, DUE)
    await queue.finish(number, "callback")
    await desk.close()
    with Session(engine) as session, session.begin():
        (due,) = callbacks.open_ones(session, own)
        callback_tries.take(session, own, 1.0, due.id, "anna")
        callback_tries.take(session, own, 2.0, due.id, "bert")
        first = callback_tries.tried(session, own, due.id, 2, 3.0, policies)
        (again,) = callbacks.open_ones(session, own)
        assert callback_tries.assign(session, own, 4.0, due.id, "carl")
        last = callback_tries.tried(session, own, due.id, 2, 9.0, policies)
        assert callbacks.open_ones(session, own) == []
        assert callback_tries.tried(session, own, due.id, 2, 10.0, policies) is None
        assert not callback_tries.assign(session, own, 11.0, due.id, "anna")
    assert (first, last) == (callback_tries.Tried(1), callback_tries.Tried(2, True, True))
    assert (again.owner, again.tries, again.tried_at) == ("anna", 1, 3.0)
    with Session(engine) as session:
        (letter,) = session.scalars(select(Message)).all()
        (work,) = session.scalars(select(CallbackWorkRow)).all()
        lines = session.scalars(select(TicketEntry.text).order_by(TicketEntry.id)).all()
    assert (letter.phone, letter.template, letter.state) == ("13800004567", "unreached", "waiting")
    assert "没有接通" in letter.body
    assert (work.owner, work.tries, work.first_tried_at, work.ended) == ("carl", 2, 3.0, "unreached")
    assert ticket.number
    assert ("2 次无人接听" in lines[-1]) is not own


async def test_who_wants_no_messages_gets_none_and_who_sets_no_end_goes_on_trying(
    engine: Engine, tmp_path: Path
) -> None:
    desk = await SqlOrderSystem.open(f"sqlite:///{tmp_path / 'hotline.db'}")
    values = load_policies().values
    silent = values.model_copy(update={"messages": {k: v for k, v in values.messages.items() if k != "unreached"}})
    for call_id in ("c1", "c2"):
        await desk.book_callback(CallbackRequest(CallerRef(call_id, f"1380000456{call_id[1]}"), "general", None, None))
    await desk.close()
    with Session(engine) as session, session.begin():
        one, two = callbacks.open_ones(session, own=False)
        assert callback_tries.tried(session, False, one.id, 1, 5.0, silent) == callback_tries.Tried(1, True, False)
        tries = [callback_tries.tried(session, False, two.id, 0, 5.0, values) for _ in range(9)]
        assert tries[-1] == callback_tries.Tried(9)
        assert session.scalars(select(Message)).all() == []
