"""A day of traffic whose outcome is known: each kind of call is played into the records as workers and desks do, on a clock of its own.

What must be counted of each kind is written down beside it by hand, so that nothing is reckoned by what is to be proved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.config import AgentSettings
from ivr.ports import Caller, Reservation
from ivr.records.agents import enrol, finish_wrap_up
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue
from ivr.records.tables import AgentRow

NUMBER = "13800004567"
AGENTS = {"general": "anna", "after_sales": "bert"}
Truth = dict[str, float]
Kind = Callable[["WorkingDay", str], Awaitable[Truth]]


class WorkingDay:
    """A worker, two agents and a clock."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.now = engine, 0.0
        self.records = SqlRecords(engine, "w", folder / "spill", self.clock)
        self.queue = SqlQueue(engine, "w", self.clock)
        names = [AgentSettings(name=name, uri=f"sip:{name}@a", queues=(queue,)) for queue, name in AGENTS.items()]
        enrol(engine, names)

    def clock(self) -> float:
        return self.now

    async def play(self, call_id: str, kind: Kind, at: float) -> Truth:
        """One call, from a moment on; what must be counted of it."""
        self.now = at
        with Session(self.engine) as session, session.begin():
            for agent in session.query(AgentRow):
                agent.rest_until, agent.since = 0.0, at
        return await kind(self, call_id)

    def begin(self, call_id: str, words: bool = True, intent: str = "refund_request") -> None:
        self.records.started(call_id, NUMBER, "hotline", "zh", "1")
        self.records.line(call_id, "robot", "您好", 0.5, {"step": "hotline.open_question"})
        if words:
            self.records.line(call_id, "caller", "我想退款", 4.0, {"step": "hotline.open_question"})
            self.hear(call_id, "understood")
            self.records.case(call_id, {"intent": intent})

    def hear(self, call_id: str, kind: str, step: str = "hotline.open_question") -> None:
        self.records.event(call_id, kind, {"step": step})

    def end(self, call_id: str, disposition: str, after: float = 5.0, **details: object) -> None:
        self.now += after
        self.records.ended(call_id, disposition, 60.0, {"self_served": False, **details})

    async def ask(self, call_id: str, queue: str = "general") -> int:
        await self.records.flush()
        self.now += 10.0
        return await self.queue.enter(call_id, queue, "", "zh", 5, "agent", Caller(NUMBER))

    async def answered(self, handoff: int, agent: str, after: float) -> None:
        self.now += after
        await self.queue.heartbeat()
        held = await self.queue.reserve(handoff)
        assert isinstance(held, Reservation)
        assert held.agent == agent
        await self.queue.connected(handoff)

    async def talked(self, handoff: int, agent: str, seconds: float, wrap_up: float, reason: str = "talked") -> None:
        """The agent is let go; the wrap-up is over so much later, the call may go on before."""
        self.now += seconds
        await self.queue.release(handoff, agent, "wrap_up", reason)
        with Session(self.engine) as session, session.begin():
            row = session.query(AgentRow).filter_by(name=agent).one()
            finish_wrap_up(session, row.id, "solved", "", False, self.now + wrap_up)

    async def dies(self, noticed_after: float) -> None:
        """The worker is killed now; somebody notices so much later."""
        await self.records.flush()
        await self.queue.heartbeat()
        self.now += noticed_after
        await self.queue.reap(180.0)
        self.now += 200.0
        await self.queue.reap(180.0)


async def alone(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id)
    day.end(call_id, "settled", 60.0, self_served=True, satisfaction=5)
    return {"self_served": 1, "scores": 1, "score_total": 5}


async def hung_up_in_the_greeting(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id, words=False)
    day.end(call_id, "caller_hung_up", 2.0)
    return {"said_nothing": 1}


async def gave_up_on_the_robot(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id)
    day.hear(call_id, "no_match")
    day.end(call_id, "caller_hung_up", 30.0)
    return {}


