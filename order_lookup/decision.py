"""What is so, what may be offered, whose queue a human comes from, and why: decide() (pure).

How it works: situations.detect() names what is unusual; the book of decisions (decisions.yaml) picks the first rule of
the intent that holds; offers.py works out each offer the rule names and leaves out what isn't possible; statements.py
gathers what may be said at the caller's verification level. Nothing here reads a clock or a database.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from order_lookup.answers import Decision, Handoff
from order_lookup.facts import DecisionFacts
from order_lookup.offers import over_limit, work_out
from order_lookup.policies import Policies
from order_lookup.situations import detect
from order_lookup.statements import statements
from order_lookup.words import Kind, Level, Stage

NEEDS_ORDER = "order_needed"
HUMAN_REFUNDS = "after_sales"  # who decides about money the robot may not send back by itself
NOT_FOUND = "order_not_found"


def decide(intent: str, facts: DecisionFacts, policies: Policies) -> Decision:
    """The decision for an intent, given everything known."""
    rules = policies.book.of(intent)
    if facts.order is None and rules.needs_order:
        return Decision(
            intent, None, NEEDS_ORDER, detect(facts, policies.values), level=facts.level, ticket=rules.ticket
        )
    situations = detect(facts, policies.values) | (rules.claims if _arrived(facts) else frozenset())
    kind, stage = _kind_and_stage(facts)
    rule = policies.book.rule(intent, situations, kind, stage)
    names = dict.fromkeys((*rule.offer, *policies.book.extra_offers(intent, situations, kind, stage)))
    ticket = rule.ticket or rules.ticket
    possible = [offer for name in names if (offer := work_out(name, facts, situations, policies.values))]
    offers = tuple(offer for offer in possible if not over_limit(offer, facts, policies.values))
    queue = rule.handoff or (HUMAN_REFUNDS if len(offers) < len(possible) else None)
    said, withheld = statements(facts, situations, policies.values)
    decision = Decision(
        intent=intent,
        order_number=facts.order.number if facts.order else None,
        reason=rule.rule,
        situations=situations,
        facts=MappingProxyType(said),
        offers=offers,
        handoff=_handoff(queue, rule.rule, facts, policies),
        level=facts.level,
        withheld=withheld,
        refuses=rule.refuses,
        ticket=ticket,
        announcements=_announcements(facts, policies),
    )
    return replace(decision, level_needed=_level_needed(decision, policies))


def not_found(intent: str, policies: Policies) -> Decision:
    """The answer for an order that doesn't exist, or isn't this caller's: the two can't be told apart."""
    return Decision(intent, None, NOT_FOUND, level_needed=Level.HIGH, ticket=policies.book.of(intent).ticket)


def _arrived(facts: DecisionFacts) -> bool:
    return facts.order is not None and facts.order.stage in (Stage.DELIVERED, Stage.CLOSED)


def _kind_and_stage(facts: DecisionFacts) -> tuple[Kind | None, Stage | None]:
    return (facts.order.kind, facts.order.stage) if facts.order else (None, None)


def _handoff(queue: str | None, reason: str, facts: DecisionFacts, policies: Policies) -> Handoff | None:
    """VIPs go to their own people, unless only the others are at work; the elderly and VIPs go first."""
    if queue is None:
        return None
    customer, working = facts.customer, policies.values.working
    if customer is not None and customer.vip and (own := policies.values.queues[queue].vip):
        there = working.is_open(own, facts.now) or not working.is_open(queue, facts.now)
        queue = own if there else queue
    priority = policies.values.queues[queue].priority
    first = customer is not None and (customer.vip or customer.elder)
    return Handoff(queue, max(0, priority - 1) if first else priority, reason)


def _announcements(facts: DecisionFacts, policies: Policies) -> tuple[str, ...]:
    rules = policies.values.special.rules
    english = facts.customer is not None and facts.customer.language == "en"
    chosen = [rules[period] for period in sorted(facts.periods) if period in rules]
    return tuple(rule.announcement_en if english else rule.announcement_zh for rule in chosen)


def _level_needed(decision: Decision, policies: Policies) -> Level:
    asked = [offer.level_needed for offer in decision.offers]
    asked += [policies.values.verification.for_fact(name) for name in decision.withheld]
    return max(asked, default=Level.LOW if decision.order_number else Level.NONE)
