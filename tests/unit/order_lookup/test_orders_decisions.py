"""Decisions: one table per policy, and what must be true of every decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from order_builders import NOW, ago, cny, customer, facts, meal, parcel

from order_lookup import matrix
from order_lookup.answers import Decision
from order_lookup.decision import decide, not_found
from order_lookup.facts import ActionFacts, CouponFacts, ItemFacts, OrderFacts, PaymentFacts, RefundFacts, ShipmentFacts
from order_lookup.policies import Policies, load_policies
from order_lookup.words import REFUNDS, Action, Intent, Kind, Level, Situation, Stage, Tier

DOCS = Path(__file__).parents[3] / "docs" / "decisions.md"


def test_a_payment_under_way_back_is_not_called_in_order(policies: Policies) -> None:
    twice = (PaymentFacts("wechat", cny(10000), ago(hours=2)), PaymentFacts("wechat", cny(10000), ago(hours=2)))
    back = RefundFacts(cny(10000), "duplicate_payment", "sent", ago(minutes=1), due_at=NOW + timedelta(days=3))
    decision = decide(Intent.PAYMENT_PROBLEM, facts(parcel(payments=twice, refunds=(back,))), policies)
    assert (decision.reason, decision.offers) == ("payment_refund_running", ())


def test_who_wants_it_quicker_once_the_money_is_on_its_way_back_means_the_money(policies: Policies) -> None:
    back = RefundFacts(cny(10000), "cancelled", "sent", ago(days=1), due_at=NOW + timedelta(days=3))
    cancelled = replace(parcel(refunds=(back,)), stage=Stage.CANCELLED)
    decision = decide(Intent.URGE_DELIVERY, facts(cancelled), policies)
    assert (decision.reason, decision.offers) == ("urge_refund_running", ())
    assert decide(Intent.URGE_DELIVERY, facts(parcel(refunds=(back,))), policies).reason != "urge_refund_running"


def test_an_invoice_can_be_written_down_for_a_colleague(policies: Policies) -> None:
    decision = decide(Intent.INVOICE, facts(parcel()), policies)
    assert [offer.action for offer in decision.offers] == [Action.SEND_INVOICE, Action.OPEN_TICKET]


@pytest.mark.parametrize(
    ("late_minutes", "tier", "total", "expected"),
    [
        (9, Tier.STANDARD, 10000, None),
        (10, Tier.STANDARD, 10000, 500),
        (19, Tier.STANDARD, 10000, 500),
        (20, Tier.STANDARD, 10000, 1000),
        (40, Tier.STANDARD, 10000, 2000),
        (10, Tier.STANDARD, 2000, 300),  # never less than the minimum
        (40, Tier.STANDARD, 90000, 5000),  # capped per order
        (20, Tier.SILVER, 10000, 1100),
        (20, Tier.GOLD, 10000, 1250),
        (20, Tier.VIP, 10000, 1500),
    ],
)
def test_compensation_by_lateness_tier_and_amount(
    late_minutes: int, tier: Tier, total: int, expected: int | None, policies: Policies
) -> None:
    order = replace(meal(late_minutes=late_minutes), total=cny(total))
    offer = decide(Intent.ORDER_STATUS, facts(order, customer=customer(tier)), policies).offer(Action.ISSUE_COUPON)
    assert (offer.amount if offer else None) == (cny(expected) if expected else None)


@pytest.mark.parametrize(("given_minor", "expected"), [(0, 2000), (4000, 1000), (4999, 1), (5000, None), (9000, None)])
def test_compensation_is_capped_per_customer_and_month(
    given_minor: int, expected: int | None, policies: Policies
) -> None:
    who = customer(compensated=cny(given_minor))
    offer = decide(Intent.ORDER_STATUS, facts(meal(late_minutes=50), customer=who), policies).offer(Action.ISSUE_COUPON)
    assert (offer.amount if offer else None) == (cny(expected) if expected else None)


def test_lateness_is_compensated_once(policies: Policies) -> None:
    before = CouponFacts("C1", cny(500), "late", NOW + timedelta(days=9), intended=False, used=False)
    decision = decide(Intent.COMPLAINT, facts(meal(late_minutes=50, coupons=(before,))), policies)
    assert decision.offer(Action.ISSUE_COUPON) is None


@pytest.mark.parametrize(("state", "offered"), [("planned", False), ("unknown", False), ("failed", True)])
def test_a_coupon_under_way_counts_as_given(state: str, offered: bool, policies: Policies) -> None:
    asked = ActionFacts("issue_coupon", state, "coupon_late")
    decision = decide(Intent.ORDER_STATUS, facts(meal(late_minutes=50, actions=(asked,))), policies)
    assert (decision.offer(Action.ISSUE_COUPON) is not None) == offered


def test_weather_is_not_compensated_and_is_announced(policies: Policies) -> None:
    decision = decide(Intent.ORDER_STATUS, facts(meal(late_minutes=50), periods=frozenset({"storm"})), policies)
    assert decision.offer(Action.ISSUE_COUPON) is None
    assert "恶劣天气" in decision.announcements[0]
    english = facts(meal(late_minutes=50), periods=frozenset({"storm"}), customer=customer(language="en"))
    assert "weather" in decide(Intent.ORDER_STATUS, english, policies).announcements[0]


@pytest.mark.parametrize(
    ("order", "rule", "amount"),
    [
        (parcel(Stage.UNPAID), "cancel_unpaid", 0),
        (parcel(Stage.PAID), "cancel_before_dispatch", 10000),
        (parcel(Stage.ACCEPTED), "cancel_parcel_packing", 10000),
        (meal(Stage.PAID), "cancel_our_fault", 10000),
        (meal(Stage.ACCEPTED), "cancel_meal_cooking", 8000),
        (meal(Stage.DISPATCHED), "cancel_meal_on_the_way", None),
        (parcel(Stage.DISPATCHED), "cancel_parcel_on_the_way", None),
        (parcel(Stage.CANCELLED), "cancel_already", None),
        (meal(Stage.DELIVERED), "cancel_delivered_meal", None),
    ],
)
def test_what_cancelling_gives_back(order: OrderFacts, rule: str, amount: int | None, policies: Policies) -> None:
    decision = decide(Intent.CANCEL_ORDER, facts(order), policies)
    offer = decision.offer(Action.CANCEL)
    assert decision.reason == rule
    assert (offer.amount.minor_units if offer and offer.amount is not None else None) == amount


@pytest.mark.parametrize(
    ("tier", "total", "robot"),
    [(Tier.STANDARD, 50000, True), (Tier.STANDARD, 50001, False), (Tier.GOLD, 120000, True), (Tier.VIP, 200001, False)],
)
def test_above_the_limit_a_human_decides_about_money(tier: Tier, total: int, robot: bool, policies: Policies) -> None:
    order = replace(parcel(), total=cny(total), payments=(PaymentFacts("card", cny(total), ago(hours=2)),))
    decision = decide(Intent.REFUND_REQUEST, facts(order, customer=customer(tier)), policies)
    assert (decision.offer(Action.CANCEL) is not None) == robot
    assert (decision.handoff is None) == robot


def test_a_refund_never_exceeds_what_is_left(policies: Policies) -> None:
    back = RefundFacts(cny(7000), "item", "unknown", NOW, NOW + timedelta(days=3))
    order = parcel(Stage.DELIVERED, refunds=(back,), delivered_at=ago(hours=2), shipment=ShipmentFacts("x"))
    decision = decide(Intent.REFUND_REQUEST, facts(order), policies)
    assert all(offer.amount is None or offer.amount <= cny(3000) for offer in decision.offers)


def test_paying_twice_gives_the_second_payment_back(policies: Policies) -> None:
    twice = tuple(PaymentFacts("card", cny(10000), ago(minutes=m)) for m in (30, 29))
    offer = decide(Intent.PAYMENT_PROBLEM, facts(parcel(payments=twice)), policies).offer(Action.REFUND_DUPLICATE)
    assert offer is not None
    assert offer.amount == cny(10000)


def test_one_remedy_settles_an_order(policies: Policies) -> None:
    stalled = parcel(Stage.DISPATCHED, placed_at=ago(days=5), dispatched_at=ago(days=4))
    free = decide(Intent.REFUND_REQUEST, facts(stalled), policies)
    assert {Action.RESHIP, Action.REFUND_FULL} <= {offer.action for offer in free.offers}
    settled = replace(stalled, actions=(ActionFacts("reship", "unknown"),))
    assert not {Action.RESHIP, Action.REFUND_FULL} & {
        offer.action for offer in decide(Intent.REFUND_REQUEST, facts(settled), policies).offers
    }
    failed = replace(stalled, actions=(ActionFacts("reship", "failed"),))
    assert decide(Intent.REFUND_REQUEST, facts(failed), policies).offer(Action.RESHIP) is not None


def test_an_item_has_its_own_price(policies: Policies) -> None:
    items = (
        ItemFacts("牛肉面", "noodles", 2, cny(2800), cny(2800)),
        ItemFacts("奶茶", "tea", 1, cny(1600), cny(1600)),
    )
    order = replace(meal(Stage.DELIVERED, items=items, delivered_at=ago(minutes=5)), shipment=None)
    offer = decide(Intent.MISSING_ITEM, facts(order), policies).offer(Action.REFUND_PARTIAL)
    assert offer is not None
    assert [(choice.item, choice.amount) for choice in offer.choices] == [("牛肉面", cny(2800)), ("奶茶", cny(1600))]


def test_personal_data_waits_for_its_level(policies: Policies) -> None:
    order = parcel(recipient="王芳", address="和平路1号", phone="13801161353", note="放门口")
    low = decide(Intent.ORDER_STATUS, facts(order, level=Level.LOW), policies)
    assert low.withheld == {"address", "recipient", "phone", "note"}
    assert not {"王芳", "和平路1号", "13801161353", "放门口"} & set(low.facts.values())
    medium = decide(Intent.ORDER_STATUS, facts(order, level=Level.MEDIUM), policies)
    assert medium.withheld == {"address", "phone"}
    assert decide(Intent.ORDER_STATUS, facts(order), policies).withheld == frozenset()


def test_vips_and_the_elderly_go_first(policies: Policies) -> None:
    plain = decide(Intent.AGENT, facts(None, customer=None), policies).handoff
    vip = decide(Intent.AGENT, facts(None, customer=customer(Tier.VIP)), policies).handoff
    elder = decide(Intent.AGENT, facts(None, customer=customer(elder=True)), policies).handoff
    assert plain is not None
    assert vip is not None
    assert elder is not None
    assert (vip.queue, elder.queue) == ("senior", "general")
    assert max(vip.priority, elder.priority) < plain.priority


@pytest.mark.parametrize(
    ("intent", "queue"),
    [(Intent.FOOD_SAFETY, "safety"), (Intent.PERSONAL_SAFETY, "safety"), (Intent.ACCOUNT_STOLEN, "account")],
)
def test_danger_goes_straight_to_its_own_people(intent: Intent, queue: str, policies: Policies) -> None:
    for order in (None, meal(), parcel(Stage.CANCELLED)):
        handoff = decide(intent, facts(order), policies).handoff
        assert handoff is not None
        assert handoff.queue == queue
        assert handoff.priority <= 1


def test_not_found_says_nothing_at_all(policies: Policies) -> None:
    decision = not_found(Intent.ORDER_STATUS, policies)
    assert (decision.facts, decision.situations, decision.offers, decision.order_number) == ({}, frozenset(), (), None)


orders_of_any_kind = st.builds(
    OrderFacts,
    number=st.just("302610726346"),
    kind=st.sampled_from(Kind),
    stage=st.sampled_from(Stage),
    total=st.integers(0, 300_000).map(cny),
    placed_at=st.floats(0, 900).map(lambda h: ago(hours=h)),
    delivery_fee=st.integers(0, 900).map(cny),
    paid_at=st.none() | st.floats(0, 900).map(lambda h: ago(hours=h)),
    promised_at=st.none() | st.floats(-90, 900).map(lambda h: ago(hours=h)),
    dispatched_at=st.none() | st.floats(0, 900).map(lambda h: ago(hours=h)),
    delivered_at=st.none() | st.floats(0, 900).map(lambda h: ago(hours=h)),
    opened=st.booleans(),
    items=st.lists(
        st.builds(
            ItemFacts,
            name=st.just("a"),
            name_en=st.just("b"),
            quantity=st.integers(1, 3),
            price=st.integers(0, 99_000).map(cny),
            price_now=st.integers(0, 99_000).map(cny),
            fresh=st.booleans(),
            in_stock=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    payments=st.lists(
        st.builds(
            PaymentFacts, method=st.just("card"), amount=st.integers(1, 300_000).map(cny), paid_at=st.just(ago(hours=1))
        ),
        max_size=3,
    ).map(tuple),
    refunds=st.lists(
        st.builds(
            RefundFacts,
            amount=st.integers(1, 100_000).map(cny),
            reason=st.sampled_from(["cancel", "item", "duplicate_payment", "price_drop"]),
            state=st.sampled_from(["planned", "sent", "done", "failed", "unknown"]),
            requested_at=st.just(ago(days=5)),
            due_at=st.floats(-90, 90).map(lambda h: ago(hours=h)),
            arrived_at=st.none() | st.just(ago(hours=1)),
        ),
        max_size=3,
    ).map(tuple),
    shipment=st.none()
    | st.just(ShipmentFacts("x", courier_cancelled_at=ago(minutes=3), courier_moved_at=ago(hours=1))),
)
POLICIES = load_policies()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(orders_of_any_kind, st.sampled_from(Tier), st.sampled_from(Level), st.booleans())
def test_every_decision_keeps_the_rules(order: OrderFacts, tier: Tier, level: Level, stormy: bool) -> None:
    periods = frozenset({"storm"}) if stormy else frozenset()
    known = facts(order, customer=customer(tier), level=level, periods=periods)
    for intent in Intent:
        decision = decide(intent, known, POLICIES)
        assert decision.reason
        assert not decision.refuses or decision.offers or decision.handoff
        assert len({offer.name for offer in decision.offers}) == len(decision.offers)
        for offer in decision.offers:
            if offer.amount is not None:
                assert offer.amount.minor_units >= 0
            if offer.action in REFUNDS and offer.amount is not None:
                assert offer.amount <= order.refundable
                assert offer.amount.minor_units <= POLICIES.values.refunds.robot_limit_minor[tier]


@pytest.fixture(scope="module")
def pairs(policies: Policies) -> list[tuple[Intent, str, Decision]]:
    return list(matrix.matrix(policies))


def test_each_pair_of_intent_and_situation_is_decided(pairs: list[tuple[Intent, str, Decision]]) -> None:
    assert {(intent, situation) for intent, situation, _ in pairs} == {
        (intent, name) for intent in Intent for name in (matrix.USUAL, *(s.value for s in Situation))
    }
    for intent, situation, decision in pairs:
        assert situation == matrix.USUAL or Situation(situation) in decision.situations, situation
        assert decision.reason not in ("order_needed", "order_not_found"), intent


def test_the_table_in_the_docs_is_up_to_date(pairs: list[tuple[Intent, str, Decision]]) -> None:
    assert DOCS.read_text(encoding="utf-8") == matrix.markdown(pairs), (
        "run: python -m order_lookup.matrix > docs/decisions.md"
    )


def test_the_table_in_the_docs_has_each_pair_once() -> None:
    seen: list[tuple[str, str]] = []
    intent = ""
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            intent = line[3:]
        elif line.startswith("| ") and not line.startswith("| situation"):
            seen += [(intent, name.strip()) for name in line.split("|")[1].split(",")]
    assert len(seen) == len(set(seen)) == len(Intent) * (len(Situation) + 1)
