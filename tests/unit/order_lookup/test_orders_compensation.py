"""What lateness and a refusal are worth: from which step, for which order, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from order_builders import NOW, ago, cny, facts, meal, parcel

from order_lookup.compensation import for_lateness, goodwill
from order_lookup.facts import ActionFacts, CouponFacts, RefundFacts
from order_lookup.money import Money
from order_lookup.policies import Policies
from order_lookup.words import Situation, Stage

LATE = frozenset({Situation.LATE_DELIVERY})
FIRST_STEP = [
    Situation.LATE_DELIVERY,
    Situation.COURIER_NOT_MOVING,
    Situation.COURIER_CANCELLED,
    Situation.LOGISTICS_STALLED,
    Situation.NOT_DISPATCHED_LONG,
]


def coupon(reason: str, intended: bool = False) -> CouponFacts:
    return CouponFacts("C1", cny(300), reason, NOW + timedelta(days=9), intended=intended, used=False)


@pytest.mark.parametrize("situation", Situation)
def test_who_waits_through_no_fault_of_the_clock_gets_the_first_step(situation: Situation, policies: Policies) -> None:
    worth = for_lateness(facts(meal(late_minutes=-5)), frozenset({situation}), policies.values)
    assert worth == (cny(500) if situation in FIRST_STEP else None)


@pytest.mark.parametrize(
    ("hours", "amount"), [(12, 500), (23.99, 500), (24, 1000), (71.99, 1000), (72, 2000)], ids=lambda value: str(value)
)
def test_a_parcels_lateness_goes_by_its_hours(hours: float, amount: int, policies: Policies) -> None:
    late = parcel(Stage.DISPATCHED, placed_at=ago(days=3, hours=hours))
    assert for_lateness(facts(late), LATE, policies.values) == cny(amount)


@pytest.mark.parametrize(
    ("coupons", "actions", "given"),
    [
        ((), (), False),
        ((coupon("late"),), (), True),
        ((coupon("goodwill"),), (), True),
        ((coupon("not_applied"),), (), False),
        ((coupon("late", intended=True),), (), False),  # of an earlier order, meant to pay for this one
        ((), (ActionFacts("issue_coupon", "planned", "coupon_late"),), True),
        ((), (ActionFacts("issue_coupon", "done", "coupon_goodwill"),), True),
        ((), (ActionFacts("issue_coupon", "done", "coupon_again"),), False),
        ((), (ActionFacts("issue_coupon", "failed", "coupon_late"),), False),
    ],
)
def test_one_sorry_for_one_order(
    coupons: tuple[CouponFacts, ...], actions: tuple[ActionFacts, ...], given: bool, policies: Policies
) -> None:
    found = facts(meal(late_minutes=15, coupons=coupons, actions=actions))
    assert (for_lateness(found, LATE, policies.values) is None) == given
    assert (goodwill(found, policies.values) is None) == given


def test_without_an_order_there_is_nothing_to_be_sorry_for(policies: Policies) -> None:
    assert for_lateness(facts(None), LATE, policies.values) is None
    assert goodwill(facts(None), policies.values) is None


def test_a_sorry_is_worth_no_more_than_what_is_left_of_the_order(policies: Policies) -> None:
    assert goodwill(facts(meal()), policies.values) == cny(500)
    back = RefundFacts(cny(9700), "item", "done", NOW, NOW)
    assert goodwill(facts(meal(refunds=(back,))), policies.values) == cny(300)


def test_amounts_of_the_policies_are_given_in_their_own_currency_alone(policies: Policies) -> None:
    dollars = replace(parcel(items=(), payments=(), delivery_fee=Money(0, "USD")), total=Money(10000, "USD"))
    assert goodwill(facts(dollars), policies.values) is None
    assert for_lateness(facts(dollars), LATE, policies.values) is None


def test_a_period_that_the_policies_know_no_more_takes_nothing_away(policies: Policies) -> None:
    found = facts(meal(late_minutes=15), periods=frozenset({"a_rule_of_last_year"}))
    assert for_lateness(found, LATE, policies.values) == cny(500)
