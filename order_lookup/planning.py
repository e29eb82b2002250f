"""May this be done? A request is held against a fresh decision before it enters the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import gathering, ledger
from order_lookup import tables as t
from order_lookup.answers import Decision, Offer
from order_lookup.decision import decide, not_found
from order_lookup.facts import DecisionFacts
from order_lookup.money import Money
from order_lookup.phones import normal_phone
from order_lookup.policies import Policies
from order_lookup.port import ActionRequest, ActionResult, CallerRef
from order_lookup.verifying import customers_heard
from order_lookup.words import OPEN_STATES, Action, LedgerState, Level

LONGEST_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Case:
    """The rows and facts that a decision stands on."""

    facts: DecisionFacts
    order: t.Order | None
    customer: t.Customer | None
    hidden: bool  # an order was named that this caller may not hear of, or that doesn't exist


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry to carry out: new, or found half-way."""

    key: str
    fresh: bool


def case(
    session: Session, caller: CallerRef, number: str | None, now: datetime, policies: Policies, lock: bool = False
) -> Case:
    """Everything a decision looks at; with `lock` order and customer stay as they are until the transaction ends."""
    heard = customers_heard(session, caller)
    phone = normal_phone(caller.phone)
    row = gathering.order_row(session, number, lock) if number and len(number) <= 40 else None
    hidden = bool(number) and (row is None or row.customer_id not in heard)
    row = None if hidden else row
    customer = session.get(t.Customer, row.customer_id) if row else gathering.customer_of_phone(session, phone)
    if lock and customer is not None:  # the month's cap is the customer's, across orders
        session.execute(select(t.Customer.id).where(t.Customer.id == customer.id).with_for_update())
    values = policies.values
    known = gathering.customer_facts(session, customer, now, values) if customer is not None else None
    facts = DecisionFacts(
        order=gathering.order_facts(session, row) if row is not None else None,
        customer=known,
        level=heard.get(customer.id, Level.NONE) if customer is not None else Level.NONE,
        now=now,
        periods=gathering.periods(session, now, values),
        contacts=gathering.contacts(session, phone, customer.id if customer else None, now),
    )
    return Case(facts, row, customer, hidden)


def decision(found: Case, intent: str, policies: Policies) -> Decision:
    """The decision of a case."""
    return not_found(intent, policies) if found.hidden else decide(intent, found.facts, policies)


def plan(session: Session, request: ActionRequest, now: datetime, policies: Policies) -> ActionResult | Planned:
    """Enter a request into the ledger; or the result: what came of it before, or a refusal."""
    before = ledger.newest(session, request)
    if before is not None and ledger.is_of(before, request):
        return _again(session, before)
    found = case(session, request.caller, request.order_number, now, policies, lock=True)
    before = ledger.newest(session, request)  # somebody may have been here while we waited for the order
    if before is not None and ledger.is_of(before, request):
        return _again(session, before)
    if found.hidden:
        return _refuse(request, "not_found", Level.HIGH)
    decided = decision(found, request.intent, policies)
    checked = _check(request, found, decided)
    if isinstance(checked, ActionResult):
        return checked
    return _enter(session, request, ledger.next_key(request, before), found, checked, decided, now, policies)


def _again(session: Session, row: t.LedgerEntry) -> ActionResult | Planned:
    final = LedgerState(row.state) not in OPEN_STATES
    return ledger.result(session, row, repeated=True) if final else Planned(row.key, fresh=False)


def _check(request: ActionRequest, found: Case, decided: Decision) -> Offer | ActionResult:
    """The offer that is to be carried out, with its final amount; or why not."""
    offers = [o for o in decided.offers if o.action is request.action and request.offer in ("", o.name)]
    if not offers:
        return _refuse(request, "not_offered")
    offer = offers[0]
    if found.facts.level < offer.level_needed:
        return _refuse(request, "level", offer.level_needed)
    if found.customer is not None and found.customer.frozen_at is not None and offer.action not in _WHEN_FROZEN:
        return _refuse(request, "frozen")
    needed = ledger.NEEDED_DETAIL.get(request.action)
    if needed is not None and not _detail_fits(needed, request.details.get(needed, "")):
        return _refuse(request, "details")
    fits, amount = _amount(request, offer)
    if not fits:
        return _refuse(request, "amount")
    return Offer(offer.name, offer.action, amount, level_needed=offer.level_needed)


_WHEN_FROZEN = frozenset({Action.OPEN_TICKET, Action.BOOK_CALLBACK, Action.URGE_DELIVERY})


def _detail_fits(name: str, value: str) -> bool:
    if name == "phone":
        return bool(normal_phone(value))
    return bool(value.strip()) and len(value) <= LONGEST_DETAIL and value.isprintable()


def _amount(request: ActionRequest, offer: Offer) -> tuple[bool, Money | None]:
    """Whether what was asked for fits what is offered, and the amount to move: less is fine, more isn't."""
    limit = offer.amount
    if offer.choices:
        chosen = next((choice for choice in offer.choices if choice.item == request.item), None)
        if chosen is None:
            return False, None
        limit = chosen.amount
    if request.amount is None:
        return True, limit
    asked = request.amount
    fits = limit is not None and asked.currency == limit.currency and 0 < asked.minor_units <= limit.minor_units
    return fits, asked


def _enter(
    session: Session,
    request: ActionRequest,
    key: str,
    found: Case,
    offer: Offer,
    decided: Decision,
    now: datetime,
    policies: Policies,
) -> Planned:
    row = t.LedgerEntry(
        key=key,
        call_id=request.caller.call_id,
        intent=request.intent,
        action=request.action.value,
        order_id=found.order.id if found.order is not None else None,
        customer_id=found.customer.id if found.customer is not None else None,
        amount_minor=offer.amount.minor_units if offer.amount else 0,
        currency=_currency(found, offer, policies),
        details={
            **{name: value for name, value in request.details.items() if len(value) <= LONGEST_DETAIL},
            "offer": offer.name,
            "item": request.item,
            "ticket": decided.ticket,
            "queue": decided.handoff.queue if decided.handoff else "general",
            "phone_of_caller": normal_phone(request.caller.phone),
        },
        state=LedgerState.PLANNED.value,
        rule=decided.reason,
        planned_at=now,
        changed_at=now,
    )
    session.add(row)
    session.flush()
    ledger.reserve(session, row, policies.values.situations.refund_days, now)
    return Planned(row.key, fresh=True)


def _currency(found: Case, offer: Offer, policies: Policies) -> str:
    if offer.amount is not None:
        return offer.amount.currency
    return found.order.currency if found.order is not None else policies.values.currency


def _refuse(request: ActionRequest, why: str, level: Level = Level.NONE) -> ActionResult:
    return ActionResult(request.action, None, request.order_number, refused=why, level_needed=level)
