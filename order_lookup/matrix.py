"""Every intent against every situation: what is decided. `python -m order_lookup.matrix` prints docs/decisions.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from order_lookup import gathering
from order_lookup import tables as t
from order_lookup.answers import Decision
from order_lookup.decision import decide
from order_lookup.demo import CASES, fill
from order_lookup.facts import ActionFacts, ContactFacts, DecisionFacts
from order_lookup.goods_back import ExchangeFacts, ReturnFacts
from order_lookup.policies import Policies, load_policies
from order_lookup.words import Intent, Level, Situation

# Not in any special period of the calendar.
NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
USUAL = "nothing unusual"
_EXAMPLES: dict[Situation, str] = {
    Situation.LATE_DELIVERY: "late_food",
    Situation.COURIER_NOT_MOVING: "courier_still",
    Situation.MERCHANT_NOT_ACCEPTING: "merchant_silent",
    Situation.COURIER_CANCELLED: "courier_cancelled",
    Situation.NOT_DISPATCHED: "not_dispatched",
    Situation.NOT_DISPATCHED_LONG: "not_dispatched_long",
    Situation.LOGISTICS_STALLED: "stalled_parcel",
    Situation.OUT_OF_STOCK: "out_of_stock",
    Situation.DELIVERED_NOT_RECEIVED: "delivered_not_received",
    Situation.REFUND_PENDING: "refund_running",
    Situation.REFUND_OVERDUE: "refund_overdue",
    Situation.REFUNDED: "refunded",
    Situation.EXCHANGE_NOTED: "return_open",
    Situation.EXCHANGE_OVERDUE: "return_open",
    Situation.EXCHANGE_IN_HAND: "return_open",
    Situation.EXCHANGED: "return_open",
    Situation.RETURN_NOTED: "return_open",
    Situation.RETURN_OVERDUE: "return_open",
    Situation.PRICE_DROPPED: "price_dropped",
    Situation.DUPLICATE_PAYMENT: "duplicate_payment",
    Situation.COUPON_NOT_APPLIED: "coupon_not_applied",
    Situation.INVOICE_MISSING: "invoice_missing",
    Situation.RETURN_OPEN: "return_open",
    Situation.RETURN_CLOSED: "return_closed",
    Situation.RETURN_EXCEPTED: "fresh_goods",
    Situation.REPEAT_CONTACT: "in_transit",
    Situation.UNSOLVED_CONTACTS: "repeat_contact",
    Situation.PROMISE_BROKEN: "promise_broken",
    Situation.HIGH_VALUE: "high_value",
    Situation.VIP: "vip",
    Situation.SPECIAL_PERIOD: "in_transit",
}

_NOTED = ExchangeFacts("连衣裙", "换成大一码", "done", NOW - timedelta(hours=2), NOW + timedelta(hours=22))
_EXCHANGES = {
    Situation.EXCHANGE_NOTED: _NOTED,
    Situation.EXCHANGE_OVERDUE: replace(_NOTED, due_at=NOW - timedelta(hours=1)),
    Situation.EXCHANGE_IN_HAND: replace(_NOTED, answered_at=NOW - timedelta(hours=1)),
    Situation.EXCHANGED: replace(_NOTED, answered_at=NOW - timedelta(hours=1), settled_at=NOW),
}
_RETURNED_AT = {
    Situation.RETURN_NOTED: NOW - timedelta(hours=2),
    Situation.RETURN_OVERDUE: NOW - timedelta(days=30),
}


def examples(policies: Policies) -> Mapping[str, DecisionFacts]:
    """For each situation (and for none) the facts of a demo order in it; at the highest verification level."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    fill(engine, NOW, customers=0, orders=len(CASES))
    with Session(engine) as session:
        found = {situation.value: _facts(session, name, policies) for situation, name in _EXAMPLES.items()}
        found[USUAL] = _facts(session, "in_transit", policies)
    engine.dispose()
    repeat = found[Situation.REPEAT_CONTACT.value]
    number = repeat.order.number if repeat.order else None
    earlier = ContactFacts("earlier", "order_status", "solved", True, NOW - timedelta(hours=5), number)
    found[Situation.REPEAT_CONTACT.value] = replace(repeat, contacts=(earlier,))
    for situation, exchange in _EXCHANGES.items():
        found[situation.value] = _exchanging(found[situation.value], exchange)
    for situation, noted_at in _RETURNED_AT.items():
        found[situation.value] = _going_back(found[situation.value], noted_at)
    stormy = found[Situation.SPECIAL_PERIOD.value]
    found[Situation.SPECIAL_PERIOD.value] = replace(stormy, periods=frozenset({"storm"}))
    return found


def _exchanging(facts: DecisionFacts, exchange: ExchangeFacts) -> DecisionFacts:
    """The same with an exchange in the ledger."""
    if facts.order is None:
        raise LookupError("an exchange needs an order")
    done = ActionFacts("exchange", exchange.state, "exchange", exchange.item)
    return replace(facts, order=replace(facts.order, actions=(done,), exchanges=(exchange,)))


def _going_back(facts: DecisionFacts, noted_at: datetime) -> DecisionFacts:
    """The same with a return in the ledger."""
    if facts.order is None:
        raise LookupError("a return needs an order")
    order, arrived = facts.order, noted_at - timedelta(days=1)
    noted, done = ReturnFacts(order.total, "done", noted_at), ActionFacts("start_return", "done", "start_return")
    return replace(facts, order=replace(order, delivered_at=arrived, actions=(done,), returns=(noted,)))


def matrix(policies: Policies) -> Iterator[tuple[str, str, Decision]]:
    """Each pair with its decision."""
    cases = examples(policies)
    for intent in dict.fromkeys((*Intent, *policies.book.intents)):
        for situation in (USUAL, *(s.value for s in Situation)):
            yield intent, situation, decide(intent, cases[situation], policies)


def markdown(pairs: Iterable[tuple[str, str, Decision]]) -> str:
    """The table for people: situations with the same answer share a line."""
    lines: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for intent, situation, decision in pairs:
        offers = ", ".join(offer.name for offer in decision.offers) or "–"
        answer = (decision.reason, offers, decision.handoff.queue if decision.handoff else "–")
        lines.setdefault(intent, {}).setdefault(answer, []).append(situation)
    text = [_HEAD]
    for intent, answers in lines.items():
        text += [f"\n## {intent}\n", "| situation | rule | offers | human |", "|---|---|---|---|"]
        text += [
            f"| {', '.join(found)} | `{rule}` | {offers} | {queue} |"
            for (rule, offers, queue), found in answers.items()
        ]
    return "\n".join(text) + "\n"


def _facts(session: Session, name: str, policies: Policies) -> DecisionFacts:
    row = gathering.order_row(session, CASES[name].order_number)
    customer = session.get(t.Customer, row.customer_id) if row is not None else None
    if row is None or customer is None:
        raise LookupError(f"the demo has no case {name}")
    return DecisionFacts(
        order=gathering.order_facts(session, row),
        customer=gathering.customer_facts(session, customer, NOW, policies.values),
        level=Level.HIGH,
        now=NOW,
        contacts=gathering.contacts(session, "", customer.id, NOW),
    )


_HEAD = """# What is decided

Made by `python -m order_lookup.matrix` from `order_lookup/decisions.yaml` and `policies.yaml`; a test fails when it is
out of date. Each intent is held against a demo order in each situation, the caller fully verified. A situation often
comes with others (a stalled parcel is late, too): the rule is the one that wins. Offers that aren't possible for the
order are left out; refunds above the robot's limit go to a human."""


if __name__ == "__main__":
    print(markdown(matrix(load_policies())), end="")
