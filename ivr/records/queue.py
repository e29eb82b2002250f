"""The queue in the database: who is reserved for whom, atomically, across workers and hosts.

Every waiting call asks about once a second. `handoff.queue.assigned` decides over all calls that asked lately, so that a higher
ranked call gets the agent whichever worker asks first; the reservation itself is a compare-and-set (`holding.take`), so whoever
comes second changes nothing and asks again. Workers renew what they hold by `heartbeat`; what a dead one held is freed by
`reap`, which any process may run at any time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from ivr.errors import RecordsError
from ivr.handoff import queue as order
from ivr.ports import Caller, Place, Reservation
from ivr.records import case_posts, holding, lost_calls, reached
from ivr.records.clock_steps import ClockSteps
from ivr.records.database_clock import DatabaseClock
from ivr.records.holding import HUNG_SECONDS, LEASE_SECONDS, LIVE, Lost
from ivr.records.staff import AccountRow
from ivr.records.tables import AgentRow, HandoffRow, WrapUpRow
from ivr.values import Language

T = TypeVar("T")
# A call that has not asked for so long does not want an agent now: it is being offered a callback, or its worker hangs.
ASKING_SECONDS = 4.0
HANDLING_SECONDS = 240.0


class SqlQueue:
    """`ports.AgentQueue` as one worker sees it, and the console's reaping; raises RecordsError when the database refuses.

    With `posts` every case that enters goes to the webhook's outbox. `promises` is whose list promised calls are on
    (`callback_works`), which a talk with the caller takes them off; empty where the order desk's tables are not beside ours.
    `worker` names this process and no later one: a restarted worker must not renew what its dead predecessor held.
    `clock` is a `DatabaseClock` where there may be several hosts; `steady` one that nobody sets, as `time.monotonic`.
    """

    def __init__(
        self,
        engine: Engine,
        worker: str = "",
        clock: Callable[[], float] = time.time,
        posts: bool = False,
        steady: Callable[[], float] | None = None,
        promises: str = "",
    ) -> None:
        self._engine, self._worker, self._clock, self._posts = engine, worker, clock, posts
        self._promises = promises
        self._steps = ClockSteps(clock, steady or clock, HUNG_SECONDS)

    async def enter(
        self,
        call_id: str,
        queue: str,
        skill: str,
        language: Language,
        priority: int,
        reason: str,
        caller: Caller = Caller(),
        briefing: Mapping[str, Any] | None = None,
        out_of_hours: bool = False,
    ) -> int:
        """Put the call into the queue, or move it from the one it is in; returns the handoff's number.

        `out_of_hours`: it is offered a callback, asks for no agent and is not counted among those who waited.
        """
        place = {"queue": queue, "skill": skill, "language": language, "priority": priority, "reason": reason[:255]}
        place |= {"out_of_hours": out_of_hours}
        who = {"caller": caller.number, "vip": caller.vip, "elder": caller.elder, "repeat": caller.repeat}
        return await self._do(lambda session, now: self._enter(session, call_id, place, who, briefing, now))

    async def reserve(self, handoff: int, exclude: Sequence[str] = ()) -> Reservation | Place:
        """Reserve the agent who is this call's turn, or say where the call stands."""
        return await self._do(lambda session, now: _reserve(session, handoff, list(exclude), now))

    async def connected(self, handoff: int) -> None:
        """Caller and agent talk."""
        await self._do(lambda session, now: holding.connect(session, handoff, now))

    async def held(self, handoff: int, on: bool) -> None:
        """The agent has put the caller on hold, or taken them back."""
        await self._do(lambda session, now: holding.hold(session, handoff, on, now))

    async def release(self, handoff: int, agent: str, state: str, reason: str, rest_seconds: float = 0.0) -> None:
        """Give the agent up; a second release, or one after the lease ran out, changes nothing."""

        def let_go(session: Session, now: float) -> None:
            let = holding.release(session, handoff, agent, state, reason, rest_seconds, now)
            if let and state == "wrap_up" and self._promises:
                reached.talked(session, self._promises, handoff, agent, reason, now)

        await self._do(let_go)

    async def finish(self, handoff: int, outcome: str) -> None:
        """The handoff is over; an agent it still holds is freed."""
        await self._do(lambda session, now: holding.finish(session, handoff, outcome, now))

    async def heartbeat(self) -> None:
        """Renew what this worker holds, places and calls; due every two seconds."""

        def renew(session: Session, now: float) -> None:
            self._compare_clocks(session)
            holding.renew(session, self._worker, now)
            lost_calls.renew(session, self._worker, now)

        await self._do(renew)

    async def reap(self, wrap_up_seconds: float = 180.0) -> list[Lost]:
        """Free what dead workers held, end wrap-ups nobody finished; the calls to follow up, again until `followed_up`.

        Nothing is done just after the clock was set: until all have renewed by the new time, everybody looks dead.
        """
        if self._steps.lately():
            return []

        def reap(session: Session, now: float) -> list[Lost]:
            self._compare_clocks(session)
            lost_calls.end(session, now)
            return holding.reap(session, wrap_up_seconds, now)

        return await self._do(reap)

    async def followed_up(self, handoff: int, due_at: datetime | None = None) -> None:
        """The lost call's ticket is written down, and its callback where one is due; without one the number goes."""
        values: dict[str, Any] = {"follow_up": "booked"}
        values |= {"callback_due_at": due_at.timestamp()} if due_at else {"caller": ""}
        await self._do(lambda session, now: _move_on(session, handoff, ("", "due"), values, now))

    async def taken_back(self, handoff: int) -> None:
        """The callback that became needless is off the order desk's list, too."""

        def close(session: Session, now: float) -> None:
            _move_on(session, handoff, ("served",), {"follow_up": "closed"}, now)
            if self._promises:
                reached.taken_back(session, self._promises, handoff)

        await self._do(close)

    async def promised(self, handoff: int, due_at: datetime) -> None:
        """A callback is promised to whoever waits or waited here."""
        await self._do(lambda session, now: holding.promise(session, handoff, due_at.timestamp(), now))

    def _compare_clocks(self, session: Session) -> None:
        if isinstance(self._clock, DatabaseClock):
            self._clock.look(session)

    async def _do(self, what: Callable[[Session, float], T]) -> T:
        return await asyncio.to_thread(self._transact, what)

    def _transact(self, what: Callable[[Session, float], T]) -> T:
        """One transaction; a deadlock or a locked file is tried once more, as the databases ask for."""
        for last in (False, True):
            try:
                with Session(self._engine) as session, session.begin():
                    return what(session, self._clock())
            except OperationalError as fault:
                if last:
                    raise RecordsError(str(fault.orig)) from fault
            except DBAPIError as fault:
                raise RecordsError(str(fault.orig)) from fault
        raise AssertionError("unreachable")

    def _enter(
        self,
        session: Session,
        call_id: str,
        place: Mapping[str, Any],
        who: Mapping[str, Any],
        briefing: Mapping[str, Any] | None,
        now: float,
    ) -> int:
        values: dict[str, Any] = {**place, "state": "waiting", "worker": self._worker, "agent_id": None, "held": False}
        values |= {"heartbeat_at": now, "asked_at": 0.0 if place["out_of_hours"] else now} | (
            {} if briefing is None else {"briefing": dict(briefing)}
        )
        live = (HandoffRow.call_id == call_id, HandoffRow.state.in_(LIVE))
        handoff = session.scalar(select(HandoffRow.id).where(*live))
        if handoff is None or not holding.changed(
            session, update(HandoffRow).where(HandoffRow.id == handoff, *live).values(**values)
        ):
            first = {"call_id": call_id, "enqueued_at": now, "first_queue": place["queue"]}
            row = HandoffRow(**{"briefing": {}, **values}, **first, **who)
            session.add(row)
            session.flush()
            handoff = row.id
        holding.tell(session, now, "queue", call_id, handoff=handoff, state="waiting", queue=place["queue"])
        if self._posts:
            case_posts.add(session, call_id, now)
        return handoff


