"""What a decision carries besides its offers: ticket, queue and priority, level, situations, announcements."""

from __future__ import annotations

import pytest
from order_builders import ago, customer, facts, meal, parcel

from order_lookup.answers import Handoff
from order_lookup.decision import decide, not_found
from order_lookup.facts import CustomerFacts, DecisionFacts, OrderFacts, PaymentFacts
from order_lookup.policies import Policies
from order_lookup.words import Intent, Level, Situation, Stage, Tier

TWICE = tuple(PaymentFacts("card", parcel().total, ago(minutes=minutes)) for minutes in (30, 29))


@pytest.mark.parametrize(
    ("found", "intent", "ticket", "refuses", "level_needed"),
    [
        (facts(parcel()), Intent.ORDER_STATUS, "logistics/urge", False, Level.LOW),
        (facts(meal(late_minutes=15)), Intent.ORDER_STATUS, "logistics/late", False, Level.LOW),
        (facts(parcel(recipient="王芳"), level=Level.LOW), Intent.ORDER_STATUS, "logistics/urge", False, Level.MEDIUM),
        (facts(parcel(address="和平路"), level=Level.LOW), Intent.ORDER_STATUS, "logistics/urge", False, Level.HIGH),
        (facts(parcel()), Intent.CANCEL_ORDER, "aftersales/cancel", False, Level.MEDIUM),
        (facts(meal()), Intent.CANCEL_ORDER, "aftersales/cancel", True, Level.LOW),
        (facts(None), Intent.PAYMENT_METHODS, "payment/failed", False, Level.NONE),
    ],
)
def test_ticket_refusal_and_the_level_that_hears_and_does_all(
    found: DecisionFacts, intent: Intent, ticket: str, refuses: bool, level_needed: Level, policies: Policies
) -> None:
    decision = decide(intent, found, policies)
    assert (decision.refuses, decision.level, decision.level_needed) == (refuses, found.level, level_needed)
    assert decision.ticket == (ticket if found.order is not None else policies.book.of(intent).ticket)


def test_without_an_order_where_one_is_needed_nothing_is_decided_yet(policies: Policies) -> None:
    vip = facts(None, customer=customer(Tier.VIP), level=Level.LOW)
    decision = decide(Intent.NOT_RECEIVED, vip, policies)
    assert (decision.reason, decision.offers, decision.handoff) == ("order_needed", (), None)
    assert (decision.level, decision.ticket, decision.situations) == (Level.LOW, "logistics/lost", {Situation.VIP})


def test_an_order_that_is_not_the_callers_wants_all_the_proof_there_is(policies: Policies) -> None:
    decision = not_found(Intent.NOT_RECEIVED, policies)
    assert (decision.reason, decision.order_number) == ("order_not_found", None)
    assert (decision.level_needed, decision.ticket) == (Level.HIGH, "logistics/lost")


@pytest.mark.parametrize(
    ("order", "claimed"),
    [
        (parcel(Stage.DELIVERED, delivered_at=ago(days=9)), True),
        (parcel(Stage.CLOSED, delivered_at=ago(days=9)), True),
        (parcel(Stage.DISPATCHED), False),
    ],
)
def test_what_a_caller_says_by_asking_is_so_once_the_order_should_be_there(
    order: OrderFacts, claimed: bool, policies: Policies
) -> None:
    decision = decide(Intent.NOT_RECEIVED, facts(order), policies)
    assert (Situation.DELIVERED_NOT_RECEIVED in decision.situations) == claimed
    assert Situation.DELIVERED_NOT_RECEIVED not in decide(Intent.ORDER_STATUS, facts(order), policies).situations


def test_what_was_paid_twice_is_offered_besides_and_once(policies: Policies) -> None:
    names = [offer.name for offer in decide(Intent.ORDER_STATUS, facts(parcel(payments=TWICE)), policies).offers]
    assert names.count("refund_duplicate") == 1
    assert names[0] == "urge_delivery"
    asked = [offer.name for offer in decide(Intent.PAYMENT_PROBLEM, facts(parcel(payments=TWICE)), policies).offers]
    assert asked.count("refund_duplicate") == 1


@pytest.mark.parametrize(
    ("intent", "who", "queue", "priority"),
    [
        (Intent.AGENT, None, "general", 5),
        (Intent.AGENT, customer(), "general", 5),
        (Intent.AGENT, customer(elder=True), "general", 4),
        (Intent.AGENT, customer(Tier.VIP), "senior", 3),
        (Intent.AGENT, customer(Tier.VIP, elder=True), "senior", 3),
        (Intent.ACCOUNT_STOLEN, customer(Tier.VIP), "account", 0),
        (Intent.FOOD_SAFETY, customer(elder=True), "safety", 0),  # there is nothing above it
    ],
)
def test_whose_queue_and_how_urgent(
    intent: Intent, who: CustomerFacts | None, queue: str, priority: int, policies: Policies
) -> None:
    decision = decide(intent, facts(None, customer=who), policies)
    assert decision.handoff == Handoff(queue, priority, decision.reason)


def test_periods_are_announced_in_the_callers_language_as_far_as_they_are_known(policies: Policies) -> None:
    rules = policies.values.special.rules
    periods = frozenset({"storm", "sale", "a_rule_of_last_year"})
    zh = decide(Intent.AGENT, facts(None, periods=periods), policies).announcements
    en = decide(Intent.AGENT, facts(None, periods=periods, customer=customer(language="en")), policies).announcements
    assert zh == (rules["sale"].announcement_zh, rules["storm"].announcement_zh)
    assert en == (rules["sale"].announcement_en, rules["storm"].announcement_en)
    unknown = facts(None, periods=periods, customer=None)
    assert decide(Intent.AGENT, unknown, policies).announcements == zh
