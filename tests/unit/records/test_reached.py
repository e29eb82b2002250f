"""Who was promised a call and rings again is not called in vain: once a colleague has talked with them, and not otherwise."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import CallbackSettings
from ivr.console import callbacks
from ivr.dialler import limits_of
from ivr.ports import Caller, Reservation
from ivr.promised import Kept, Promise, kept
from ivr.records import reached
from ivr.records.callback_works import works
from ivr.records.callbacks import take
from ivr.records.database import open_database
from ivr.records.queue import SqlQueue
from ivr.records.staff import AuditRow
from ivr.records.tables import AgentRow, CallRow, EventRow, HandoffRow
from order_lookup import CallbackRequest, CallerRef, SqlOrderSystem, TicketRequest
from order_lookup.tables import Callback, TicketEntry

NUMBER = "13800004567"
BOOKED_AT = time.time() - 600.0


class Centre:
    """A hotline with one agent; `now` is everybody's clock."""

    def __init__(self, engine: Engine, desk: SqlOrderSystem, own: bool) -> None:
        self.engine, self.desk, self.own, self.now = engine, desk, own, BOOKED_AT
        self.queue = SqlQueue(engine, "w", lambda: self.now, promises=callbacks.source(own))

    async def promise(self, call_id: str = "c1", number: str = NUMBER, queue: str = "general") -> None:
        """A caller waited, and chose to be called back."""
        place = await self.queue.enter(call_id, queue, "", "zh", 5, "agent", Caller(number))
        booked = await self.desk.book_callback(CallbackRequest(CallerRef(call_id, number), queue, None, None))
        await self.queue.promised(place, booked.due_at)
        await self.queue.finish(place, "callback")

    async def talk(
        self,
        seconds: float = 60.0,
        queue: str = "general",
        number: str = f"+86{NUMBER}",
        reason: str = "talked",
        briefing: dict[str, str] | None = None,
    ) -> int:
        """They ring again and have Anna on the line for so long."""
        place = await self.connect(queue, number, briefing)
        self.now += seconds
        state = "away" if reason == "no_media" else "wrap_up"
        await self.queue.release(place, "anna", state, reason)
        return place

    async def connect(
        self, queue: str = "general", number: str = NUMBER, briefing: dict[str, str] | None = None
    ) -> int:
        self.now += 60.0
        place = await self.queue.enter("c2", queue, "", "zh", 5, "agent", Caller(number), briefing)
        assert isinstance(await self.queue.reserve(place), Reservation)
        await self.queue.connected(place)
        return place

    def listed(self) -> list[str]:
        """The queues of the promises that are on the agents' list."""
        with Session(self.engine) as session:
            return [due.queue for due in callbacks.open_ones(session, self.own)]

    def dialled(self) -> bool:
        """Whether the robot would call them now."""
        limits = limits_of(CallbackSettings(dial="sip:{number}@trunk.test"))
        with Session(self.engine) as session:
            agent = session.scalars(select(AgentRow)).one()
            agent.state, agent.rest_until = "available", 0.0
            return take(session, self.own, self.now, 12, limits) is not None


@pytest.fixture(params=[False, True], ids=["desk", "queue"])
async def centre(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Centre]:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    engine = open_database(url)
    desk = await SqlOrderSystem.open(url, clock=lambda: datetime.fromtimestamp(BOOKED_AT, UTC))
    with Session(engine) as session, session.begin():
        queues = ["general", "senior"]
        session.add(AgentRow(name="anna", queues=queues, languages=["zh"], skills=[], state="available"))
    yield Centre(engine, desk, request.param)
    await desk.close()
    engine.dispose()


