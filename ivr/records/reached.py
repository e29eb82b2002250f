"""Callers who were promised a call and rang again themselves: once a colleague has talked with them, nobody needs to call any more.

How it works: when an agent lets go of a caller after a talk, the same transaction takes those promises off every list that

- were made to this number, for the queue in which they talked, before they were connected: one made in the talk is still to be kept;
- the agent has not said are to stay (`let_stay`).

A talk that broke off at once (`TALK_SECONDS`), or whose line was lost, keeps none; one that was put through by REFER ends for us as
it begins, and does. In calls that we placed the promise is kept by whoever placed them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.records.callback_works import DESK, QUEUE, REACHED, ended
from ivr.records.holding import changed, tell
from ivr.records.staff import AuditRow
from ivr.records.tables import EventRow, HandoffRow
from order_lookup.phones import normal_phone
from order_lookup.service import append_ticket, keep_callback
from order_lookup.tables import Callback, Ticket

# Shorter is no talk: a "hello?", or a line on which nobody was heard.
TALK_SECONDS = 10.0
# How an agent lets go of somebody they talked with, and of one whom they sent to their own telephone by REFER.
TALKED, REFERRED = ("talked", "sent_back", "passed_on"), "transferred"
# What is known of a call that we placed: which one promised it.
PLACED = "callback.of"
KIND = "callback"
_NOTED = (
    "客户再次来电，已由 {agent} 接听，无需回电 / the customer rang again and was helped by {agent}: no call is needed"
)


@dataclass(frozen=True, slots=True)
class Open:
    """A promise of a call that is still to be kept, on whichever list."""

    id: int
    queue: str
    made_at: float
    call_id: str


def open_to(session: Session, source: str, number: str) -> Sequence[Open]:
    """What was promised to a number and is still to be kept, the most urgent first."""
    phone = normal_phone(number)
    if not phone:
        return ()
    if source == QUEUE:
        owed = (HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None), HandoffRow.caller != "")
        rows = session.scalars(select(HandoffRow).where(*owed).order_by(HandoffRow.callback_due_at))
        return [
            Open(row.id, row.queue, row.enqueued_at, row.call_id) for row in rows if normal_phone(row.caller) == phone
        ]
    booked = select(Callback).where(Callback.phone == phone, Callback.done_at.is_(None)).order_by(Callback.due_at)
    return [
        Open(row.id, row.queue, row.booked_at.timestamp(), row.key.partition(":")[0]) for row in session.scalars(booked)
    ]


def talked(session: Session, source: str, handoff: int, agent: str, reason: str, now: float) -> None:
    """An agent has let go of the caller of this handoff: the promises that this keeps are off the list."""
    row = session.get(HandoffRow, handoff)
    if row is None or row.connected_at is None or PLACED in (row.briefing or {}):
        return
    if reason != REFERRED and (reason not in TALKED or now - row.connected_at < TALK_SECONDS):
        return
    stay = staying(session, row.call_id)
    for each in open_to(session, source, row.caller):
        if each.queue == row.queue and each.made_at < row.connected_at and each.id not in stay:
            close(session, source, each.id, row.call_id, agent, now)


def close(session: Session, source: str, promise: int, call_id: str, agent: str, now: float) -> bool:
    """The customer has reached this agent, who has seen to it in this call; False when it was off the list before."""
    if source == QUEUE:
        done = _close(session, HandoffRow.id == promise, now)
    else:
        done = keep_callback(session, promise, datetime.fromtimestamp(now, UTC))
        if done:
            key = session.scalar(select(Callback.key).where(Callback.id == promise)) or ""
            _close(session, HandoffRow.call_id == key.partition(":")[0], now)
            _note_on_ticket(session, promise, agent, now)
    if done:
        ended(session, source, promise, REACHED)
        session.add(
            AuditRow(at=now, account=agent, what="callback_reached_us", call_id=call_id, details={KIND: promise})
        )
        tell(session, now, KIND, call_id, callback=promise, done=True, reached=True, agent="")
    return done


def let_stay(session: Session, promise: int, call_id: str, agent: str, stays: bool, now: float) -> None:
    """The agent says in the talk that the customer is to be called all the same, or takes that back."""
    what = "callback_stays" if stays else "callback_needless"
    session.add(AuditRow(at=now, account=agent, what=what, call_id=call_id, details={KIND: promise}))
    tell(session, now, KIND, call_id, callback=promise, stays=stays)


def staying(session: Session, call_id: str) -> Collection[int]:
    """The promises that are to stay whatever is talked in this call."""
    said = {int(each[KIND]): each["stays"] for each in _told(session, call_id) if "stays" in each}
    return {promise for promise, stays in said.items() if stays}


def closed_in(session: Session, call_id: str) -> int:
    """How many promises this call has kept."""
    return len({each[KIND] for each in _told(session, call_id) if each.get("reached")})


def taken_back(session: Session, source: str, handoff: int) -> None:
    """The promise to somebody who was lost, and was helped since, was kept by the customer's own call."""
    row = session.get(HandoffRow, handoff)
    if row is None or source == QUEUE:
        return ended(session, QUEUE, handoff, REACHED)
    key = f"{row.call_id}:"
    booked = select(Callback.id).where(Callback.key.startswith(key, autoescape=True), Callback.queue == row.queue)
    for promise in session.scalars(booked).all():
        ended(session, DESK, promise, REACHED)


def _close(session: Session, whose: object, now: float) -> bool:
    """Our own copy of the promise, and of the number."""
    owed = (whose, HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None))
    return changed(session, update(HandoffRow).where(*owed).values(called_back_at=now, caller=""))  # type: ignore[arg-type]


def _note_on_ticket(session: Session, promise: int, agent: str, now: float) -> None:
    """By the robot: whose ticket it is still has to close it."""
    theirs = select(Ticket.number).join(Callback, Callback.ticket_id == Ticket.id).where(Callback.id == promise)
    if number := session.scalar(theirs):
        append_ticket(session, number, "robot", _NOTED.format(agent=agent), datetime.fromtimestamp(now, UTC))


def _told(session: Session, call_id: str) -> Sequence[dict[str, Any]]:
    return session.scalars(
        select(EventRow.data).where(EventRow.call_id == call_id, EventRow.kind == KIND).order_by(EventRow.id)
    ).all()
