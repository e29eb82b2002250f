"""In which stages of which orders a situation can be at all, and what else it hangs on beside its threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from order_builders import NOW, ago, cny, facts, meal, parcel

from order_lookup.facts import (
    ActionFacts,
    ContactFacts,
    CouponFacts,
    DecisionFacts,
    InvoiceFacts,
    ItemFacts,
    PaymentFacts,
    PromiseFacts,
    RefundFacts,
    ShipmentFacts,
)
from order_lookup.policies import Policies
from order_lookup.situations import detect, minutes_late
from order_lookup.words import Situation, Stage

PAID = (PaymentFacts("card", cny(10000), ago(days=9)),)
COMPLAINED = ContactFacts("c", "not_received", "x", False, ago(days=8), "302610726346")
WAITING, UNDER_WAY, ARRIVED = "paid accepted", "paid accepted dispatched", "delivered closed"


def item(**more: Any) -> ItemFacts:
    return replace(ItemFacts("双肩包", "backpack", 1, cny(10000), cny(10000)), **more)


def refund(reason: str = "item", minor: int = 10000, **more: Any) -> RefundFacts:
    return replace(RefundFacts(cny(minor), reason, "done", ago(days=4), ago(days=1)), **more)


# What makes it so, and the stages in which it is so of parcels and of meals.
STAGES: dict[Situation, tuple[dict[str, Any], str, str]] = {
    Situation.LATE_DELIVERY: ({"promised_at": ago(days=2)}, UNDER_WAY, UNDER_WAY),
    Situation.COURIER_NOT_MOVING: (
        {"shipment": ShipmentFacts("c", courier_moved_at=ago(hours=1))},
        "",
        "dispatched",
    ),
    Situation.MERCHANT_NOT_ACCEPTING: ({"paid_at": ago(hours=1)}, "", "paid"),
    Situation.COURIER_CANCELLED: (
        {"shipment": ShipmentFacts("c", courier_cancelled_at=ago(hours=1))},
        "",
        UNDER_WAY,
    ),
    Situation.NOT_DISPATCHED: ({"paid_at": ago(days=3)}, WAITING, ""),
    Situation.NOT_DISPATCHED_LONG: ({"paid_at": ago(days=3)}, WAITING, ""),
    Situation.LOGISTICS_STALLED: ({"dispatched_at": ago(days=5)}, "dispatched", ""),
    Situation.OUT_OF_STOCK: ({"items": (item(), item(name="水杯", in_stock=False))}, WAITING, WAITING),
    Situation.DELIVERED_NOT_RECEIVED: ({"delivered_at": ago(hours=1), "shipment": None}, ARRIVED, ARRIVED),
    Situation.PRICE_DROPPED: ({"items": (item(price_now=cny(9000)),)}, f"{UNDER_WAY} {ARRIVED}", ""),
    Situation.RETURN_OPEN: ({"delivered_at": ago(days=1)}, ARRIVED, ""),
    Situation.RETURN_CLOSED: ({"delivered_at": ago(days=8)}, ARRIVED, ""),
    Situation.RETURN_EXCEPTED: ({"items": (item(fresh=True),)}, ARRIVED, ARRIVED),
}


@pytest.mark.parametrize("situation", STAGES)
def test_in_which_stages_a_situation_can_be(situation: Situation, policies: Policies) -> None:
    given, *expected = STAGES[situation]
    for make, stages in zip((parcel, meal), expected, strict=True):
        orders = {stage.value: make(stage, payments=PAID, **given) for stage in Stage}
        found = {stage for stage, order in orders.items() if situation in detect(facts(order), policies.values)}
        assert found == set(stages.split()), make.__name__


# (situation, facts in which it isn't so, facts in which it is)
ELSE: list[tuple[str, Situation, DecisionFacts, DecisionFacts]] = [
    (
        "nobody has promised a time",
        Situation.LATE_DELIVERY,
        facts(meal(late_minutes=30, promised_at=None)),
        facts(meal(late_minutes=30)),
    ),
    (
        "nobody knows where the courier is",
        Situation.COURIER_NOT_MOVING,
        facts(meal(shipment=ShipmentFacts("c"))),
        facts(meal(shipment=ShipmentFacts("c", courier_moved_at=ago(hours=1)))),
    ),
    (
        "when it was paid isn't known",
        Situation.MERCHANT_NOT_ACCEPTING,
        facts(meal(Stage.PAID, paid_at=None)),
        facts(meal(Stage.PAID)),
    ),
    (
        "when it was paid isn't known",
        Situation.NOT_DISPATCHED,
        facts(parcel(paid_at=None, placed_at=ago(days=3))),
        facts(parcel(placed_at=ago(days=3))),
    ),
    (  # what is sent anew has waited since that was decided
        "sent anew",
        Situation.NOT_DISPATCHED,
        facts(parcel(placed_at=ago(days=9), accepted_at=ago(hours=23), actions=(ActionFacts("reship", "done"),))),
        facts(parcel(placed_at=ago(days=9), accepted_at=ago(hours=24), actions=(ActionFacts("reship", "done"),))),
    ),
    (
        "accepted lately, sent once",
        Situation.NOT_DISPATCHED,
        facts(parcel(placed_at=ago(hours=23), accepted_at=ago(days=2))),
        facts(parcel(placed_at=ago(days=9), accepted_at=ago(hours=1))),
    ),
    (
        "somebody signed",
        Situation.DELIVERED_NOT_RECEIVED,
        facts(parcel(Stage.DELIVERED, delivered_at=ago(hours=72), shipment=ShipmentFacts("c", proof="photo"))),
        facts(parcel(Stage.DELIVERED, delivered_at=ago(hours=72))),
    ),
    *(
        (
            name,
            Situation.DELIVERED_NOT_RECEIVED,
            facts(parcel(Stage.DELIVERED, delivered_at=ago(days=9)), contacts=(replace(COMPLAINED, **other),)),
            facts(parcel(Stage.DELIVERED, delivered_at=ago(days=9)), contacts=(COMPLAINED,)),
        )
        for name, other in (
            ("called about something else", {"intent": "order_status"}),
            ("called, and it was found", {"solved": True}),
            ("called about another order", {"order_number": "1"}),
        )
    ),
    (
        "refused by the bank, or arrived",
        Situation.REFUND_PENDING,
        facts(parcel(refunds=(refund(state="failed"), refund(arrived_at=NOW)))),
        facts(parcel(refunds=(refund(state="unknown"),))),
    ),
    (
        "due this very moment, refused, or arrived",
        Situation.REFUND_OVERDUE,
        facts(parcel(refunds=(refund(due_at=NOW), refund(state="failed"), refund(arrived_at=NOW)))),
        facts(parcel(refunds=(refund(due_at=NOW - timedelta(seconds=1)),))),
    ),
    (
        "a part of it, or nothing was paid",
        Situation.REFUNDED,
        facts(parcel(refunds=(refund(minor=9999, arrived_at=NOW),))),
        facts(parcel(refunds=(refund(minor=10000, arrived_at=NOW),))),
    ),
    (
        "nothing was paid",
        Situation.REFUNDED,
        facts(parcel(Stage.UNPAID)),
        facts(parcel(refunds=(refund(minor=10001, arrived_at=NOW),))),
    ),
    (
        "two payments of different amounts",
        Situation.DUPLICATE_PAYMENT,
        facts(parcel(payments=(*PAID, PaymentFacts("card", cny(9999), ago(days=9))))),
        facts(parcel(payments=(PaymentFacts("card", cny(10000), ago(days=9, minutes=-60)), *PAID))),
    ),
    (
        "given again already",
        Situation.COUPON_NOT_APPLIED,
        facts(
            parcel(
                coupons=tuple(
                    CouponFacts(reason, cny(500), reason, NOW, intended, False)
                    for reason, intended in (("promotion", True), ("not_applied", False))
                )
            )
        ),
        facts(
            parcel(
                coupons=tuple(
                    CouponFacts(reason, cny(500), reason, NOW, intended, False)
                    for reason, intended in (("not_applied", True), ("late", False))
                )
            )
        ),
    ),
    (
        "the invoice is there",
        Situation.INVOICE_MISSING,
        facts(parcel(invoices=(InvoiceFacts("王芳", ago(days=9), ago(days=6), issued_at=NOW),))),
        facts(parcel(invoices=(InvoiceFacts("王芳", ago(days=9), ago(days=6)),))),
    ),
    (
        "kept in time",
        Situation.PROMISE_BROKEN,
        facts(parcel(promises=(PromiseFacts("x", ago(days=3), ago(hours=3), kept_at=ago(hours=3)),) * 2)),
        facts(parcel(promises=(PromiseFacts("x", ago(days=3), ago(hours=3), kept_at=ago(hours=2)),) * 2)),
    ),
    (
        "placed more than fifteen days ago",
        Situation.PRICE_DROPPED,
        facts(parcel(items=(item(price_now=cny(9000)),), placed_at=ago(days=15, seconds=1))),
        facts(parcel(items=(item(price_now=cny(9000)),), placed_at=ago(days=15))),
    ),
    (
        "one of two refunds is still on its way",
        Situation.REFUNDED,
        facts(parcel(refunds=(refund(minor=5000), refund(minor=5000, arrived_at=NOW)))),
        facts(parcel(refunds=(refund(minor=5000, arrived_at=NOW),) * 2)),
    ),
    (
        "without an order every call counts",
        Situation.REPEAT_CONTACT,
        facts(parcel(), contacts=(replace(COMPLAINED, at=ago(hours=1), order_number="1"),)),
        facts(None, contacts=(replace(COMPLAINED, at=ago(hours=1), order_number="1"),)),
    ),
    (
        "three payments, of which two are alike",
        Situation.DUPLICATE_PAYMENT,
        facts(parcel(payments=tuple(PaymentFacts("card", cny(minor), ago(days=9)) for minor in (4000, 5000, 6000)))),
        facts(parcel(payments=tuple(PaymentFacts("card", cny(minor), ago(days=9)) for minor in (4000, 5000, 5000)))),
    ),
    (
        "all of it is back for the lower price",
        Situation.PRICE_DROPPED,
        facts(parcel(items=(item(price_now=cny(9000)),), refunds=(refund("price_drop", 1000),))),
        facts(parcel(items=(item(price_now=cny(9000)),), refunds=(refund("price_drop", 999),))),
    ),
    (
        "of a refund the bank refused nothing is back",
        Situation.PRICE_DROPPED,
        facts(parcel(items=(item(price_now=cny(9000)),), actions=(ActionFacts("start_return", "sent"),))),
        facts(parcel(items=(item(price_now=cny(9000)),), refunds=(refund("price_drop", 1000, state="failed"),))),
    ),
    (
        "what went back for something else is no difference",
        Situation.PRICE_DROPPED,
        facts(parcel(items=(item(price_now=cny(0)),))),
        facts(parcel(items=(item(price_now=cny(9000)),), refunds=(refund("item", 1000),))),
    ),
]


@pytest.mark.parametrize(("situation", "without", "with_it"), [e[1:] for e in ELSE], ids=[e[0] for e in ELSE])
def test_what_else_a_situation_hangs_on(
    situation: Situation, without: DecisionFacts, with_it: DecisionFacts, policies: Policies
) -> None:
    assert situation not in detect(without, policies.values)
    assert situation in detect(with_it, policies.values)


def test_patience_is_that_of_the_worst_period_and_of_none_that_is_unknown(policies: Policies) -> None:
    def late(minutes: float, *periods: str) -> bool:
        found = facts(meal(late_minutes=minutes), periods=frozenset(periods))
        return Situation.LATE_DELIVERY in detect(found, policies.values)

    assert (late(29, "storm", "sale"), late(30, "storm", "sale")) == (False, True)
    assert (late(19, "sale"), late(20, "sale")) == (False, True)
    assert late(10, "a_rule_of_last_year")


@pytest.mark.parametrize("stage", [Stage.UNPAID, Stage.CANCELLED])
def test_what_nobody_waits_for_is_not_late(stage: Stage) -> None:
    assert minutes_late(meal(stage, late_minutes=25), NOW) == 0
    assert minutes_late(meal(late_minutes=25, promised_at=None), NOW) == 0
