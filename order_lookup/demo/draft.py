"""An order on its way to being one of the demo's: paid, sent, riding, arrived, refunded."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from order_lookup import tables as t
from order_lookup.demo.goods import CARRIERS, CITIES
from order_lookup.words import Kind, Stage


@dataclass(slots=True)
class Draft:
    """An order being made up, with the rows that hang on it; `english` picks the names."""

    order: t.Order
    now: datetime
    english: bool
    dice: random.Random
    extras: list[t.Base] = field(default_factory=list)  # rows that need the order's id: order_id is filled in later
    contacts: list[tuple[str, bool, float]] = field(default_factory=list)  # intent, solved, hours ago
    courier_id: int | None = None

    def ago(self, **parts: float) -> datetime:
        """A moment before now."""
        return self.now - timedelta(**parts)

    @property
    def shipment(self) -> t.Shipment:
        """The delivery of the order, made when first asked for."""
        if not self.order.shipments:
            parcel = self.order.kind == Kind.PARCEL
            carriers = CARRIERS if parcel else (("骑手", "courier"),)
            carrier = carriers[self.dice.randrange(len(carriers))][self.english]
            tracking = f"SX{self.order.number}" if parcel else None
            made = t.Shipment(carrier=carrier, tracking=tracking, proof="none", created_at=self.order.placed_at)
            made.courier_id = self.courier_id if self.order.kind == Kind.FOOD else None
            self.order.shipments = [made]
        return self.order.shipments[0]


Scene = Callable[[Draft], None]


def paid(draft: Draft, at: datetime) -> None:
    """The order is placed and paid at a moment."""
    order = draft.order
    order.placed_at, order.paid_at, order.stage = at, at + timedelta(minutes=1), Stage.PAID.value
    order.promised_at = at + (timedelta(days=3) if order.kind == Kind.PARCEL else timedelta(minutes=45))
    method = ("wechat", "alipay", "card")[draft.dice.randrange(3)]
    reference = f"P{order.number}"
    order.payments = [
        t.Payment(method=method, amount_minor=order.total_minor, paid_at=order.paid_at, reference=reference)
    ]


def sent(draft: Draft, scans: int = 2, last_hours: float = 5) -> None:
    """The parcel is on its way, seen `scans` times, last some hours ago."""
    order = draft.order
    order.stage, order.accepted_at = Stage.DISPATCHED.value, order.paid_at
    shipment = draft.shipment
    first = draft.dice.randrange(len(CITIES))
    for step in range(scans):
        at = draft.ago(hours=last_hours + 9 * (scans - 1 - step))
        place = CITIES[(first + step) % len(CITIES)][draft.english]
        shipment.scans.append(t.Scan(at=at, code="arrived" if step else "picked_up", place=place))
    order.dispatched_at = draft.ago(hours=last_hours + 9 * scans)
    shipment.eta_at = draft.now + timedelta(hours=20)


# No feed moves the demo's couriers: those who ride count as moving for six hours after the demo was made.
_MOVING_MINUTES = -360.0


def riding(draft: Draft, minutes_late: float, still_minutes: float = _MOVING_MINUTES) -> None:
    """The courier is on the way with the meal, so late (negative: early)."""
    order = draft.order
    paid(draft, draft.ago(minutes=45 + minutes_late))
    order.stage, order.accepted_at = Stage.DISPATCHED.value, order.placed_at + timedelta(minutes=3)
    order.dispatched_at = min(order.placed_at + timedelta(minutes=20), draft.ago(minutes=1))
    shipment = draft.shipment
    shipment.metres_left = 900
    shipment.courier_moved_at = draft.ago(minutes=still_minutes)
    shipment.eta_at = draft.now + timedelta(minutes=9)


def arrived(draft: Draft, at: datetime, proof: str = "signature") -> None:
    """It was delivered at a moment."""
    order = draft.order
    days = 3 if order.kind == Kind.PARCEL else 0
    paid(draft, at - timedelta(days=days, minutes=40))
    sent(draft, scans=2 if days else 0)
    order.stage, order.delivered_at = Stage.DELIVERED.value, at
    order.dispatched_at = order.placed_at + timedelta(minutes=15)
    draft.shipment.proof = proof
    for back, scan in enumerate(reversed(draft.shipment.scans), 1):
        scan.at = at - timedelta(hours=6 * back)


def refund(draft: Draft, amount: int, asked_days: float, arrived_days: float | None = None) -> None:
    """Money goes back, asked for some days ago."""
    draft.order.refunds.append(
        t.Refund(
            amount_minor=amount,
            reason="cancel",
            state="done",
            requested_at=draft.ago(days=asked_days),
            due_at=draft.ago(days=asked_days - 3),
            arrived_at=draft.ago(days=arrived_days) if arrived_days is not None else None,
        )
    )
