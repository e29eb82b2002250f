"""The outbox of cases for another system: written in the transaction that puts the call into the queue, claimed by one process at a time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.records.holding import changed
from ivr.records.tables import CasePostRow

# Longer than a post may take: whoever claimed and died is replaced after this.
CLAIM_SECONDS = 30.0
# After each failed try; then the case is given up, and the log says so.
PAUSES_SECONDS = (2.0, 6.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)


@dataclass(frozen=True, slots=True)
class CasePost:
    """A case that this process is to post now; `number` is the same at every try."""

    number: int
    call_id: str
    tries: int


def add(session: Session, call_id: str, now: float) -> None:
    """The case is to be posted, at once."""
    session.add(CasePostRow(call_id=call_id, created_at=now, due_at=now))


def claim(session: Session, now: float, most: int = 4) -> list[CasePost]:
    """Take what is due; nobody else gets it before `CLAIM_SECONDS` are over."""
    open_ones = (CasePostRow.posted_at.is_(None), CasePostRow.given_up.is_(False), CasePostRow.due_at <= now)
    due = session.execute(
        select(CasePostRow.id, CasePostRow.call_id, CasePostRow.tries)
        .where(*open_ones)
        .order_by(CasePostRow.id)
        .limit(most)
    )
    claimed = []
    for number, call_id, tries in due.tuples().all():
        mine = update(CasePostRow).where(CasePostRow.id == number, *open_ones)
        if changed(session, mine.values(due_at=now + CLAIM_SECONDS, tries=tries + 1)):
            claimed.append(CasePost(number, call_id, tries + 1))
    return claimed


def posted(session: Session, post: CasePost, now: float) -> None:
    """The other system has it."""
    session.execute(update(CasePostRow).where(CasePostRow.id == post.number).values(posted_at=now, fault=""))


def failed(session: Session, post: CasePost, fault: str, now: float) -> bool:
    """Try again later; False when it was tried often enough."""
    again = post.tries <= len(PAUSES_SECONDS)
    due = {"due_at": now + PAUSES_SECONDS[post.tries - 1]} if again else {"given_up": True}
    session.execute(update(CasePostRow).where(CasePostRow.id == post.number).values(fault=fault[:255], **due))
    return again