async def in_time(day: WorkingDay, call_id: str) -> Truth:
    """On the last second that counts as in time."""
    day.begin(call_id)
    handoff = await day.ask(call_id)
    await day.answered(handoff, "anna", 20.0)
    await day.talked(handoff, "anna", 100.0, 30.0)
    await day.queue.finish(handoff, "completed")
    day.end(call_id, "handled_by_agent")
    return {
        "with_human": 1, "asked": 1, "answered": 1, "in_time": 1, "waited_seconds": 20, "handled": 1, "handled_seconds": 130,
    }  # fmt: skip


async def too_late(day: WorkingDay, call_id: str) -> Truth:
    """Answered after a minute; the agent sends them back for the score, which is low."""
    day.begin(call_id)
    handoff = await day.ask(call_id)
    await day.answered(handoff, "anna", 60.0)
    await day.talked(handoff, "anna", 200.0, 0.0, "sent_back")
    await day.queue.finish(handoff, "returned")
    day.end(call_id, "settled", self_served=True, satisfaction=1)
    return {
        "with_human": 1, "asked": 1, "answered": 1, "waited_seconds": 60, "handled": 1, "handled_seconds": 200,
        "scores": 1, "score_total": 1, "low_scores": 1,
    }  # fmt: skip


async def passed_on(day: WorkingDay, call_id: str) -> Truth:
    """Two humans, one wait for the first of them."""
    day.begin(call_id)
    handoff = await day.ask(call_id)
    await day.answered(handoff, "anna", 10.0)
    await day.talked(handoff, "anna", 300.0, 20.0, "passed_on")
    assert await day.queue.enter(call_id, "after_sales", "", "zh", 4, "agent", Caller(NUMBER)) == handoff
    await day.answered(handoff, "bert", 40.0)
    await day.talked(handoff, "bert", 90.0, 10.0)
    await day.queue.finish(handoff, "completed")
    day.end(call_id, "handled_by_agent")
    return {
        "with_human": 1, "asked": 1, "answered": 1, "in_time": 1, "waited_seconds": 10, "handled": 2, "handled_seconds": 420,
    }  # fmt: skip


async def gave_up_after_passing_on(day: WorkingDay, call_id: str) -> Truth:
    """A human had them: nobody was left waiting for the first one."""
    day.begin(call_id)
    handoff = await day.ask(call_id)
    await day.answered(handoff, "anna", 10.0)
    await day.talked(handoff, "anna", 100.0, 20.0, "passed_on")
    await day.queue.enter(call_id, "after_sales", "", "zh", 4, "agent", Caller(NUMBER))
    day.now += 50.0
    await day.queue.finish(handoff, "abandoned")
    day.end(call_id, "handoff_abandoned", 0.0)
    return {
        "with_human": 1, "asked": 1, "answered": 1, "in_time": 1, "waited_seconds": 10, "handled": 1, "handled_seconds": 120,
    }  # fmt: skip


async def gave_up_waiting(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id)
    handoff = await day.ask(call_id)
    day.now += 90.0
    await day.queue.finish(handoff, "abandoned")
    day.end(call_id, "handoff_abandoned", 0.0)
    return {"asked": 1, "gave_up": 1}


async def gave_up_at_once(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id)
    handoff = await day.ask(call_id)
    day.now += 3.0
    await day.queue.finish(handoff, "abandoned")
    day.end(call_id, "handoff_abandoned", 0.0)
    return {"asked": 1, "gave_up": 1, "gave_up_at_once": 1}


async def callback_instead(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id)
    handoff = await day.ask(call_id)
    day.now += 180.0
    await day.queue.finish(handoff, "callback")
    day.end(call_id, "callback_booked")
    return {"asked": 1}


async def came_to_a_closed_door(day: WorkingDay, call_id: str) -> Truth:
    """Called back after opening: nobody was asked for, and no service level is the worse for it."""
    day.begin(call_id)
    await day.records.flush()
    handoff = await day.queue.enter(call_id, "general", "", "zh", 5, "agent", Caller(NUMBER), out_of_hours=True)
    day.now += 25.0
    await day.queue.finish(handoff, "callback")
    day.end(call_id, "callback_booked")
    return {"out_of_hours": 1}