async def test_who_rang_again_and_was_talked_with_is_on_no_list_and_is_not_dialled(centre: Centre) -> None:
    await centre.promise()
    assert centre.dialled()
    await centre.talk()
    assert centre.listed() == []
    assert not centre.dialled()
    with Session(centre.engine) as session:
        (work,) = works(session, callbacks.source(centre.own), [1]).values()
        assert work.ended == "reached_us"
        audit = session.scalars(select(AuditRow)).one()
        assert (audit.account, audit.what, audit.call_id) == ("anna", "callback_reached_us", "c2")
        told = session.scalars(select(EventRow.data).where(EventRow.kind == "callback", EventRow.call_id == "c2")).all()
        assert [each["reached"] for each in told] == [True]
        promised = session.scalars(select(HandoffRow).where(HandoffRow.call_id == "c1")).one()
        assert (promised.called_back_at, promised.caller) == (centre.now, "")
        assert (session.scalars(select(Callback.done_at)).one() is None) is centre.own


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"queue": "senior"}, id="about another queue's"),
        pytest.param({"seconds": 4.0}, id="broke off at once"),
        pytest.param({"number": "13911112222"}, id="somebody else"),
        pytest.param({"number": "anonymous"}, id="a withheld number"),
        pytest.param({"reason": "no_media"}, id="the agent's line was lost"),
        pytest.param({"briefing": {"callback.of": "c1"}}, id="a call that we placed: its promise is kept there"),
    ],
)
async def test_otherwise_the_promise_stays(centre: Centre, other: dict[str, object]) -> None:
    await centre.promise()
    await centre.talk(**other)  # type: ignore[arg-type]
    assert centre.listed() == ["general"]


@pytest.mark.parametrize("reason", ["sent_back", "passed_on", "transferred"])
async def test_however_the_agent_let_them_go(centre: Centre, reason: str) -> None:
    await centre.promise()
    await centre.talk(seconds=0.0 if reason == "transferred" else 60.0, reason=reason)
    assert centre.listed() == []


async def test_what_is_promised_in_the_talk_is_still_to_be_kept(centre: Centre) -> None:
    place = await centre.connect()
    centre.desk._clock = lambda: datetime.fromtimestamp(centre.now + 30.0, UTC)  # type: ignore[method-assign]
    centre.now += 30.0
    await centre.promise("c3")
    centre.now += 30.0
    await centre.queue.release(place, "anna", "wrap_up", "talked")
    assert centre.listed() == ["general"]


async def test_the_agent_may_say_that_they_are_to_be_called_all_the_same(centre: Centre) -> None:
    await centre.promise()
    place = await centre.connect()
    with Session(centre.engine) as session, session.begin():
        for stays in (True, False, True):
            reached.let_stay(session, 1, "c2", "anna", stays, centre.now)
    centre.now += 60.0
    await centre.queue.release(place, "anna", "wrap_up", "talked")
    assert centre.listed() == ["general"]


async def test_other_promises_to_the_number_stay_until_the_agent_says_that_they_are_seen_to(centre: Centre) -> None:
    await centre.promise("c1", queue="senior")
    await centre.promise("c0")
    await centre.talk()
    assert centre.listed() == ["senior"]
    with Session(centre.engine) as session, session.begin():
        (left,) = callbacks.to_caller(session, centre.own, "c2")
        assert left.queue == "senior"
        assert reached.close(session, callbacks.source(centre.own), left.id, "c2", "anna", centre.now)
        assert not reached.close(session, callbacks.source(centre.own), left.id, "c2", "anna", centre.now)
    assert centre.listed() == []


async def test_colleagues_see_that_they_are_on_the_line(centre: Centre) -> None:
    await centre.promise()
    await centre.connect()
    with Session(centre.engine) as session:
        session.add(CallRow(id="c2", started_at=centre.now, number=NUMBER))
        session.flush()
        assert [due.on_line for due in callbacks.open_ones(session, centre.own)] == ["anna"]


async def test_the_ticket_of_the_promise_tells_it_and_waits_for_its_own_end(centre: Centre) -> None:
    if centre.own:
        return
    await centre.desk.open_ticket(TicketRequest(CallerRef("c1", NUMBER), "food_safety", "quality/food", "头发", None))
    with Session(centre.engine) as session, session.begin():
        (booked,) = session.scalars(select(Callback)).all()
        assert booked.ticket_id is not None
        assert reached.close(session, "desk", booked.id, "c2", "anna", BOOKED_AT + 60.0)
    with Session(centre.engine) as session:
        lines = session.scalars(select(TicketEntry.text).order_by(TicketEntry.id)).all()
        assert "anna" in lines[-1]


def test_figures_credit_nobody_for_a_call_that_the_customer_made() -> None:
    promises = [
        Promise("callback", "general", 100.0, 90.0, by_them=True),  # before it was due: nobody's merit, nobody's fault
        Promise("callback", "general", 100.0, 130.0, by_them=True),  # they had waited for us in vain
        Promise("callback", "general", 100.0, 90.0),
        Promise("callback", "general", 900.0, 90.0, by_them=True),  # not due yet
    ]
    assert kept(promises, 200.0) == Kept(2, 1, 10.0, 30.0, 1)