def _move_on(session: Session, handoff: int, since: Sequence[str], values: Mapping[str, Any], now: float) -> None:
    """A step of following up, once: whoever comes second finds it done."""
    mine = update(HandoffRow).where(HandoffRow.id == handoff, HandoffRow.follow_up.in_(since))
    if holding.changed(session, mine.values(**values)):
        call_id = session.scalar(select(HandoffRow.call_id).where(HandoffRow.id == handoff))
        holding.tell(session, now, "callback", call_id, follow_up=values["follow_up"])


def _reserve(session: Session, handoff: int, exclude: list[str], now: float) -> Reservation | Place:
    mine = update(HandoffRow).where(HandoffRow.id == handoff, HandoffRow.state == "waiting")
    # Writing first takes SQLite's lock before anything is read: what is read below is still so when we decide.
    session.execute(mine.values(asked_at=now, heartbeat_at=now, excluded=exclude))
    live = (HandoffRow.state == "waiting", HandoffRow.heartbeat_at >= now - LEASE_SECONDS)
    rows = session.scalars(select(HandoffRow).where(*live)).all()
    let_in_no_more = select(AccountRow.id).where(AccountRow.agent_id == AgentRow.id, AccountRow.disabled).exists()
    there = select(AgentRow).where(AgentRow.state != "offline", ~let_in_no_more)
    agents = {row.name: row for row in session.scalars(there)}
    asking = [_waiting(row, now) for row in rows if row.asked_at >= now - ASKING_SECONDS]
    free = [_agent(row, now) for row in agents.values() if row.state == "available" and row.rest_until <= now]
    name = order.assigned(asking, free).get(handoff)
    if name is not None and holding.take(session, handoff, agents[name], now):
        return Reservation(name, agents[name].uri, "zh" if "zh" in agents[name].languages else "en")
    return _place(session, handoff, [_waiting(row, now) for row in rows], list(agents.values()), now)


