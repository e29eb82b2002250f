"""Who was promised a call and is still waiting for it: from the order desk's list, or from our own queue where a shop's backend keeps that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.records.tables import HandoffRow
from ivr.transcript import mask_number
from order_lookup.service import keep_callback
from order_lookup.tables import Callback

MOST = 50


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody who was promised a call; `shown` is the number once it was revealed."""

    id: int
    number: str
    queue: str
    due_at: datetime
    shown: str = ""


def open_ones(session: Session, own: bool) -> Sequence[Due]:
    """The promises not yet kept, the most urgent first; `own`: those of our own queue."""
    if own:
        waiting = (HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None))
        rows = session.scalars(select(HandoffRow).where(*waiting).order_by(HandoffRow.callback_due_at).limit(MOST))
        return [
            Due(row.id, mask_number(row.caller), row.queue, datetime.fromtimestamp(row.callback_due_at or 0.0, UTC))
            for row in rows
        ]
    desk = select(Callback).where(Callback.done_at.is_(None)).order_by(Callback.due_at).limit(MOST)
    return [Due(row.id, mask_number(row.phone), row.queue, row.due_at) for row in session.scalars(desk)]


def number_of(session: Session, own: bool, promise: int) -> str:
    """The number in full; to be shown only with an audit entry."""
    if own:
        row = session.get(HandoffRow, promise)
        return row.caller if row else ""
    booked = session.get(Callback, promise)
    return booked.phone if booked else ""


def keep(session: Session, own: bool, promise: int, now: float) -> None:
    """The call was made; our own copy of the number is not kept beyond that."""
    mine = HandoffRow.id == promise
    if not own:
        keep_callback(session, promise, datetime.fromtimestamp(now, UTC))
        booked = session.get(Callback, promise)
        mine = HandoffRow.call_id == (booked.key.partition(":")[0] if booked else "")
    promised = (mine, HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None))
    session.execute(update(HandoffRow).where(*promised).values(called_back_at=now, caller=""))
