"""The tickets that agents opened in a call: every desk that shows the call shows them, after a reload, too."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records.holding import tell
from ivr.records.tables import EventRow

KIND = "ticket"


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket, and what it was opened for."""

    number: str
    due: float
    intent: str


def opened(session: Session, call_id: str) -> tuple[Opened, ...]:
    """Those of a call, in the order in which they were opened."""
    told = select(EventRow.data).where(EventRow.call_id == call_id, EventRow.kind == KIND).order_by(EventRow.id)
    found = (Opened(str(data["number"]), float(data["due_at"]), str(data["intent"])) for data in session.scalars(told))
    return tuple({each.number: each for each in found}.values())


def tell_opened(session: Session, now: float, call_id: str, ticket: Opened) -> None:
    """It was opened just now."""
    tell(session, now, KIND, call_id, number=ticket.number, due_at=ticket.due, intent=ticket.intent)