def _waiting(row: HandoffRow, now: float) -> order.Waiting:
    return order.Waiting(
        handoff=row.id,
        queue=row.queue,
        waiting_seconds=max(0.0, now - row.enqueued_at),
        language="zh" if row.language == "zh" else "en",
        skill=row.skill,
        priority=row.priority,
        favoured=row.vip or row.elder,
        repeated=row.repeat,
        excluded=frozenset(row.excluded or ()),
    )


def _agent(row: AgentRow, now: float) -> order.Agent:
    languages: frozenset[Language] = frozenset("zh" if language == "zh" else "en" for language in row.languages)
    return order.Agent(row.name, frozenset(row.queues), languages, frozenset(row.skills), max(0.0, now - row.since))


def _place(session: Session, handoff: int, waiting: list[order.Waiting], agents: list[AgentRow], now: float) -> Place:
    mine = next((call for call in waiting if call.handoff == handoff), None)
    if mine is None:
        return Place(1, None, False)
    asked = order.Waiting(mine.handoff, mine.queue, 0.0, mine.language, mine.skill)
    serving = [row for row in agents if row.state != "away" and order.may_serve(_agent(row, now), asked)]
    place = order.position(mine, waiting)
    wait = order.expected_wait_seconds(place, len(serving), _handling_seconds(session)) if serving else None
    return Place(place, wait, bool(serving))


def _handling_seconds(session: Session) -> float:
    """The mean of the last 50 talks with their wrap-ups."""
    spent = WrapUpRow.talk_seconds + WrapUpRow.finished_at - WrapUpRow.started_at
    last = select(spent.label("spent")).where(WrapUpRow.finished_at.is_not(None), WrapUpRow.talk_seconds > 0)
    recent = last.order_by(WrapUpRow.id.desc()).limit(50).subquery()
    mean = session.scalar(select(func.avg(recent.c.spent)))
    return float(mean) if mean else HANDLING_SECONDS
