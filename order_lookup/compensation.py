"""What lateness is worth: by step, tier and amount, capped per order and per customer and month (pure).

Never more than the order still comes to, so that neither an order for a few cents nor one refunded earns a coupon; and only
in the currency in which the amounts of policies.yaml are written.
"""

from __future__ import annotations

from order_lookup.facts import CustomerFacts, DecisionFacts, OrderFacts
from order_lookup.money import Money
from order_lookup.policies import CompensationPolicy, ShopPolicies
from order_lookup.situations import minutes_late
from order_lookup.words import Kind, Situation, Tier

# Nobody waits less because it was the courier and not the clock that failed.
_WORTH_THE_FIRST_STEP = frozenset(
    {
        Situation.LATE_DELIVERY,
        Situation.COURIER_NOT_MOVING,
        Situation.COURIER_CANCELLED,
        Situation.LOGISTICS_STALLED,
        Situation.NOT_DISPATCHED_LONG,
    }
)
GIVEN_FOR = frozenset({"late", "goodwill"})
OFFERS = frozenset({"coupon_late", "coupon_goodwill"})


def for_lateness(facts: DecisionFacts, situations: frozenset[Situation], policies: ShopPolicies) -> Money | None:
    """The coupon that lateness earns; None when nothing is due, it was given already, or a cap is reached."""
    order, policy = facts.order, policies.compensation
    if order is None or not situations & _WORTH_THE_FIRST_STEP or not _paid_for_in(facts, policies):
        return None
    if _given_already(order) or order.total.currency != policies.currency:
        return None
    percent = _step_percent(order, minutes_late(order, facts.now), policy)
    tier = facts.customer.tier if facts.customer else Tier.STANDARD
    amount = order.total.per_cent(percent).per_cent(policy.tier_percent[tier])
    currency = order.total.currency
    amount = max(amount, Money(policy.minimum_minor, currency)).at_most(Money(policy.order_cap_minor, currency))
    return _within_month(amount.at_most(order.worth), facts.customer, policy)


def goodwill(facts: DecisionFacts, policies: ShopPolicies) -> Money | None:
    """The small sorry for a wish that must be refused; None when something was given already or the cap is reached."""
    order = facts.order
    if order is None or _given_already(order) or order.total.currency != policies.currency:
        return None
    amount = Money(policies.compensation.goodwill_minor, policies.currency)
    return _within_month(amount.at_most(order.worth), facts.customer, policies.compensation)


def _step_percent(order: OrderFacts, late_minutes: int, policy: CompensationPolicy) -> int:
    percent = policy.late_steps[0].percent
    for step in policy.late_steps:
        needed = step.food_minutes if order.kind is Kind.FOOD else step.parcel_hours * 60
        if late_minutes >= needed:
            percent = step.percent
    return percent


def _paid_for_in(facts: DecisionFacts, policies: ShopPolicies) -> bool:
    rules = policies.special.rules
    return all(rules[period].compensate for period in facts.periods if period in rules)


def _given_already(order: OrderFacts) -> bool:
    asked = any(past.offer in OFFERS and past.stands for past in order.actions)
    return asked or any(not coupon.intended and coupon.reason in GIVEN_FOR for coupon in order.coupons)


def _within_month(amount: Money, customer: CustomerFacts | None, policy: CompensationPolicy) -> Money | None:
    """As much as this month's cap leaves; nothing for somebody we don't know."""
    if customer is None:
        return None
    left = Money(policy.month_cap_minor[customer.tier], amount.currency) - customer.compensated
    return amount.at_most(left) or None
