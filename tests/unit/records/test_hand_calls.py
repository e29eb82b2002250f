"""An agent's click in the database: one call for one customer, all or nothing, and what became of the promise."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import CallbackSettings
from ivr.console import callbacks as desk
from ivr.console import reading
from ivr.dialler import limits_of
from ivr.handoff.by_hand import REASON
from ivr.ports import Caller
from ivr.records import by_hand
from ivr.records.callbacks import take
from ivr.records.database import open_database
from ivr.records.holding import reap
from ivr.records.queue import SqlQueue
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, HandoffRow, WrapUpRow
from order_lookup import CallbackRequest, CallerRef, SqlOrderSystem
from order_lookup.tables import Promise

NUMBER = "13800004567"
LIMITS = limits_of(CallbackSettings(dial="sip:{number}@trunk.test"))
NOW = time.time()


class Centre:
    """A promise to a customer, and two agents."""

    def __init__(self, engine: Engine, own: bool) -> None:
        self.engine, self.own, self.now = engine, own, NOW

    def ask(self, agent: int = 1, hour: int = 12, now: float = NOW) -> by_hand.Asked:
        with Session(self.engine) as session, session.begin():
            return by_hand.ask(session, self.own, 1, agent, now, hour, LIMITS)

    def made(self, outcome: str, connected: bool = True) -> str:
        """A click, and a worker that made the call."""
        call_id = self.ask().call_id
        with Session(self.engine) as session, session.begin():
            claimed = by_hand.claim(session, "w1", NOW)
            assert claimed is not None
            session.add(CallRow(id=call_id, started_at=NOW, called="callback", case=dict(claimed.case)))
            if connected:
                by_hand.connected(session, claimed.handoff, NOW + 5.0)
        with Session(self.engine) as session, session.begin():
            by_hand.over(session, claimed.handoff, outcome, NOW + 65.0)
        return call_id

    def state(self, agent: str = "anna") -> str:
        with Session(self.engine) as session:
            return session.scalars(select(AgentRow.state).where(AgentRow.name == agent)).one()

    def listed(self) -> list[str]:
        """How the last call for each promise on the list ended."""
        with Session(self.engine) as session:
            return [due.last for due in desk.open_ones(session, self.own)]

    def robot(self, later: float = 0.0) -> bool:
        """Whether the robot would dial them now."""
        with Session(self.engine) as session:
            for agent in session.scalars(select(AgentRow)):
                agent.state = "available"
            return take(session, self.own, NOW + later, 12, LIMITS) is not None


@pytest.fixture(params=[False, True], ids=["desk", "queue"])
async def centre(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Centre]:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    engine = open_database(url)
    orders, queue = await SqlOrderSystem.open(url), SqlQueue(engine, "w")
    with Session(engine) as session, session.begin():
        for name in ("anna", "bert"):
            about = {"queues": ["general"], "languages": ["zh"], "skills": [], "state": "available"}
            session.add(AgentRow(name=name, uri=f"sip:{name}@a", **about))
        session.add(CallRow(id="c1", started_at=1.0, ended_at=2.0, case={"intent": "refund_request"}))
    place = await queue.enter("c1", "general", "", "zh", 5, "agent", Caller(NUMBER))
    booked = await orders.book_callback(CallbackRequest(CallerRef("c1", NUMBER), "general", None, None))
    await queue.promised(place, booked.due_at)
    await queue.finish(place, "callback")
    await orders.close()
    yield Centre(engine, request.param)
    engine.dispose()


def test_a_click_makes_the_agent_busy_and_keeps_everybody_else_from_dialling(centre: Centre) -> None:
    asked = centre.ask()
    assert asked.call_id
    assert centre.state() == "ringing"
    assert centre.ask(agent=2) == by_hand.Asked(refusal="taken")
    assert centre.state("bert") == "available", "whoever is refused is as free as before"
    assert not centre.robot()
    with Session(centre.engine) as session, session.begin():
        one, two = by_hand.claim(session, "w1", NOW), by_hand.claim(session, "w2", NOW)
        assert one is not None
        assert two is None
        assert (one.agent, one.agent_uri, one.promise.number) == ("anna", "sip:anna@a", NUMBER)
        assert (one.case["intent"], one.case["callback.of"]) == ("refund_request", "c1")
        assert reading.strip(session).waiting == 0, "nobody waits for an agent"


def test_whom_the_robot_is_calling_no_agent_calls(centre: Centre) -> None:
    with Session(centre.engine) as session, session.begin():
        assert take(session, centre.own, NOW, 12, LIMITS) is not None
    assert centre.ask() == by_hand.Asked(refusal="taken")
    assert centre.state() == "available"


@pytest.mark.parametrize("hour", [8, 21])
def test_at_night_nobody_is_called(centre: Centre, hour: int) -> None:
    assert centre.ask(hour=hour) == by_hand.Asked(refusal="hours")


def test_whoever_is_on_the_line_already_or_off_the_list_is_not_called(centre: Centre) -> None:
    with Session(centre.engine) as session, session.begin():
        session.add(CallRow(id="c9", started_at=NOW, number=f"+86{NUMBER}"))
    assert centre.ask().refusal == "taken"
    with Session(centre.engine) as session, session.begin():
        desk.keep(session, centre.own, 1, NOW)
    assert centre.ask().refusal == "gone"


def test_numbers_that_may_not_be_dialled_are_not_and_neither_is_from_a_talk(centre: Centre) -> None:
    with Session(centre.engine) as session, session.begin():
        nobody = limits_of(CallbackSettings(dial="sip:{number}@t", numbers=("1",)))
        assert by_hand.ask(session, centre.own, 1, 1, NOW, 12, nobody).refusal == "number"
        session.get_one(AgentRow, 1).state = "on_call"
    assert centre.ask().refusal == "agent"


def test_a_talk_keeps_the_promise_and_is_wrapped_up(centre: Centre) -> None:
    centre.made("handled_by_agent")
    assert centre.listed() == []
    assert centre.state() == "wrap_up"
    with Session(centre.engine) as session:
        wrap = session.scalars(select(WrapUpRow)).one()
        assert wrap.talk_seconds == 60.0
        row = session.scalars(select(HandoffRow).where(HandoffRow.reason == REASON)).one()
        assert (row.state, row.outcome) == ("ended", "completed")


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "declined", "wrong_number"])
def test_who_is_not_reached_stays_promised_and_the_agent_goes_on(centre: Centre, outcome: str) -> None:
    centre.made(outcome, connected=False)
    assert centre.listed() == [outcome]
    assert centre.state() == "available"
    with Session(centre.engine) as session:
        row = session.scalars(select(HandoffRow).where(HandoffRow.reason == REASON)).one()
        assert (row.state, row.outcome, row.caller) == ("ended", outcome, "")


def test_where_no_worker_has_room_it_is_as_if_nobody_had_asked(centre: Centre) -> None:
    with Session(centre.engine) as session, session.begin():
        session.get_one(AgentRow, 1).state = "away"
    call_id = centre.ask().call_id
    with Session(centre.engine) as session, session.begin():
        assert by_hand.withdraw(session, call_id, NOW + 3.0)
        assert by_hand.claim(session, "w1", NOW + 3.0) is None
    assert centre.state() == "away"
    assert centre.ask(now=NOW + 4.0).call_id, "they may be called again at once"
    with Session(centre.engine) as session, session.begin():
        assert by_hand.claim(session, "w1", NOW + 4.0) is not None
        assert not by_hand.withdraw(session, call_id, NOW + 5.0)


def test_a_voicemail_that_answered_is_put_right_and_they_are_called_again(centre: Centre) -> None:
    call_id = centre.made("handled_by_agent")
    with Session(centre.engine) as session, session.begin():
        assert by_hand.outcome_of(session, call_id) == "handled_by_agent"
        assert by_hand.correct(session, call_id, "no_answer", NOW + 70.0)
        assert not by_hand.correct(session, call_id, "no_answer", NOW + 70.0)
    assert centre.listed() == ["no_answer"]
    with Session(centre.engine) as session:
        assert desk.number_of(session, centre.own, 1) == NUMBER
        assert session.get_one(CallRow, call_id).disposition == "no_answer"
        if not centre.own:
            assert session.scalars(select(Promise.kept_at)).one() is None
    assert centre.robot(later=5000.0)


def test_a_wrong_number_is_closed_and_never_called_again(centre: Centre) -> None:
    call_id = centre.made("handled_by_agent")
    with Session(centre.engine) as session, session.begin():
        assert by_hand.correct(session, call_id, "wrong_number", NOW + 70.0)
        assert by_hand.outcome_of(session, call_id) == "wrong_number"
        assert session.scalars(select(CallbackAttemptRow.outcome)).one() == "unwanted"
    assert centre.listed() == []


def test_what_a_dead_worker_was_calling_is_promised_still_and_nothing_else_is(centre: Centre) -> None:
    centre.ask()
    with Session(centre.engine) as session, session.begin():
        assert by_hand.claim(session, "w1", NOW) is not None
        assert reap(session, 180.0, NOW + 60.0) == [], "no ticket, and no second callback"
    assert centre.state() == "available"
    assert centre.listed() == [""]
    assert centre.ask(now=NOW + 300.0).call_id
