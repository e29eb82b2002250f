"""What an order can look like: each scene turns a bare order into one with a story, at times relative to now."""

from __future__ import annotations

from datetime import timedelta

from order_lookup import tables as t
from order_lookup.demo.draft import Draft, Scene, arrived, paid, refund, riding, sent
from order_lookup.words import Stage


def unpaid(draft: Draft) -> None:
    """Placed, not paid."""
    draft.order.placed_at, draft.order.stage = draft.ago(minutes=12), Stage.UNPAID.value


def fresh_parcel(draft: Draft) -> None:
    """Paid an hour ago, nothing wrong."""
    paid(draft, draft.ago(hours=1))


def packing(draft: Draft) -> None:
    """The shop is packing it."""
    paid(draft, draft.ago(hours=6))
    draft.order.stage, draft.order.accepted_at = Stage.ACCEPTED.value, draft.ago(hours=5)


def in_transit(draft: Draft) -> None:
    """On its way, in time."""
    paid(draft, draft.ago(days=1, hours=8))
    sent(draft)


def late_parcel(draft: Draft) -> None:
    """On its way, more than a day past the promise."""
    paid(draft, draft.ago(days=4, hours=8))
    sent(draft, scans=3, last_hours=7)


def stalled(draft: Draft) -> None:
    """No scan for three days."""
    paid(draft, draft.ago(days=5))
    sent(draft, scans=2, last_hours=74)
    draft.shipment.eta_at = None


def not_dispatched(draft: Draft) -> None:
    """Paid 30 hours ago and not sent."""
    paid(draft, draft.ago(hours=30))


def not_dispatched_long(draft: Draft) -> None:
    """Paid 60 hours ago and not sent."""
    paid(draft, draft.ago(hours=60))


def out_of_stock(draft: Draft) -> None:
    """Paid, but an item can't be had."""
    paid(draft, draft.ago(hours=8))
    draft.order.items[0].in_stock = False


def delivered(draft: Draft) -> None:
    """Signed for two days ago: it can be returned."""
    arrived(draft, draft.ago(days=2))


def delivered_long_ago(draft: Draft) -> None:
    """Signed for 20 days ago: the window is closed."""
    arrived(draft, draft.ago(days=20))


def delivered_without_proof(draft: Draft) -> None:
    """Delivered yesterday, nobody signed."""
    arrived(draft, draft.ago(hours=20), proof="none")


def refund_running(draft: Draft) -> None:
    """Cancelled yesterday, the money is on its way."""
    paid(draft, draft.ago(days=2))
    draft.order.stage, draft.order.cancelled_at = Stage.CANCELLED.value, draft.ago(days=1)
    refund(draft, draft.order.total_minor, asked_days=1)


def refund_overdue(draft: Draft) -> None:
    """Cancelled six days ago and the money isn't there."""
    paid(draft, draft.ago(days=7))
    draft.order.stage, draft.order.cancelled_at = Stage.CANCELLED.value, draft.ago(days=6)
    refund(draft, draft.order.total_minor, asked_days=6)


def refunded(draft: Draft) -> None:
    """Cancelled, and the money is back."""
    paid(draft, draft.ago(days=8))
    draft.order.stage, draft.order.cancelled_at = Stage.CANCELLED.value, draft.ago(days=7)
    refund(draft, draft.order.total_minor, asked_days=7, arrived_days=5)


def price_dropped(draft: Draft) -> None:
    """Delivered, and cheaper today."""
    arrived(draft, draft.ago(days=1))
    item = draft.order.items[0]
    item.price_now_minor = item.price_minor * 4 // 5


def paid_twice(draft: Draft) -> None:
    """Charged twice within two minutes."""
    paid(draft, draft.ago(hours=3))
    first = draft.order.payments[0]
    draft.order.payments.append(
        t.Payment(
            method=first.method,
            amount_minor=first.amount_minor,
            paid_at=first.paid_at + timedelta(minutes=2),
            reference=f"{first.reference}B",
        )
    )


def coupon_not_applied(draft: Draft) -> None:
    """A coupon was meant for it and wasn't taken off."""
    paid(draft, draft.ago(hours=5))
    draft.extras.append(
        t.Coupon(
            code=f"N{draft.order.number}",
            amount_minor=2000,
            currency=draft.order.currency,
            reason="promotion",
            issued_at=draft.ago(days=3),
            expires_at=draft.now + timedelta(days=10),
        )
    )


def invoice_missing(draft: Draft) -> None:
    """An invoice was asked for a week ago."""
    arrived(draft, draft.ago(days=9))
    title = draft.order.recipient
    asked = draft.ago(days=7)
    draft.order.invoices.append(t.Invoice(title=title, requested_at=asked, due_at=asked + timedelta(days=3)))


def fresh_food_delivered(draft: Draft) -> None:
    """Fresh goods, delivered: no return."""
    arrived(draft, draft.ago(days=1))
    for item in draft.order.items:
        item.name, item.name_en, item.fresh = "车厘子", "cherries", True


def called_twice(draft: Draft) -> None:
    """A late parcel, and two calls that settled nothing."""
    late_parcel(draft)
    draft.contacts += [("urge_delivery", False, 30), ("urge_delivery", False, 8)]


def promises_broken(draft: Draft) -> None:
    """Two promises weren't kept."""
    late_parcel(draft)
    for days in (2, 1):
        draft.extras.append(
            t.Promise(
                key=f"demo:{draft.order.number}:{days}",
                call_id=f"demo-{draft.order.number}-{days}",
                what="callback",
                made_at=draft.ago(days=days, hours=3),
                due_at=draft.ago(days=days),
            )
        )


def merchant_silent(draft: Draft) -> None:
    """The kitchen hasn't accepted for a quarter of an hour."""
    paid(draft, draft.ago(minutes=16))


def cooking(draft: Draft) -> None:
    """The kitchen is at it."""
    paid(draft, draft.ago(minutes=12))
    draft.order.stage, draft.order.accepted_at = Stage.ACCEPTED.value, draft.ago(minutes=10)


def courier_riding(draft: Draft) -> None:
    """The courier comes in time."""
    riding(draft, minutes_late=-15)


def late_food(draft: Draft) -> None:
    """25 minutes late and moving."""
    riding(draft, minutes_late=25)


def courier_still(draft: Draft) -> None:
    """The courier hasn't moved for 20 minutes."""
    riding(draft, minutes_late=-5, still_minutes=20)


def courier_cancelled(draft: Draft) -> None:
    """The courier gave up."""
    cooking(draft)
    draft.shipment.courier_cancelled_at = draft.ago(minutes=4)


def meal_delivered(draft: Draft) -> None:
    """Handed over 40 minutes ago."""
    arrived(draft, draft.ago(minutes=40), proof="photo")


PARCEL_SCENES: tuple[Scene, ...] = (
    delivered_long_ago,
    delivered_long_ago,
    delivered_long_ago,
    delivered,
    delivered,
    in_transit,
    in_transit,
    late_parcel,
    stalled,
    not_dispatched,
    not_dispatched_long,
    out_of_stock,
    delivered_without_proof,
    refund_running,
    refund_overdue,
    refunded,
    price_dropped,
    paid_twice,
    coupon_not_applied,
    invoice_missing,
    fresh_food_delivered,
    called_twice,
    promises_broken,
    unpaid,
    fresh_parcel,
    packing,
)
FOOD_SCENES: tuple[Scene, ...] = (
    meal_delivered,
    meal_delivered,
    merchant_silent,
    cooking,
    courier_riding,
    late_food,
    courier_still,
    courier_cancelled,
)
