"""Promised calls that agents make from the desk, in the database: asked for, claimed by a worker with room, over, and corrected.

How it works: who clicks is busy and the attempt begun in one transaction, so that neither the robot nor a colleague dials the same
number; the call stands among the handoffs, ringing its agent, until a worker claims it. What nobody claims is withdrawn by who asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr.handoff.by_hand import BUSY, NO_ANSWER, REASON, WRONG_NUMBER
from ivr.handoff.calling_back import PUT_OFF, TALKED, UNWANTED, Limits, Promise
from ivr.records import callbacks, holding
from ivr.records.agent_states import came_into
from ivr.records.callback_works import DESK, QUEUE, ended, tried
from ivr.records.callbacks import KIND
from ivr.records.holding import LEASE_SECONDS, changed, tell
from ivr.records.reached import PLACED, open_to
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, HandoffRow
from ivr.values import Language
from order_lookup.phones import normal_phone
from order_lookup.service import reopen_callback
from order_lookup.tables import Callback

# In a call's place among the handoffs: for which promise it is, and what the agent did before.
PROMISE, BEFORE = "callback.promise", "callback.before"
FREE = ("available", "away")


@dataclass(frozen=True, slots=True)
class Asked:
    """The call that was asked for, or why not: gone, hours, number, taken, agent."""

    call_id: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that this worker is to make."""

    handoff: int
    call_id: str
    agent: str
    agent_uri: str
    promise: Promise
    case: Mapping[str, Any] = field(default_factory=dict)


class _Refused(Exception):
    """Why the agent can't call now."""


def ask(session: Session, own: bool, number: int, agent: int, now: float, hour: int, limits: Limits) -> Asked:
    """An agent wants to keep this promise now; all of it or nothing."""
    try:
        with session.begin_nested():
            return Asked(_begin(session, own, number, agent, now, hour, limits))
    except _Refused as refusal:
        return Asked(refusal=str(refusal))
    except IntegrityError:
        return Asked(refusal="taken")


def _begin(session: Session, own: bool, number: int, agent: int, now: float, hour: int, limits: Limits) -> str:
    call_id, who = uuid.uuid4().hex, session.get(AgentRow, agent)
    before = who.state if who else ""
    mine = (AgentRow.id == agent, AgentRow.state == before, AgentRow.state.in_(FREE))
    values = {"state": "ringing", "since": now, "call_id": call_id, "lease_until": now + LEASE_SECONDS}
    if who is None or not changed(session, update(AgentRow).where(*mine).values(**values, away_reason="")):
        raise _Refused("agent")
    promise = _first_to_whom(session, own, number)
    if promise is None:
        raise _Refused("gone")
    if not limits.from_hour <= hour < limits.until_hour:
        raise _Refused("hours")
    if not limits.allow(promise.number):
        raise _Refused("number")
    if _being_called(session, promise, now):
        raise _Refused("taken")
    last = select(func.max(CallbackAttemptRow.number_of_try)).where(CallbackAttemptRow.promise == promise.name)
    so_far = session.scalar(last) or 0
    session.add(CallbackAttemptRow(promise=promise.name, number_of_try=so_far + 1, at=now, call_id=call_id))
    session.add(_place(promise, call_id, who.id, before, now))
    session.flush()
    came_into(session, who.id, "ringing", now)
    tell(session, now, "agent", call_id, agent=who.name, state="ringing")
    tell(session, now, KIND, call_id, callback=number, agent=who.name)
    return call_id


def _first_to_whom(session: Session, own: bool, number: int) -> Promise | None:
    """The earliest promise to the same telephone, as the robot takes it: who takes the same one is refused by the database."""
    wanted = callbacks.one(session, own, number)
    if wanted is None:
        return None
    return callbacks.one(session, own, open_to(session, QUEUE if own else DESK, wanted.number)[0].id)


def _being_called(session: Session, promise: Promise, now: float) -> bool:
    """By the robot or a colleague, or in a call with us."""
    going_on = [each for each in callbacks.attempts(session, now, ()) if not each.outcome]
    same = any(each.promise == promise.name or each.number == promise.number for each in going_on)
    held = select(HandoffRow.caller).where(HandoffRow.state.in_(holding.LIVE), HandoffRow.caller != "")
    on_line = callbacks.talking(session) | {normal_phone(caller) for caller in session.scalars(held)}
    return same or promise.number in on_line


def _place(promise: Promise, call_id: str, agent: int, before: str, now: float) -> HandoffRow:
    known = {PLACED: promise.call_id, PROMISE: promise.name, BEFORE: before}
    times = {"enqueued_at": now, "reserved_at": now, "heartbeat_at": now}
    who = {"agent_id": agent, "caller": promise.number, "language": promise.language}
    where = {"queue": promise.queue, "first_queue": promise.queue, "reason": REASON, "state": "ringing", "worker": ""}
    return HandoffRow(call_id=call_id, briefing=known, **times, **who, **where)


