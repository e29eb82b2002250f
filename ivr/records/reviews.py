"""What supervisors found out about low scores: whose fault it was, what was done, and the ticket that came of it. First come stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from ivr.records.holding import changed, tell
from ivr.records.tables import CallRow, ReviewRow
from ivr.transcript import masked

KIND = "reviewed"
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Review:
    """The outcome of one."""

    call_id: str
    at: float
    by: str
    cause: str
    note: str
    ticket: str
    score: int | None = None
    about: str = ""


def review(session: Session, call_id: str, by: str, cause: str, note: str, now: float) -> bool:
    """Write the outcome down, without personal data; False when somebody else was first."""
    unseen = update(CallRow).where(CallRow.id == call_id, CallRow.reviewed_by == "")
    if not changed(session, unseen.values(reviewed_by=by)):
        return False
    session.add(ReviewRow(call_id=call_id, at=now, cause=cause, note=masked(note[:LONGEST_NOTE]), ticket=""))
    tell(session, now, KIND, call_id, by=by, cause=cause)
    return True


def ticket_opened(session: Session, call_id: str, number: str) -> None:
    """The customer is called back: this ticket is about it."""
    session.execute(update(ReviewRow).where(ReviewRow.call_id == call_id).values(ticket=number))


def review_of(session: Session, call_id: str) -> Review | None:
    """What was found out about a call."""
    found = session.execute(_reviews().where(ReviewRow.call_id == call_id)).tuples().first()
    return _review(*found) if found else None


def latest(session: Session, since: float, limit: int = 30) -> list[Review]:
    """The newest, of calls that began since a moment."""
    rows = session.execute(_reviews().where(CallRow.started_at >= since).order_by(ReviewRow.at.desc()).limit(limit))
    return [_review(*row) for row in rows.tuples()]


def _reviews() -> Select[tuple[ReviewRow, CallRow]]:
    return select(ReviewRow, CallRow).join(CallRow, CallRow.id == ReviewRow.call_id)


def _review(row: ReviewRow, call: CallRow) -> Review:
    about = str((call.case or {}).get("intent") or "")
    return Review(row.call_id, row.at, call.reviewed_by, row.cause, row.note, row.ticket, call.satisfaction, about)
