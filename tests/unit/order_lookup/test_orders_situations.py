"""Each situation just before and just at its threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from order_builders import NOW, ago, cny, customer, facts, meal, parcel

from order_lookup.facts import (
    ContactFacts,
    CouponFacts,
    DecisionFacts,
    InvoiceFacts,
    ItemFacts,
    OrderFacts,
    PaymentFacts,
    PromiseFacts,
    RefundFacts,
    ScanFacts,
    ShipmentFacts,
)
from order_lookup.goods_back import ExchangeFacts, ReturnFacts
from order_lookup.policies import Policies
from order_lookup.situations import detect, minutes_late
from order_lookup.words import Situation, Stage, Tier


def scanned(hours: float) -> ShipmentFacts:
    return ShipmentFacts(
        "捷达", scans=(ScanFacts(ago(hours=hours + 9), "picked_up", "a"), ScanFacts(ago(hours=hours), "arrived", "b"))
    )


def refund(due_hours: float, **more: Any) -> RefundFacts:
    return RefundFacts(cny(10000), "cancel", "done", ago(days=4), NOW + timedelta(hours=due_hours), **more)


def exchange(due_hours: float, **more: Any) -> ExchangeFacts:
    noted = ExchangeFacts("连衣裙", "换成大一码", "done", ago(hours=20), NOW + timedelta(hours=due_hours))
    return replace(noted, **more)


def going_back(days: float, state: str = "done") -> ReturnFacts:
    return ReturnFacts(cny(10000), state, ago(days=days))


def item(**more: Any) -> ItemFacts:
    return replace(ItemFacts("双肩包", "backpack", 1, cny(10000), cny(10000)), **more)


def arrived(days: float, **more: Any) -> OrderFacts:
    shipment = ShipmentFacts("捷达", proof="signature")
    given = {"shipment": shipment, "placed_at": ago(days=days + 3), "delivered_at": ago(days=days)} | more
    return parcel(Stage.DELIVERED, **given)


def promise(hours_late: float) -> PromiseFacts:
    return PromiseFacts("callback", ago(days=3), ago(hours=hours_late))


def called(
    hours: float, solved: bool = False, number: str = "302610726346", intent: str = "urge_delivery"
) -> ContactFacts:
    return ContactFacts("c", intent, "x", solved, ago(hours=hours), number)


def coupon(**more: Any) -> CouponFacts:
    given = {"intended": True, "used": False} | more
    return CouponFacts("N1", cny(2000), "promotion", NOW + timedelta(days=1), **given)


TWICE = (PaymentFacts("card", cny(10000), ago(minutes=70)), PaymentFacts("card", cny(10000), ago(minutes=11)))
APART = (PaymentFacts("card", cny(10000), ago(minutes=90)), PaymentFacts("card", cny(10000), ago(minutes=11)))

# (situation, facts in which it isn't so, facts in which it is)
EDGES: list[tuple[Situation, DecisionFacts, DecisionFacts]] = [
    (Situation.LATE_DELIVERY, facts(meal(late_minutes=9.9)), facts(meal(late_minutes=10))),
    (
        Situation.LATE_DELIVERY,
        facts(parcel(Stage.DISPATCHED, placed_at=ago(days=3, hours=11), shipment=scanned(1))),
        facts(parcel(Stage.DISPATCHED, placed_at=ago(days=3, hours=12), shipment=scanned(1))),
    ),
    (Situation.LATE_DELIVERY, facts(meal(Stage.DELIVERED, 30)), facts(meal(Stage.ACCEPTED, 30))),
    (
        Situation.COURIER_NOT_MOVING,
        facts(meal(shipment=ShipmentFacts("c", courier_moved_at=ago(minutes=11.9)))),
        facts(meal(shipment=ShipmentFacts("c", courier_moved_at=ago(minutes=12)))),
    ),
    (
        Situation.MERCHANT_NOT_ACCEPTING,
        facts(meal(Stage.PAID, late_minutes=-38)),
        facts(meal(Stage.PAID, late_minutes=-37)),
    ),
    (
        Situation.COURIER_CANCELLED,
        facts(meal(Stage.DELIVERED, shipment=ShipmentFacts("c", courier_cancelled_at=ago(minutes=1)))),
        facts(meal(shipment=ShipmentFacts("c", courier_cancelled_at=ago(minutes=1)))),
    ),
    (Situation.NOT_DISPATCHED, facts(parcel(placed_at=ago(hours=23.9))), facts(parcel(placed_at=ago(hours=24)))),
    (Situation.NOT_DISPATCHED_LONG, facts(parcel(placed_at=ago(hours=47.9))), facts(parcel(placed_at=ago(hours=48)))),
    (
        Situation.NOT_DISPATCHED,
        facts(parcel(Stage.UNPAID, placed_at=ago(hours=50))),
        facts(parcel(Stage.ACCEPTED, placed_at=ago(hours=50))),
    ),
    (
        Situation.LOGISTICS_STALLED,
        facts(parcel(Stage.DISPATCHED, shipment=scanned(47.9))),
        facts(parcel(Stage.DISPATCHED, shipment=scanned(48))),
    ),
    (
        Situation.LOGISTICS_STALLED,
        facts(parcel(Stage.DISPATCHED, dispatched_at=ago(hours=10))),
        facts(parcel(Stage.DISPATCHED, dispatched_at=ago(hours=60))),
    ),
    (Situation.OUT_OF_STOCK, facts(parcel()), facts(parcel(items=(item(in_stock=False),)))),
    (
        Situation.DELIVERED_NOT_RECEIVED,
        facts(arrived(1)),
        facts(arrived(1, shipment=ShipmentFacts("捷达", proof="none"))),
    ),
    (
        Situation.DELIVERED_NOT_RECEIVED,
        facts(arrived(3.1, shipment=ShipmentFacts("捷达", proof="none"))),
        facts(arrived(9), contacts=(called(200, intent="not_received"),)),
    ),
    (Situation.REFUND_PENDING, facts(arrived(1)), facts(arrived(1, refunds=(refund(10),)))),
    (Situation.REFUND_OVERDUE, facts(arrived(1, refunds=(refund(1),))), facts(arrived(1, refunds=(refund(-1),)))),
    (
        Situation.REFUNDED,
        facts(arrived(1, refunds=(refund(1),))),
        facts(arrived(1, refunds=(refund(1, arrived_at=NOW),))),
    ),
    (
        Situation.EXCHANGE_NOTED,
        facts(arrived(1, exchanges=(exchange(4, state="failed"), exchange(4, settled_at=NOW)))),
        facts(arrived(1, exchanges=(exchange(4, state="failed"), exchange(4)))),
    ),
    (
        Situation.EXCHANGE_NOTED,
        facts(arrived(1, exchanges=(exchange(0, due_at=None),))),
        facts(arrived(1, exchanges=(exchange(0, due_at=None, state="sent"),))),
    ),
    (
        Situation.EXCHANGE_OVERDUE,
        facts(arrived(1, exchanges=(exchange(0),))),
        facts(arrived(1, exchanges=(exchange(-1),))),
    ),
    (
        Situation.EXCHANGE_OVERDUE,
        facts(arrived(1, exchanges=(exchange(-1, answered_at=NOW),))),
        facts(arrived(1, exchanges=(exchange(-1),))),
    ),
    (
        Situation.EXCHANGE_IN_HAND,
        facts(arrived(1, exchanges=(exchange(4, answered_at=NOW, settled_at=NOW),))),
        facts(arrived(1, exchanges=(exchange(4, answered_at=NOW),))),
    ),
    (
        Situation.EXCHANGED,
        facts(arrived(1, exchanges=(exchange(4),))),
        facts(arrived(1, exchanges=(exchange(4, settled_at=NOW),))),
    ),
    (
        Situation.RETURN_NOTED,
        facts(arrived(1, returns=(going_back(4, "failed"),))),
        facts(arrived(1, returns=(going_back(4, "failed"), going_back(5)))),
    ),
    (
        Situation.RETURN_NOTED,
        facts(arrived(6, returns=(going_back(5),), refunds=(refund(1),))),
        facts(arrived(6, returns=(going_back(2),), refunds=(refund(1),))),
    ),
    (
        Situation.RETURN_OVERDUE,
        facts(arrived(12, returns=(going_back(10),))),
        facts(arrived(12, returns=(going_back(10.01),))),
    ),
    (  # noted on its way: what is collected first had to arrive
        Situation.RETURN_OVERDUE,
        facts(arrived(9, returns=(going_back(12),))),
        facts(arrived(11, returns=(going_back(12),))),
    ),
    (
        Situation.PRICE_DROPPED,
        facts(arrived(12.1, items=(item(price_now=cny(9000)),))),
        facts(arrived(11.9, items=(item(price_now=cny(9000)),))),
    ),
    (
        Situation.PRICE_DROPPED,
        facts(arrived(1, items=(item(price_now=cny(11000)),))),
        facts(arrived(1, items=(item(price_now=cny(9999)),))),
    ),
    (Situation.DUPLICATE_PAYMENT, facts(parcel(payments=APART)), facts(parcel(payments=TWICE))),
    (
        Situation.DUPLICATE_PAYMENT,
        facts(parcel(payments=TWICE, refunds=(RefundFacts(cny(10000), "duplicate_payment", "sent", NOW, NOW),))),
        facts(parcel(payments=TWICE, refunds=(RefundFacts(cny(10000), "duplicate_payment", "failed", NOW, NOW),))),
    ),
    (Situation.COUPON_NOT_APPLIED, facts(parcel(coupons=(coupon(used=True),))), facts(parcel(coupons=(coupon(),)))),
    (
        Situation.INVOICE_MISSING,
        facts(arrived(1, invoices=(InvoiceFacts("王芳", ago(days=3), NOW),))),
        facts(arrived(1, invoices=(InvoiceFacts("王芳", ago(days=3), ago(minutes=1)),))),
    ),
    (Situation.RETURN_OPEN, facts(arrived(7.01)), facts(arrived(7))),
    (Situation.RETURN_OPEN, facts(arrived(3.01, opened=True)), facts(arrived(3, opened=True))),
    (Situation.RETURN_CLOSED, facts(arrived(7)), facts(arrived(7.01))),
    (Situation.RETURN_EXCEPTED, facts(arrived(1)), facts(arrived(1, items=(item(fresh=True),)))),
    (Situation.REPEAT_CONTACT, facts(parcel(), contacts=(called(73),)), facts(parcel(), contacts=(called(71, True),))),
    (
        Situation.UNSOLVED_CONTACTS,
        facts(parcel(), contacts=(called(2), called(3, True), called(4, number="1"))),
        facts(parcel(), contacts=(called(2), called(3))),
    ),
    (
        Situation.PROMISE_BROKEN,
        facts(parcel(promises=(promise(1), promise(-1)))),
        facts(parcel(promises=(promise(1), promise(2)))),
    ),
    (Situation.HIGH_VALUE, facts(replace(parcel(), total=cny(199_999))), facts(replace(parcel(), total=cny(200_000)))),
    (Situation.VIP, facts(parcel(), customer=customer(Tier.GOLD)), facts(parcel(), customer=customer(Tier.VIP))),
    (Situation.SPECIAL_PERIOD, facts(parcel()), facts(parcel(), periods=frozenset({"storm"}))),
]


@pytest.mark.parametrize(("situation", "without", "with_it"), EDGES, ids=[e[0].value for e in EDGES])
def test_each_situation_at_its_threshold(
    situation: Situation, without: DecisionFacts, with_it: DecisionFacts, policies: Policies
) -> None:
    assert situation not in detect(without, policies.values)
    assert situation in detect(with_it, policies.values)


def test_every_situation_has_an_edge() -> None:
    assert {edge[0] for edge in EDGES} == set(Situation)


def test_a_storm_makes_everybody_more_patient(policies: Policies) -> None:
    late = meal(late_minutes=29)
    assert Situation.LATE_DELIVERY in detect(facts(late), policies.values)
    assert Situation.LATE_DELIVERY not in detect(facts(late, periods=frozenset({"storm"})), policies.values)
    later = meal(late_minutes=30)
    assert Situation.LATE_DELIVERY in detect(facts(later, periods=frozenset({"storm"})), policies.values)


def test_minutes_late_stop_at_delivery() -> None:
    assert minutes_late(meal(late_minutes=25), NOW) == 25
    assert minutes_late(meal(Stage.DELIVERED, 25, delivered_at=ago(minutes=5)), NOW) == 20
    assert minutes_late(meal(Stage.CANCELLED, 25), NOW) == 0
    assert minutes_late(meal(late_minutes=-5), NOW) == 0