def claim(session: Session, worker: str, now: float) -> Claimed | None:
    """The call to make now, taken so that no other worker makes it."""
    unclaimed = (HandoffRow.state == "ringing", HandoffRow.reason == REASON, HandoffRow.worker == "")
    young = HandoffRow.heartbeat_at >= now - LEASE_SECONDS
    row = session.scalar(select(HandoffRow).where(*unclaimed, young).order_by(HandoffRow.id).limit(1))
    mine = update(HandoffRow).where(HandoffRow.id == (row.id if row else 0), *unclaimed)
    if row is None or not changed(session, mine.values(worker=worker, heartbeat_at=now)):
        return None
    who = session.get_one(AgentRow, row.agent_id)
    language: Language = "en" if row.language == "en" else "zh"
    made_in = str(row.briefing.get(PLACED) or "")
    promise = Promise(str(row.briefing[PROMISE]), row.caller, row.queue, now, made_in, language)
    return Claimed(row.id, row.call_id, who.name, who.uri, promise, callbacks.case_of(session, promise))


def unclaim(session: Session, handoff: int, now: float) -> None:
    """A caller came in between and has the line: another worker may make the call."""
    mine = update(HandoffRow).where(HandoffRow.id == handoff, HandoffRow.state == "ringing")
    session.execute(mine.values(worker="", heartbeat_at=now))


def withdraw(session: Session, call_id: str, now: float) -> bool:
    """No worker had room: it is as if nobody had asked; False when one has claimed it meanwhile."""
    row = session.scalar(select(HandoffRow).where(HandoffRow.call_id == call_id))
    unclaimed = (HandoffRow.call_id == call_id, HandoffRow.worker == "", HandoffRow.state == "ringing")
    if row is None or not changed(session, update(HandoffRow).where(*unclaimed).values(worker="nobody")):
        return False
    over(session, row.id, PUT_OFF, now)
    return True


def connected(session: Session, handoff: int, now: float) -> None:
    """Agent and customer talk."""
    holding.connect(session, handoff, now)


def over(session: Session, handoff: int, outcome: str, now: float) -> None:
    """How it ended: the agent wraps up a talk, or goes on with what they did before; the promise is kept, or tried."""
    row = session.get(HandoffRow, handoff)
    who = session.get(AgentRow, row.agent_id) if row is not None and row.agent_id else None
    if row is None or row.state == "ended":
        return
    talked, name = row.connected_at is not None, str(row.briefing.get(PROMISE) or "")
    number, made_in = row.caller, str(row.briefing.get(PLACED) or "")
    if who is not None:
        after = "wrap_up" if talked else str(row.briefing.get(BEFORE) or "available")
        holding.release(session, handoff, who.name, after, "talked" if talked else "", 0.0, now)
    holding.finish(session, handoff, "completed" if talked else outcome, now)
    if not talked:
        session.execute(update(HandoffRow).where(HandoffRow.id == handoff).values(caller=""))
    callbacks.note(session, name, outcome, row.call_id, now)
    if outcome == TALKED:
        callbacks.keep(session, Promise(name, normal_phone(number), row.queue, now, made_in), now)


def outcome_of(session: Session, call_id: str) -> str:
    """How an agent's call ended; empty while it goes on, and of all other calls."""
    theirs = select(CallbackAttemptRow.outcome).where(CallbackAttemptRow.call_id == call_id)
    found = session.scalar(theirs.limit(1)) or ""
    return WRONG_NUMBER if found == UNWANTED else found


def correct(session: Session, call_id: str, outcome: str, now: float) -> bool:
    """The agent knows better than SIP: a voicemail answered, or a stranger; False where there is nothing to correct."""
    row = session.scalar(select(HandoffRow).where(HandoffRow.call_id == call_id, HandoffRow.reason == REASON))
    attempt = session.scalar(select(CallbackAttemptRow).where(CallbackAttemptRow.call_id == call_id))
    if row is None or attempt is None or not attempt.outcome or outcome_of(session, call_id) == outcome:
        return False
    name, number = attempt.promise, normal_phone(row.caller)
    if outcome in (BUSY, NO_ANSWER) and attempt.outcome in (TALKED, UNWANTED):
        _reopen(session, name, row.caller)
    # Neither robot nor colleague calls a stranger again: as with whoever wants no calls.
    attempt.outcome = UNWANTED if outcome == WRONG_NUMBER else outcome
    session.flush()
    if outcome in (TALKED, WRONG_NUMBER):
        callbacks.keep(session, Promise(name, number, row.queue, now, str(row.briefing.get(PLACED) or "")), now)
    elif outcome in (BUSY, NO_ANSWER):
        tried(session, *_work(name), now)
    session.execute(update(CallRow).where(CallRow.id == call_id).values(disposition=outcome))
    tell(session, now, KIND, call_id, callback=_work(name)[1], outcome=outcome, agent="")
    return True


def _reopen(session: Session, promise: str, number: str) -> None:
    """What this call kept is to be kept still."""
    source, row_id = _work(promise)
    ended(session, source, row_id, "")
    if source == QUEUE:
        mine = HandoffRow.id == row_id
    else:
        reopen_callback(session, row_id)
        key = session.scalar(select(Callback.key).where(Callback.id == row_id)) or ""
        mine = HandoffRow.call_id == key.partition(":")[0]
    promised = update(HandoffRow).where(mine, HandoffRow.callback_due_at.is_not(None))
    session.execute(promised.values(called_back_at=None, caller=number))


def _work(promise: str) -> tuple[str, int]:
    """On whose list it is, and which."""
    own, _, number = promise.partition(":")
    return (QUEUE if own == "own" else DESK), int(number)
