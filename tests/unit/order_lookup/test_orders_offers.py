"""Each offer just where it is possible, with its amount and condition, and just where it isn't."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from order_builders import NOW, ago, cny, customer, facts, meal, parcel

from order_lookup.answers import Choice, Offer
from order_lookup.facts import (
    ActionFacts,
    CouponFacts,
    DecisionFacts,
    ItemFacts,
    OrderFacts,
    PaymentFacts,
    RefundFacts,
    ShipmentFacts,
)
from order_lookup.money import Money
from order_lookup.offer_names import OfferName
from order_lookup.offers import over_limit, work_out
from order_lookup.policies import Policies
from order_lookup.words import Action, Level, Situation, Stage, Tier

GIVEN_UP = ShipmentFacts("courier", courier_cancelled_at=ago(minutes=1))
NOT_APPLIED = frozenset({Situation.COUPON_NOT_APPLIED})
LATE = frozenset({Situation.LATE_DELIVERY})
BAG = Choice("双肩包", None, "backpack", cny(10000))
TWICE = tuple(PaymentFacts("card", cny(10000), ago(minutes=minutes)) for minutes in (30, 29))
UNLIKE = (
    ItemFacts("牛肉面", "noodles", 1, cny(7000), cny(7000)),
    ItemFacts("奶茶", "tea", 1, cny(2500), cny(2500)),
)


def item(**more: Any) -> ItemFacts:
    return replace(ItemFacts("双肩包", "backpack", 1, cny(10000), cny(10000)), **more)


def arrived(days: float = 1, **more: Any) -> OrderFacts:
    return parcel(Stage.DELIVERED, placed_at=ago(days=days + 3), delivered_at=ago(days=days), **more)


def back(minor: int, reason: str = "item") -> RefundFacts:
    return RefundFacts(cny(minor), reason, "done", ago(days=1), NOW)


def coupon(minor: int, intended: bool = True, used: bool = False) -> CouponFacts:
    return CouponFacts("N", cny(minor), "promotion", NOW + timedelta(days=1), intended, used)


def at(make: Any, *stages: Stage) -> list[OrderFacts]:
    return [make(stage) for stage in stages]


def under_way(action: str) -> tuple[ActionFacts, ...]:
    return (ActionFacts(action, "unknown", action),)


def offer(
    name: str,
    action: Action,
    amount: int | None = None,
    condition: str = "",
    *,
    confirm: bool = True,
    choices: Any = (),
) -> Offer:
    return Offer(name, action, None if amount is None else cny(amount), condition, confirm, choices=choices)


OPEN, CLOSED = (Stage.UNPAID, Stage.PAID, Stage.ACCEPTED, Stage.DISPATCHED), (Stage.CLOSED, Stage.CANCELLED)
SENT = (Stage.DISPATCHED, Stage.DELIVERED, *CLOSED)
# (what is offered, orders for which it is, orders for which it isn't)
EDGES: list[tuple[Offer, list[OrderFacts], list[OrderFacts | None]]] = [
    (
        offer("urge_delivery", Action.URGE_DELIVERY, confirm=False),
        [*at(parcel, *OPEN[1:]), *at(meal, *OPEN[1:], Stage.DELIVERED)],
        [*at(parcel, Stage.UNPAID, Stage.DELIVERED, *CLOSED), *at(meal, Stage.UNPAID, *CLOSED), None],
    ),
    (
        offer("cancel_free", Action.CANCEL, 10000),
        [*at(parcel, *OPEN[1:3]), *at(meal, *OPEN[1:3]), meal(shipment=GIVEN_UP)],
        [*at(parcel, *SENT), *at(meal, *SENT), meal(shipment=None), meal(Stage.DELIVERED, shipment=GIVEN_UP)],
    ),
    (offer("cancel_free", Action.CANCEL, 0), [parcel(Stage.UNPAID)], []),
    (
        offer("cancel_with_fee", Action.CANCEL, 8000, "fee"),
        [meal(Stage.ACCEPTED)],
        [*at(meal, Stage.PAID, *SENT), parcel(Stage.ACCEPTED), meal(Stage.ACCEPTED, refunds=(back(8000),)), None],
    ),
    (offer("cancel_with_fee", Action.CANCEL, 1, "fee"), [meal(Stage.ACCEPTED, refunds=(back(7999),))], []),
    (
        offer("refund_full", Action.REFUND_FULL, 10000),
        [*at(parcel, *OPEN[1:], Stage.DELIVERED, Stage.CLOSED), arrived(payments=TWICE)],
        [arrived(refunds=(back(10000),)), replace(parcel(), stage=Stage.UNPAID), parcel(Stage.CANCELLED), None],
    ),
    (
        offer(
            "refund_item", Action.REFUND_PARTIAL, 7000, choices=(
                Choice("牛肉面", cny(7000), "noodles", cny(7000)), Choice("奶茶", cny(2500), "tea", cny(2500)),
            ),
        ),
        [meal(Stage.DELIVERED, items=UNLIKE), meal(Stage.CLOSED, items=UNLIKE)],
        [*at(meal, *OPEN, Stage.CANCELLED), meal(Stage.DELIVERED, refunds=(back(9500),))],
    ),
    (
        offer("refund_item", Action.REFUND_PARTIAL, 500, choices=(Choice("牛肉面", cny(500), "beef noodles", cny(9500)),)),
        [meal(Stage.DELIVERED, refunds=(back(9000),))],
        [],
    ),
    (
        offer("refund_duplicate", Action.REFUND_DUPLICATE, 10000),
        [parcel(payments=TWICE)],
        [parcel(), parcel(payments=TWICE, refunds=(back(10000, "duplicate_payment"),)), None],
    ),
    (
        offer("refund_price_drop", Action.REFUND_PRICE_DROP, 1000),
        [arrived(items=(item(price_now=cny(9000)),)), arrived(items=(item(price_now=cny(8000)),), refunds=(back(9000),))],
        [arrived(), arrived(items=(item(price_now=cny(9000)),), refunds=(back(10000),)), None],
    ),
    (
        offer("reship", Action.RESHIP),
        [parcel(Stage.DISPATCHED), arrived(items=(item(), item(name="水杯")))],
        [*at(parcel, *OPEN[:3], *CLOSED), *at(meal, Stage.DISPATCHED, Stage.DELIVERED),
         arrived(items=(item(), item(name="水杯", in_stock=False))), None],
    ),
    (
        offer("start_return", Action.START_RETURN, 10000, "return_goods"),
        [parcel(Stage.DISPATCHED), arrived(7), arrived(3, opened=True), arrived(items=(item(), item(name="梨", fresh=True)))],
        [*at(parcel, *OPEN[:3]), arrived(7.01), arrived(3.01, opened=True), arrived(items=(item(fresh=True),)),
         meal(), meal(Stage.DELIVERED, delivered_at=NOW), arrived(refunds=(back(10000),)), None],
    ),
    (offer("start_return", Action.START_RETURN, 8000, "return_goods"), [arrived(delivery_fee=cny(2000))], []),
    (
        offer("exchange", Action.EXCHANGE, None, "return_goods", choices=(BAG,)),
        [parcel(Stage.DISPATCHED), arrived(7), arrived(items=(item(), item(name="梨", fresh=True)))],
        [*at(parcel, *OPEN[:3]), arrived(7.01), arrived(items=(item(fresh=True),)), arrived(items=()),
         arrived(refunds=(back(10000),)), meal(), None],
    ),
    (
        offer("change_address", Action.CHANGE_ADDRESS),
        [*at(parcel, *OPEN[:3]), parcel(actions=under_way("change_phone"))],
        [*at(parcel, *SENT), parcel(actions=under_way("change_address")), None],
    ),
    (
        offer("change_phone", Action.CHANGE_PHONE),
        [*at(parcel, *OPEN), parcel(actions=(ActionFacts("change_phone", "done"),))],
        [*at(parcel, Stage.DELIVERED, *CLOSED), parcel(actions=under_way("change_phone"))],
    ),
    (
        offer("change_note", Action.CHANGE_NOTE, confirm=False),
        at(parcel, *OPEN),
        [*at(parcel, Stage.DELIVERED, *CLOSED), parcel(actions=under_way("change_note"))],
    ),
    (
        offer("send_invoice", Action.SEND_INVOICE, confirm=False),
        at(parcel, *OPEN[1:], Stage.DELIVERED, Stage.CLOSED),
        [parcel(Stage.UNPAID), parcel(Stage.CANCELLED), None],
    ),
]  # fmt: skip


def worked(
    name: str, found: DecisionFacts, policies: Policies, situations: frozenset[Situation] = LATE
) -> Offer | None:
    return work_out(OfferName(name), found, situations, policies.values)


@pytest.mark.parametrize(("expected", "possible", "impossible"), EDGES, ids=[edge[0].name for edge in EDGES])
def test_each_offer_where_it_is_possible_and_where_not(
    expected: Offer, possible: list[OrderFacts], impossible: list[OrderFacts | None], policies: Policies
) -> None:
    level = policies.values.verification.for_action(expected.action)
    for order in possible:
        assert worked(expected.name, facts(order), policies) == replace(expected, level_needed=level), order
    for order in impossible:
        assert worked(expected.name, facts(order), policies) is None, order


def test_coupons_are_offered_without_a_question(policies: Policies) -> None:
    late, refused = facts(meal(late_minutes=15)), facts(meal())
    assert worked("coupon_late", late, policies) == offer(
        "coupon_late", Action.ISSUE_COUPON, 500, "coupon", confirm=False
    )
    assert worked("coupon_late", late, policies, frozenset()) is None
    sorry = offer("coupon_goodwill", Action.ISSUE_COUPON, 500, "coupon", confirm=False)
    assert worked("coupon_goodwill", refused, policies) == sorry


def test_the_best_coupon_that_was_not_applied_is_given_again_once(policies: Policies) -> None:
    order = parcel(coupons=(coupon(800), coupon(2000), coupon(3000, used=True), coupon(4000, intended=False)))
    again = offer("coupon_again", Action.ISSUE_COUPON, 2000, "coupon", confirm=False)
    assert worked("coupon_again", facts(order), policies, NOT_APPLIED) == again
    assert worked("coupon_again", facts(order), policies, LATE) is None
    assert worked("coupon_again", facts(None), policies, NOT_APPLIED) is None
    for name, state, given in (("coupon_again", "sent", True), ("coupon_again", "failed", False), ("x", "done", False)):
        asked = replace(order, actions=(ActionFacts("issue_coupon", state, name),))
        assert (worked("coupon_again", facts(asked), policies, NOT_APPLIED) is None) == given


def test_an_account_is_frozen_once_and_somebodys(policies: Policies) -> None:
    frozen = worked("freeze_account", facts(None), policies)
    assert frozen == offer("freeze_account", Action.FREEZE_ACCOUNT)
    assert frozen.level_needed is Level.LOW
    assert worked("freeze_account", facts(None, customer=customer(frozen=True)), policies) is None
    assert worked("freeze_account", facts(None, customer=None), policies) is None


@pytest.mark.parametrize("name", ["open_ticket", "book_callback"])
def test_people_can_always_be_asked(name: str, policies: Policies) -> None:
    for order in (None, parcel(Stage.CANCELLED), arrived(actions=under_way("reship"))):
        assert worked(name, facts(order, customer=None), policies) == offer(name, Action(name), confirm=False)


def test_a_remedy_excludes_the_others_and_nothing_else(policies: Policies) -> None:
    order = arrived(actions=(ActionFacts("exchange", "sent"),), payments=TWICE)
    names = ("refund_full", "refund_item", "reship", "start_return", "exchange", "refund_duplicate", "send_invoice")
    left = [name for name in names if worked(name, facts(order), policies)]
    assert left == ["refund_duplicate", "send_invoice"]
    asked = replace(order, actions=(ActionFacts("issue_coupon", "done"), ActionFacts("exchange", "failed")))
    assert all(worked(name, facts(asked), policies) for name in names)


@pytest.mark.parametrize(
    ("minor", "went_back", "today", "tier", "over"),
    [
        (50000, 0, None, Tier.STANDARD, False),
        (50001, 0, None, Tier.STANDARD, True),
        (30000, 20000, None, Tier.STANDARD, False),
        (30000, 20001, None, Tier.STANDARD, True),
        (50000, 0, 50000, Tier.STANDARD, False),
        (50000, 0, 50001, Tier.STANDARD, True),
        (200000, 0, 200000, Tier.VIP, False),
        (200000, 0, 200001, Tier.VIP, True),
    ],
)
def test_the_limits_of_an_order_and_of_a_day(
    minor: int, went_back: int, today: int | None, tier: Tier, over: bool, policies: Policies
) -> None:
    who = customer(tier, refunded_today=None if today is None else cny(today))
    order = arrived(refunds=(back(went_back),) if went_back else ())
    refund = offer("refund_full", Action.REFUND_FULL, minor)
    assert over_limit(refund, facts(order, customer=who), policies.values) == over
    unknown = over_limit(refund, facts(order, customer=None), policies.values)
    assert unknown == (minor + went_back > 50000)  # whom nobody knows has the lowest limit, and no day of their own


def test_what_moves_no_money_has_no_limit_and_other_money_is_a_humans(policies: Policies) -> None:
    found = facts(arrived())
    assert not over_limit(offer("start_return", Action.START_RETURN, 10**7), found, policies.values)
    assert not over_limit(offer("cancel_free", Action.CANCEL, 0), found, policies.values)
    assert not over_limit(offer("cancel_free", Action.CANCEL), found, policies.values)
    assert not over_limit(offer("refund_full", Action.REFUND_FULL, 10**7), facts(None), policies.values)
    dollar = Offer("refund_full", Action.REFUND_FULL, Money(1, "USD"))
    assert over_limit(dollar, found, policies.values)


def test_a_tier_without_a_line_has_no_limit_of_a_day(policies: Policies) -> None:
    lines = dict(policies.values.refunds.robot_day_limit_minor)
    del lines[Tier.STANDARD]
    refunds = policies.values.refunds.model_copy(update={"robot_day_limit_minor": lines})
    who = customer(refunded_today=cny(10**9))
    refund = offer("refund_full", Action.REFUND_FULL, 50000)
    assert not over_limit(
        refund, facts(arrived(), customer=who), policies.values.model_copy(update={"refunds": refunds})
    )
