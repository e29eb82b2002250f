"""Promised calls in the database, as the robot keeps them: which are open, which of them is ours to make, and what came of it.

Promises are the order desk's rows, or where a shop's backend keeps those (`own`) the queue's. Who dials takes the next number of
try for the promise; of two workers that take the same one, the second is refused by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr.handoff import calling_back
from ivr.handoff.calling_back import Attempt, Limits, Promise
from ivr.handoff.queue import Agent, Waiting
from ivr.records.callback_works import DESK, MADE, QUEUE, ended, tried, works
from ivr.records.holding import LEASE_SECONDS, tell
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, EventRow, HandoffRow
from ivr.values import Language
from order_lookup.phones import normal_phone
from order_lookup.service import keep_callback
from order_lookup.tables import Callback

# More than a hotline promises in a day; older ones are the agents' and must not stand in front of these.
MOST = 2000
KIND, ROBOT = "callback", "robot"
# Calls that rang, as the desk's list counts them: nobody picked up, or not who was wanted.
UNREACHED = ("busy", "no_answer", "declined", "no_input")
# As long as an agent who had the number shown is taken to be on the telephone with them.
BY_HAND_SECONDS = 900.0
# An attempt of which nothing is heard for so long, and whose number is in no call, has lost its worker: it was in vain.
LOST_SECONDS = 180.0


def take(
    session: Session, own: bool, now: float, hour: int, limits: Limits, is_open: Callable[[str], bool] = lambda _: True
) -> Promise | None:
    """The promise to keep now, taken so that nobody else makes the call; None where there is none or somebody was quicker.

    Those for queues that are closed (`is_open`) wait.
    """
    promises = [promise for promise in _open(session, own, now) if is_open(promise.queue)]
    if not promises:
        return None
    on_line = talking(session)
    made = attempts(session, now, {each.name for each in promises if each.number in on_line})
    by_hand, ids = _by_hand(session, now), {_id(each.name) for each in promises}
    by_hand |= {number for number, work in works(session, _source(own), ids).items() if work.owner}
    on_line |= {each.number for each in promises if _id(each.name) in by_hand}
    chosen = calling_back.next_call(
        promises, made, _waiting(session, now), _free(session, now), on_line, now, hour, limits
    )
    if chosen is None:
        return None
    row = CallbackAttemptRow
    last = session.scalar(select(func.max(row.number_of_try)).where(row.promise == chosen.name)) or 0
    session.add(CallbackAttemptRow(promise=chosen.name, number_of_try=last + 1, at=now))
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        return None
    tell(session, now, KIND, chosen.call_id or None, callback=_id(chosen.name), agent=ROBOT)
    return chosen


def note(session: Session, promise: str, outcome: str, call_id: str, now: float) -> None:
    """What came of the call that goes on for this promise."""
    going_on = (CallbackAttemptRow.promise == promise, CallbackAttemptRow.outcome == "")
    session.execute(update(CallbackAttemptRow).where(*going_on).values(outcome=outcome, call_id=call_id))
    if outcome in UNREACHED:
        tried(session, _source_of(promise), _id(promise), now)
    tell(session, now, KIND, call_id or None, callback=_id(promise), outcome=outcome, agent="")


def keep(session: Session, promise: Promise, now: float) -> None:
    """They were talked to, or want no call: every promise to that number is kept, and our own copies of the number go."""
    ended(session, _source_of(promise.name), _id(promise.name), MADE)
    booked = session.scalars(
        select(Callback.id).where(Callback.phone == promise.number, Callback.done_at.is_(None))
    ).all()
    for each in booked:
        keep_callback(session, each, datetime.fromtimestamp(now, UTC))
    owed = session.execute(select(HandoffRow.id, HandoffRow.caller).where(HandoffRow.caller != "", *_owed())).tuples()
    theirs = [handoff for handoff, caller in owed if normal_phone(caller) == promise.number]
    session.execute(update(HandoffRow).where(HandoffRow.id.in_(theirs)).values(called_back_at=now, caller=""))
    tell(session, now, KIND, promise.call_id or None, callback=_id(promise.name), done=True)


def case_of(session: Session, promise: Promise) -> dict[str, Any]:
    """What is known from the call in which it was promised, for the colleague who now gets this one."""
    case = session.scalar(select(CallRow.case).where(CallRow.id == promise.call_id)) if promise.call_id else None
    known = {key: value for key, value in (case or {}).items() if not key.startswith(("handoff", "satisfaction"))}
    return {**known, "callback.of": promise.call_id}


def _owed() -> tuple[Any, ...]:
    return HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None)


def one(session: Session, own: bool, number: int) -> Promise | None:
    """A promise that is still to be kept, however overdue; None where there is none of that number (of its row)."""
    if own:
        row = session.scalar(select(HandoffRow).where(*_owed(), HandoffRow.caller != "", HandoffRow.id == number))
        return _own(row) if row else None
    booked = select(Callback).where(Callback.id == number, Callback.done_at.is_(None), Callback.phone != "")
    found = _of_desk(session, session.scalars(booked).all())
    return found[0] if found else None


def _open(session: Session, own: bool, now: float) -> list[Promise]:
    """The earliest of those that are not overdue by a day."""
    oldest = now - calling_back.TOO_LATE_SECONDS
    if own:
        young = (*_owed(), HandoffRow.caller != "", HandoffRow.callback_due_at >= oldest)
        waiting = session.scalars(select(HandoffRow).where(*young).order_by(HandoffRow.callback_due_at).limit(MOST))
        return [_own(row) for row in waiting]
    due = (Callback.done_at.is_(None), Callback.phone != "", Callback.due_at >= datetime.fromtimestamp(oldest, UTC))
    return _of_desk(session, session.scalars(select(Callback).where(*due).order_by(Callback.due_at).limit(MOST)).all())


def _of_desk(session: Session, rows: Sequence[Callback]) -> list[Promise]:
    languages = _languages(session, [row.key.partition(":")[0] for row in rows])
    return [
        Promise(f"desk:{row.id}", row.phone, row.queue, row.due_at.timestamp(), call_id, languages.get(call_id, "zh"))
        for row in rows
        for call_id in (row.key.partition(":")[0],)
    ]


def _own(row: HandoffRow) -> Promise:
    due_at, language = row.callback_due_at or 0.0, _language(row.language)
    return Promise(f"own:{row.id}", normal_phone(row.caller), row.queue, due_at, row.call_id, language)


def _languages(session: Session, calls: Sequence[str]) -> dict[str, Language]:
    known = session.execute(select(CallRow.id, CallRow.language).where(CallRow.id.in_(calls))).tuples()
    return {call_id: _language(language) for call_id, language in known}


def _language(word: str) -> Language:
    return "en" if word == "en" else "zh"


def attempts(session: Session, now: float, live: Collection[str]) -> list[Attempt]:
    """Those of the last days; one whose worker died is one in vain."""
    rows = session.scalars(
        select(CallbackAttemptRow).where(CallbackAttemptRow.at > now - 3 * calling_back.TOO_LATE_SECONDS)
    ).all()
    numbers = _booked_with(session, {_id(row.promise) for row in rows if row.promise.startswith("desk:")})
    return [
        Attempt(row.promise, row.at, row.outcome or _so_far(row, now, live), numbers.get(row.promise, ""))
        for row in rows
    ]


def _so_far(row: CallbackAttemptRow, now: float, live: Collection[str]) -> str:
    return "" if row.promise in live or row.at > now - LOST_SECONDS else "lost"


def _booked_with(session: Session, booked: Collection[int]) -> dict[str, str]:
    """The numbers of the desk's promises, kept ones too; our own queue forgets the number of a promise that is kept."""
    known = session.execute(select(Callback.id, Callback.phone).where(Callback.id.in_(booked))).tuples()
    return {f"desk:{booking}": phone for booking, phone in known}


def _by_hand(session: Session, now: float) -> set[int]:
    """Promises that an agent is about to keep on a telephone of their own, as every desk shows."""
    lately = (EventRow.kind == KIND, EventRow.at > now - BY_HAND_SECONDS)
    told = session.scalars(select(EventRow.data).where(*lately))
    return {int(each["callback"]) for each in told if each.get("agent", ROBOT) not in (ROBOT, "")}


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


def talking(session: Session) -> frozenset[str]:
    """The numbers on the line now, as promises have them: a trunk may show +86 before."""
    live = select(CallRow.number).where(CallRow.ended_at.is_(None), CallRow.number != "")
    return frozenset(map(normal_phone, session.scalars(live)))


def _source(own: bool) -> str:
    """On whose list it is, in the words of what agents do about callbacks."""
    return QUEUE if own else DESK


def _source_of(promise: str) -> str:
    return _source(promise.startswith("own:"))


def _id(promise: str) -> int:
    return int(promise.partition(":")[2])
