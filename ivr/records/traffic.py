"""Reads what `ivr/traffic.py` counts: the calls that began in a time and have ended, with their waits, talks and scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ivr.first_contact import Contact, resolved
from ivr.handoff.calling_back import CALLED
from ivr.records import lost_calls
from ivr.records.tables import CallRow, HandoffRow, LineRow, ReviewRow, WrapUpRow
from ivr.traffic import CallFacts, Wait

HUNG_UP = "caller_hung_up"


def calls(
    session: Session,
    since: float,
    before: float,
    contacts: Sequence[Contact] = (),
    window_seconds: float = 0.0,
    now: float = 0.0,
) -> list[CallFacts]:
    """The calls that began from a moment on and before another; `contacts`, of a window longer to both sides, tell who came back."""
    theirs = (CallRow.ended_at.is_not(None), CallRow.called != CALLED)  # what we dialled ourselves is no caller's call
    began = (CallRow.started_at >= since, CallRow.started_at < before, *theirs)
    without_words, waits = silent(session, began), _waits(session, began)
    at_first = resolved(contacts, window_seconds, now)
    about = CallRow.case["intent"].as_string()
    ended = (CallRow.disposition, CallRow.self_served, CallRow.satisfaction, ReviewRow.cause)
    wanted = select(CallRow.id, CallRow.started_at, CallRow.language, about, *ended)
    wanted = wanted.outerjoin(ReviewRow, ReviewRow.call_id == CallRow.id).where(*began)
    return [
        CallFacts(
            at, language, intent or "", disposition, served, call_id in without_words,
            any(wait.answered for wait in waits.get(call_id, ())), score, waits.get(call_id, ()),
            at_first.get(call_id), cause or "",
        )
        for call_id, at, language, intent, disposition, served, score, cause in session.execute(
            wanted.order_by(CallRow.started_at, CallRow.id)
        ).tuples()
    ]  # fmt: skip


def silent(session: Session, began: tuple[ColumnElement[bool], ...]) -> set[str]:
    """Calls whose callers hung up without a word; of a transcript that was forgotten nobody knows."""
    said = select(LineRow.id).where(LineRow.call_id == CallRow.id, LineRow.speaker == "caller")
    hung_up = (CallRow.disposition == HUNG_UP, CallRow.case["forgotten"].as_string().is_(None))
    return set(session.scalars(select(CallRow.id).where(*began, *hung_up, ~said.exists())))


def _waits(session: Session, began: tuple[ColumnElement[bool], ...]) -> Mapping[str, tuple[Wait, ...]]:
    """By call; whom the robot lost never waited."""
    found = defaultdict(list)
    handled = _handled(session, began)
    asked = select(HandoffRow).join(CallRow, CallRow.id == HandoffRow.call_id)
    asked = asked.where(*began, HandoffRow.state == "ended", HandoffRow.outcome != lost_calls.DISPOSITION)
    for row in session.scalars(asked.order_by(HandoffRow.id)):
        until = row.answered_at if row.answered_at is not None else row.ended_at or row.enqueued_at
        waited, answered = max(0.0, until - row.enqueued_at), row.answered_at is not None
        talks = tuple(handled[row.id])
        wait = Wait(row.first_queue or row.queue, waited, answered, row.outcome, talks, row.out_of_hours)
        found[row.call_id].append(wait)
    return {call_id: tuple(each) for call_id, each in found.items()}


def _handled(session: Session, began: tuple[ColumnElement[bool], ...]) -> Mapping[int, list[float]]:
    """By handoff: how long each talk took, with its wrap-up, where that is over."""
    seconds = defaultdict(list)
    of_calls = select(WrapUpRow).join(CallRow, CallRow.id == WrapUpRow.call_id)
    for row in session.scalars(of_calls.where(*began, WrapUpRow.finished_at.is_not(None))):
        seconds[row.handoff_id].append(row.talk_seconds + (row.finished_at or row.started_at) - row.started_at)
    return seconds
