"""What a call is about, for whoever works on it: as the robot heard it, until an agent says otherwise.

What the order desk offers depends on it. The robot's own hearing stays in the case, where reports count it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records.holding import tell
from ivr.records.tables import CallRow, EventRow

KIND = "matter"
# The wishes about an order, the most frequent first.
MATTERS = (
    "refund_request", "return_exchange", "urge_delivery", "not_received", "cancel_order", "change_order", "change_address",
    "missing_item", "wrong_item", "damaged_item", "refund_status", "order_status", "exchange_status", "payment_problem",
    "invoice", "coupon", "price_protection", "complaint",
)  # fmt: skip


def matter(session: Session, call_id: str) -> str:
    """The intent that the call is worked on as; empty when nobody knows yet."""
    said = select(EventRow.data).where(EventRow.call_id == call_id, EventRow.kind == KIND)
    newest = session.scalar(said.order_by(EventRow.id.desc()).limit(1))
    if newest:
        return str(newest.get("intent") or "")
    row = session.get(CallRow, call_id)
    return str((row.case or {}).get("intent") or "") if row else ""


def set_matter(session: Session, now: float, call_id: str, intent: str) -> None:
    """From now on the call is about this; every desk that shows it follows."""
    tell(session, now, KIND, call_id, intent=intent)
