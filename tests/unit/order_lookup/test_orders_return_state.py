"""A return under way is told to whoever asks about the order, in whatever words, until money has gone back for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from order_builders import NOW, Clock, cny
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import Action, ActionRequest, CallerRef, Claim, Decision, SqlOrderSystem
from order_lookup import tables as t
from order_lookup.demo import CASES

CASE = CASES["return_open"]
NOTED = {
    "refund_status": "refund_status_return",
    "refund_request": "refund_return_running",
    "return_exchange": "return_running",
    "exchange_status": "exchange_status_return",
    "order_status": "status_return",
    "urge_delivery": "urge_return",
    "cancel_order": "cancel_return",
    "change_order": "change_return",
    "not_received": "not_received_return",
    "refund_policy": "policy_return_running",
}
OVERDUE = {
    "refund_status": "refund_status_return_overdue",
    "refund_request": "refund_return_overdue",
    "return_exchange": "return_running_overdue",
    "exchange_status": "exchange_status_return_overdue",
    "order_status": "status_return_overdue",
    "urge_delivery": "urge_return_overdue",
}


async def given_back(shop: SqlOrderSystem) -> None:
    """A return that was noted in an earlier call."""
    caller = CallerRef("call-1", CASE.phone)
    await shop.verify(caller, Claim(phone_tail=CASE.phone[-4:]))
    await shop.act(ActionRequest(caller, "return_exchange", Action.START_RETURN, CASE.order_number))


async def asked(shop: SqlOrderSystem, intent: str = "refund_status", phone: str = CASE.phone) -> Decision:
    """What a later call hears."""
    return await shop.decide(intent, CASE.order_number, CallerRef("call-2", phone))


async def refunded(shop: SqlOrderSystem, clock: Clock, reason: str = "return") -> None:
    """The shop has the goods back, and the money is on its way."""

    def work(session: Session) -> None:
        order = session.scalars(select(t.Order).where(t.Order.number == CASE.order_number)).one()
        due_at = clock.now + timedelta(days=3)
        sent = t.Refund(
            order_id=order.id, amount_minor=5000, reason=reason, state="done", requested_at=clock.now, due_at=due_at
        )
        session.add(sent)

    await shop.database.write(work)


async def test_without_one_there_is_nothing_to_tell(shop: SqlOrderSystem) -> None:
    decision = await asked(shop)
    assert decision.reason == "refund_status_none"
    assert not [name for name in decision.facts if name in ("return_amount", "return_noted_at")]


@pytest.mark.parametrize(("intent", "rule"), NOTED.items())
async def test_noted_is_told_whatever_it_is_called_and_nothing_is_given_besides(
    shop: SqlOrderSystem, intent: str, rule: str
) -> None:
    offered = (await asked(shop, "return_exchange")).offer(Action.START_RETURN)
    assert offered is not None
    await given_back(shop)
    decision = await asked(shop, intent)
    assert decision.reason == rule
    assert decision.facts["return_amount"] == offered.amount
    assert decision.facts["return_noted_at"] == NOW
    assert not {offer.action for offer in decision.offers} - {Action.OPEN_TICKET}


@pytest.mark.parametrize(("intent", "rule"), OVERDUE.items())
async def test_an_overdue_one_goes_to_a_human(shop: SqlOrderSystem, clock: Clock, intent: str, rule: str) -> None:
    await given_back(shop)
    clock.now += timedelta(days=10)
    assert (await asked(shop, intent)).reason == NOTED[intent]
    clock.now += timedelta(seconds=1)
    decision = await asked(shop, intent)
    assert decision.reason == rule
    assert decision.handoff is not None
    assert decision.handoff.queue == "after_sales"


async def test_the_refund_takes_its_place(shop: SqlOrderSystem, clock: Clock) -> None:
    await given_back(shop)
    clock.now += timedelta(days=4)
    await refunded(shop, clock, "duplicate_payment")
    assert (await asked(shop, "order_status")).reason == "status_return", "that was not for the goods"
    await refunded(shop, clock)
    running = await asked(shop)
    assert (running.reason, running.facts["refund_amount"]) == ("refund_status_running", cny(5000))
    assert (await asked(shop, "order_status")).reason == "status_delivered"
    clock.now += timedelta(days=20)
    assert (await asked(shop)).reason == "refund_status_overdue", "late is the refund, not the return"


async def test_a_stranger_hears_nothing_of_it(shop: SqlOrderSystem) -> None:
    await given_back(shop)
    decision = await asked(shop, phone="13900000000")
    assert decision.reason == "order_not_found"
    assert not decision.facts
