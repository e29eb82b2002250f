"""Promised calls in the database, as the robot keeps them: which are open, which of them is ours to make, and what came of it.

Promises are the order desk's rows, or where a shop's backend keeps those (`own`) the queue's. Who dials takes the next number of
try for the promise; of two workers that take the same one, the second is refused by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr.handoff import calling_back
from ivr.handoff.calling_back import Attempt, Limits, Promise
from ivr.handoff.queue import Agent, Waiting
from ivr.records.holding import LEASE_SECONDS, tell
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, HandoffRow
from ivr.values import Language
from order_lookup.service import keep_callback
from order_lookup.tables import Callback

MOST = 200
# An attempt of which nothing is heard for so long, and whose number is in no call, has lost its worker: it was in vain.
LOST_SECONDS = 180.0


def take(
    session: Session, own: bool, now: float, hour: int, limits: Limits, is_open: Callable[[str], bool] = lambda _: True
) -> Promise | None:
    """The promise to keep now, taken so that nobody else makes the call; None where there is none or somebody was quicker.

    Those for queues that are closed (`is_open`) wait.
    """
    promises = [promise for promise in _open(session, own) if is_open(promise.queue)]
    if not promises:
        return None
    talking = _talking(session)
    attempts = _attempts(session, now, {each.name for each in promises if each.number in talking})
    chosen = calling_back.next_call(
        promises, attempts, _waiting(session, now), _free(session, now), talking, now, hour, limits
    )
    if chosen is None:
        return None
    tried = sum(attempt.promise == chosen.name for attempt in attempts)
    session.add(CallbackAttemptRow(promise=chosen.name, number_of_try=tried + 1, at=now))
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        return None
    tell(session, now, "callback", chosen.call_id or None, callback=_id(chosen.name), agent="robot")
    return chosen


def note(session: Session, promise: str, outcome: str, call_id: str, now: float) -> None:
    """What came of the call that goes on for this promise."""
    going_on = (CallbackAttemptRow.promise == promise, CallbackAttemptRow.outcome == "")
    session.execute(update(CallbackAttemptRow).where(*going_on).values(outcome=outcome, call_id=call_id))
    tell(session, now, "callback", call_id or None, callback=_id(promise), outcome=outcome)


def keep(session: Session, promise: Promise, now: float) -> None:
    """A colleague has talked to them: every promise to that number is kept, and our own copies of the number go."""
    booked = session.scalars(
        select(Callback.id).where(Callback.phone == promise.number, Callback.done_at.is_(None))
    ).all()
    for each in booked:
        keep_callback(session, each, datetime.fromtimestamp(now, UTC))
    theirs = (HandoffRow.caller == promise.number, *_owed())
    session.execute(update(HandoffRow).where(*theirs).values(called_back_at=now, caller=""))
    tell(session, now, "callback", promise.call_id or None, callback=_id(promise.name), done=True)


def case_of(session: Session, promise: Promise) -> dict[str, Any]:
    """What is known from the call in which it was promised, for the colleague who now gets this one."""
    case = session.scalar(select(CallRow.case).where(CallRow.id == promise.call_id)) if promise.call_id else None
    known = {key: value for key, value in (case or {}).items() if not key.startswith(("handoff", "satisfaction"))}
    return {**known, "callback.of": promise.call_id}


def _owed() -> tuple[Any, ...]:
    return HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None)


def _open(session: Session, own: bool) -> list[Promise]:
    if own:
        waiting = select(HandoffRow).where(*_owed(), HandoffRow.caller != "").order_by(HandoffRow.callback_due_at)
        return [
            Promise(
                f"own:{row.id}", row.caller, row.queue, row.callback_due_at or 0.0, row.call_id, _language(row.language)
            )
            for row in session.scalars(waiting.limit(MOST))
        ]
    open_ones = select(Callback).where(Callback.done_at.is_(None), Callback.phone != "").order_by(Callback.due_at)
    rows = session.scalars(open_ones.limit(MOST)).all()
    languages = _languages(session, [row.key.partition(":")[0] for row in rows])
    return [
        Promise(f"desk:{row.id}", row.phone, row.queue, row.due_at.timestamp(), call_id, languages.get(call_id, "zh"))
        for row in rows
        for call_id in (row.key.partition(":")[0],)
    ]


def _languages(session: Session, calls: Sequence[str]) -> dict[str, Language]:
    known = session.execute(select(CallRow.id, CallRow.language).where(CallRow.id.in_(calls))).tuples()
    return {call_id: _language(language) for call_id, language in known}


def _language(word: str) -> Language:
    return "en" if word == "en" else "zh"


def _attempts(session: Session, now: float, live: Collection[str]) -> list[Attempt]:
    """Those of the last days; one whose worker died is one in vain."""
    rows = session.scalars(
        select(CallbackAttemptRow).where(CallbackAttemptRow.at > now - 3 * calling_back.TOO_LATE_SECONDS)
    )
    return [
        Attempt(
            row.promise, row.at, row.outcome or ("" if row.promise in live or row.at > now - LOST_SECONDS else "lost")
        )
        for row in rows
    ]


def _waiting(session: Session, now: float) -> list[Waiting]:
    live = and_(HandoffRow.state == "waiting", HandoffRow.heartbeat_at >= now - LEASE_SECONDS)
    return [
        Waiting(row.id, row.queue, 0.0, _language(row.language))
        for row in session.scalars(select(HandoffRow).where(live))
    ]


def _free(session: Session, now: float) -> list[Agent]:
    rows = session.scalars(select(AgentRow).where(AgentRow.state == "available", AgentRow.rest_until <= now))
    return [
        Agent(row.name, frozenset(row.queues), frozenset(map(_language, row.languages)), frozenset(row.skills), 0.0)
        for row in rows
    ]


def _talking(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(select(CallRow.number).where(CallRow.ended_at.is_(None), CallRow.number != "")))


def _id(promise: str) -> int:
    return int(promise.partition(":")[2])