async def message_instead(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id)
    handoff = await day.ask(call_id, "after_sales")
    day.now += 60.0
    await day.queue.finish(handoff, "voicemail")
    day.end(call_id, "message_left")
    return {"asked": 1}


async def back_and_asked_again(day: WorkingDay, call_id: str) -> Truth:
    """Back to the robot, and then to a human all the same: two waits, one call."""
    day.begin(call_id)
    first = await day.ask(call_id)
    day.now += 30.0
    await day.queue.finish(first, "returned")
    second = await day.ask(call_id, "after_sales")
    await day.answered(second, "bert", 5.0)
    await day.talked(second, "bert", 50.0, 10.0)
    await day.queue.finish(second, "completed")
    day.end(call_id, "handled_by_agent")
    return {
        "with_human": 1, "asked": 2, "answered": 1, "in_time": 1, "waited_seconds": 5, "handled": 1, "handled_seconds": 60,
    }  # fmt: skip


async def lost_with_the_robot(day: WorkingDay, call_id: str) -> Truth:
    """The score was given when the worker was killed: it counts, and is low."""
    day.begin(call_id)
    day.records.case(call_id, {"intent": "refund_request", "satisfaction": 2})
    await day.dies(3600.0)
    return {"line_lost": 1, "scores": 1, "score_total": 2, "low_scores": 1}


async def lost_while_waiting(day: WorkingDay, call_id: str) -> Truth:
    day.begin(call_id)
    await day.ask(call_id)
    day.now += 30.0
    await day.dies(3600.0)
    return {"line_lost": 1, "asked": 1}


async def lost_in_a_talk(day: WorkingDay, call_id: str) -> Truth:
    """Nobody noticed until the next morning: nobody talked all night, nor wrapped up for longer than is allowed."""
    day.begin(call_id)
    handoff = await day.ask(call_id)
    await day.answered(handoff, "anna", 8.0)
    day.now += 100.0
    await day.dies(36_000.0)
    return {
        "with_human": 1, "line_lost": 1, "asked": 1, "answered": 1, "in_time": 1, "waited_seconds": 8,
        "handled": 1, "handled_seconds": 280,
    }  # fmt: skip


async def wrap_up_forgotten(day: WorkingDay, call_id: str) -> Truth:
    """The agent went home, and the console was away until the morning."""
    day.begin(call_id)
    handoff = await day.ask(call_id)
    await day.answered(handoff, "anna", 8.0)
    day.now += 40.0
    await day.queue.release(handoff, "anna", "wrap_up", "talked")
    await day.queue.finish(handoff, "completed")
    day.end(call_id, "handled_by_agent")
    await day.dies(36_000.0)
    return {
        "with_human": 1, "asked": 1, "answered": 1, "in_time": 1, "waited_seconds": 8, "handled": 1, "handled_seconds": 220,
    }  # fmt: skip


KINDS: tuple[Kind, ...] = (
    alone, hung_up_in_the_greeting, gave_up_on_the_robot, in_time, too_late, passed_on, gave_up_after_passing_on,
    gave_up_waiting, gave_up_at_once, callback_instead, came_to_a_closed_door, message_instead, back_and_asked_again, lost_with_the_robot,
    lost_while_waiting, lost_in_a_talk, wrap_up_forgotten,
)  # fmt: skip


async def play_all(day: WorkingDay, begins: list[float]) -> Counter[str]:
    """Calls of every kind, one after the other at these moments; what must be counted altogether."""
    total: Counter[str] = Counter()
    for number, at in enumerate(begins):
        truth = await day.play(f"call-{number}", KINDS[number % len(KINDS)], at)
        total.update({"calls": 1, "judged": 1, **truth})  # type: ignore[dict-item]
    await day.records.flush()
    return total
