"""What is unusual about an order: one rule per situation, each with its threshold in policies.yaml (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

from order_lookup.facts import DecisionFacts, OrderFacts, ShipmentFacts
from order_lookup.money import Money
from order_lookup.policies import ShopPolicies
from order_lookup.shares import paid_for_lines
from order_lookup.words import Action, Kind, Situation, Stage

Rule = Callable[[OrderFacts, DecisionFacts, ShopPolicies], bool]

_NOT_YET_SENT = frozenset({Stage.PAID, Stage.ACCEPTED})
_UNDER_WAY = frozenset({Stage.PAID, Stage.ACCEPTED, Stage.DISPATCHED})
_ARRIVED = frozenset({Stage.DELIVERED, Stage.CLOSED})


def detect(facts: DecisionFacts, policies: ShopPolicies) -> frozenset[Situation]:
    """All situations of the order, the customer and the day."""
    found = {name for name, rule in _OF_ORDER.items() if facts.order and rule(facts.order, facts, policies)}
    if facts.customer is not None and facts.customer.vip:
        found.add(Situation.VIP)
    if facts.periods:
        found.add(Situation.SPECIAL_PERIOD)
    earlier = _earlier_contacts(facts, policies)
    if earlier:
        found.add(Situation.REPEAT_CONTACT)
    if sum(not solved for solved in earlier) >= policies.situations.unsolved_contacts:
        found.add(Situation.UNSOLVED_CONTACTS)
    return frozenset(found)


def minutes_late(order: OrderFacts, now: datetime) -> int:
    """Whole minutes past the promised time: until now, or until it was delivered; 0 when not late."""
    if order.promised_at is None or order.stage in (Stage.UNPAID, Stage.CANCELLED):
        return 0
    end = order.delivered_at or now
    return max(0, int((end - order.promised_at).total_seconds() // 60))


def patience_percent(facts: DecisionFacts, policies: ShopPolicies) -> int:
    """How much of the usual patience applies: 100, or more in a special period."""
    return max(
        (policies.special.rules[p].late_percent for p in facts.periods if p in policies.special.rules), default=100
    )


def price_drop(order: OrderFacts) -> Money:
    """What was paid above today's price (after coupons, for pieces not refunded), less what went back for that; at least nothing.

    Goods that go back have none: what was paid for them is promised already. A price of 0 is none: it isn't sold any more.
    """
    saved = Money(0, order.total.currency)
    if order.stands(Action.START_RETURN):
        return saved
    gone = Counter(past.item for past in order.actions if past.action == Action.REFUND_PARTIAL and past.stands)
    for item, paid in zip(order.items, paid_for_lines(order), strict=True):
        kept = max(0, item.quantity - gone[item.name])
        above = paid.minor_units - item.price_now.minor_units * item.quantity
        if item.price_now:
            saved += Money(max(0, above) * kept // item.quantity, saved.currency)
    for refund in order.refunds:
        if refund.stands and refund.reason == "price_drop":
            saved -= refund.amount
    return saved.at_most(order.refundable)


def return_until(order: OrderFacts, policies: ShopPolicies) -> datetime | None:
    """The end of the return window; None for what hasn't arrived or can't be returned."""
    if order.kind is Kind.FOOD or order.delivered_at is None or _all_fresh(order):
        return None
    limits = policies.situations
    return order.delivered_at + timedelta(days=limits.return_opened_days if order.opened else limits.return_days)


def _late(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    if order.stage not in _UNDER_WAY:
        return False
    limits = policies.situations
    usual = limits.late_food_minutes if order.kind is Kind.FOOD else limits.late_parcel_hours * 60
    return minutes_late(order, facts.now) >= usual * patience_percent(facts, policies) // 100


def _courier_still(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    shipment = _courier_shipment(order)
    if order.stage is not Stage.DISPATCHED or shipment is None or shipment.courier_moved_at is None:
        return False
    return _older(shipment.courier_moved_at, policies.situations.courier_still_minutes, facts, policies)


def _merchant_silent(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    if order.kind is not Kind.FOOD or order.stage is not Stage.PAID or order.paid_at is None:
        return False
    return _older(order.paid_at, policies.situations.merchant_silent_minutes, facts, policies)


def _courier_cancelled(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    shipment = _courier_shipment(order)
    return order.stage in _UNDER_WAY and shipment is not None and shipment.courier_cancelled_at is not None


def _waiting_hours(order: OrderFacts, facts: DecisionFacts) -> float:
    if order.kind is not Kind.PARCEL or order.stage not in _NOT_YET_SENT or order.paid_at is None:
        return 0.0
    # What is sent anew has waited since that was decided, not since it was paid for.
    since = order.accepted_at if order.stands(Action.RESHIP) else None
    return (facts.now - (since or order.paid_at)).total_seconds() / 3600


def _not_dispatched(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    hours = policies.situations.not_dispatched_hours * patience_percent(facts, policies) / 100
    return _waiting_hours(order, facts) >= hours


def _not_dispatched_long(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    hours = policies.situations.not_dispatched_long_hours * patience_percent(facts, policies) / 100
    return _waiting_hours(order, facts) >= hours


def _stalled(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    if order.kind is not Kind.PARCEL or order.stage is not Stage.DISPATCHED:
        return False
    scans = order.shipment.scans if order.shipment else ()
    seen = scans[-1].at if scans else order.dispatched_at
    return seen is not None and _older(seen, policies.situations.stalled_hours * 60, facts, policies)


def _out_of_stock(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return order.stage in _NOT_YET_SENT and any(not item.in_stock for item in order.items)


def _doubtful_delivery(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    """Delivered but nobody proves it (no signature, no photo), or the customer has said so before."""
    if order.stage not in _ARRIVED or order.delivered_at is None:
        return False
    if any(c.intent == "not_received" and not c.solved and c.order_number == order.number for c in facts.contacts):
        return True
    age = facts.now - order.delivered_at
    recent = age <= timedelta(hours=policies.situations.not_received_hours)
    return recent and (order.shipment is None or order.shipment.proof == "none")


def _refund_pending(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return any(r.stands and r.arrived_at is None for r in order.refunds)


def _refund_overdue(order: OrderFacts, facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return any(r.stands and r.arrived_at is None and r.due_at < facts.now for r in order.refunds)


def _refunded(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    waiting = any(r.stands and r.arrived_at is None for r in order.refunds)
    return bool(order.paid) and order.refunded.minor_units >= order.paid.minor_units and not waiting


def _exchange_noted(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return order.exchange is not None and not order.exchange.settled


def _exchange_overdue(order: OrderFacts, facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return order.exchange is not None and order.exchange.overdue(facts.now)


def _exchange_in_hand(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    exchange = order.exchange
    return exchange is not None and not exchange.settled and exchange.answered_at is not None


def _exchanged(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return order.exchange is not None and order.exchange.settled


def _return_noted(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return order.going_back is not None


def _return_overdue(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    going_back, longest = order.going_back, timedelta(days=policies.situations.return_settled_days)
    # Goods that were still on their way first had to arrive.
    return (
        going_back is not None
        and facts.now > max(going_back.noted_at, order.delivered_at or going_back.noted_at) + longest
    )


def _price_dropped(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    if order.kind is not Kind.PARCEL or order.stage in (Stage.UNPAID, Stage.CANCELLED):
        return False
    protected = facts.now - order.placed_at <= timedelta(days=policies.situations.price_protection_days)
    return protected and bool(price_drop(order))


def _paid_twice(order: OrderFacts, _facts: DecisionFacts, policies: ShopPolicies) -> bool:
    if not order.overpaid:
        return False
    window = timedelta(minutes=policies.situations.duplicate_minutes)
    payments = sorted(order.payments, key=lambda p: p.paid_at)
    return any(a.amount == b.amount and b.paid_at - a.paid_at <= window for a, b in pairwise(payments))


def _coupon_not_applied(order: OrderFacts, facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    if not order.worth:
        return False  # all of it went back, and with it what the coupon would have taken off
    if any(not c.intended and c.reason == "not_applied" for c in order.coupons):
        return False
    return any(c.intended and not c.used for c in order.coupons)


def _invoice_missing(order: OrderFacts, facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return any(invoice.issued_at is None and invoice.due_at < facts.now for invoice in order.invoices)


def _return_open(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    until = return_until(order, policies)
    return order.stage in _ARRIVED and until is not None and facts.now <= until


def _return_closed(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    until = return_until(order, policies)
    return order.stage in _ARRIVED and until is not None and facts.now > until


def _return_excepted(order: OrderFacts, _facts: DecisionFacts, _policies: ShopPolicies) -> bool:
    return order.stage in _ARRIVED and (order.kind is Kind.FOOD or _all_fresh(order))


def _high_value(order: OrderFacts, _facts: DecisionFacts, policies: ShopPolicies) -> bool:
    return order.total.minor_units >= policies.situations.high_value_minor


def _promises_broken(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    broken = [p for p in order.promises if (p.kept_at or facts.now) > p.due_at]
    return len(broken) >= policies.situations.broken_promises


def _earlier_contacts(facts: DecisionFacts, policies: ShopPolicies) -> list[bool]:
    """For each recent call about the same order (about anything, when there is no order): was it solved?"""
    since = facts.now - timedelta(hours=policies.situations.repeat_hours)
    number = facts.order.number if facts.order else None
    return [c.solved for c in facts.contacts if c.at >= since and (number is None or c.order_number == number)]


def _courier_shipment(order: OrderFacts) -> ShipmentFacts | None:
    return order.shipment if order.kind is Kind.FOOD else None


def _all_fresh(order: OrderFacts) -> bool:
    return bool(order.items) and all(item.fresh for item in order.items)


def _older(moment: datetime, minutes: int, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    return facts.now - moment >= timedelta(minutes=minutes * patience_percent(facts, policies) / 100)


_OF_ORDER: dict[Situation, Rule] = {
    Situation.LATE_DELIVERY: _late,
    Situation.COURIER_NOT_MOVING: _courier_still,
    Situation.MERCHANT_NOT_ACCEPTING: _merchant_silent,
    Situation.COURIER_CANCELLED: _courier_cancelled,
    Situation.NOT_DISPATCHED: _not_dispatched,
    Situation.NOT_DISPATCHED_LONG: _not_dispatched_long,
    Situation.LOGISTICS_STALLED: _stalled,
    Situation.OUT_OF_STOCK: _out_of_stock,
    Situation.DELIVERED_NOT_RECEIVED: _doubtful_delivery,
    Situation.REFUND_PENDING: _refund_pending,
    Situation.REFUND_OVERDUE: _refund_overdue,
    Situation.REFUNDED: _refunded,
    Situation.EXCHANGE_NOTED: _exchange_noted,
    Situation.EXCHANGE_OVERDUE: _exchange_overdue,
    Situation.EXCHANGE_IN_HAND: _exchange_in_hand,
    Situation.EXCHANGED: _exchanged,
    Situation.RETURN_NOTED: _return_noted,
    Situation.RETURN_OVERDUE: _return_overdue,
    Situation.PRICE_DROPPED: _price_dropped,
    Situation.DUPLICATE_PAYMENT: _paid_twice,
    Situation.COUPON_NOT_APPLIED: _coupon_not_applied,
    Situation.INVOICE_MISSING: _invoice_missing,
    Situation.RETURN_OPEN: _return_open,
    Situation.RETURN_CLOSED: _return_closed,
    Situation.RETURN_EXCEPTED: _return_excepted,
    Situation.PROMISE_BROKEN: _promises_broken,
    Situation.HIGH_VALUE: _high_value,
}
