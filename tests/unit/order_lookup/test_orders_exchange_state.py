"""How an exchange stands: noted, in hand, overdue, settled, told to whoever asks about it in whatever words, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from order_builders import NOW, Clock

from order_lookup import Action, ActionRequest, CallerRef, Claim, Decision, SqlOrderSystem
from order_lookup.demo import CASES

CASE = CASES["return_open"]
NOTED = {
    "exchange_status": "exchange_status_noted",
    "order_status": "status_exchange",
    "urge_delivery": "urge_exchange",
    "refund_status": "refund_status_exchange",
    "return_exchange": "return_exchange_running",
    "refund_request": "refund_instead_of_exchange",
    "cancel_order": "cancel_exchange",
    "change_order": "change_exchange",
    "not_received": "not_received_exchange",
}


async def exchanged(shop: SqlOrderSystem) -> str:
    """An exchange that was noted in an earlier call; the number of its ticket."""
    caller = CallerRef("call-1", CASE.phone)
    await shop.verify(caller, Claim(phone_tail=CASE.phone[-4:]))
    item = (await shop.caller(caller)).orders[0].items[0]
    details = {"variant": "换成大一码"}
    request = ActionRequest(caller, "return_exchange", Action.EXCHANGE, CASE.order_number, item=item, details=details)
    return (await shop.act(request)).receipt


async def asked(shop: SqlOrderSystem, intent: str = "exchange_status", phone: str = CASE.phone) -> Decision:
    """What a later call hears."""
    return await shop.decide(intent, CASE.order_number, CallerRef("call-2", phone))


async def test_none_was_noted_and_one_may_be(shop: SqlOrderSystem) -> None:
    decision = await asked(shop)
    assert decision.reason == "exchange_status_none"
    assert [offer.action for offer in decision.offers] == [Action.EXCHANGE, Action.OPEN_TICKET]
    assert not [name for name in decision.facts if name.startswith("exchange")]


@pytest.mark.parametrize(("intent", "rule"), NOTED.items())
async def test_noted_is_told_whatever_it_is_called(shop: SqlOrderSystem, intent: str, rule: str) -> None:
    await exchanged(shop)
    decision = await asked(shop, intent)
    assert decision.reason == rule
    assert decision.facts["exchange_due_at"] == NOW + timedelta(hours=24)
    assert decision.facts["exchange_variant"] == "换成大一码"
    assert not {offer.action for offer in decision.offers} - {Action.OPEN_TICKET}


async def test_it_goes_from_noted_to_in_hand_to_settled(shop: SqlOrderSystem, clock: Clock) -> None:
    ticket = await exchanged(shop)
    clock.now += timedelta(hours=3)
    await shop.append_ticket(ticket, "robot", "reminded")
    assert (await asked(shop)).reason == "exchange_status_noted"
    await shop.append_ticket(ticket, "anna", "有货，约了明天取件")
    in_hand = await asked(shop)
    assert in_hand.reason == "exchange_status_in_hand"
    assert "exchange_due_at" not in in_hand.facts, "somebody was in touch: no time is promised any more"
    clock.now += timedelta(days=3)
    assert (await asked(shop)).reason == "exchange_status_in_hand", "whoever was in touch is not late"
    await shop.close_ticket(ticket, "anna", "新的已寄出")
    settled = await asked(shop)
    assert (settled.reason, settled.facts["exchange_settled_at"]) == ("exchange_status_settled", clock.now)
    assert (await asked(shop, "not_received")).reason == "not_received_exchanged"
    assert (await asked(shop, "refund_request")).reason == "refund_instead_of_exchange"


async def test_an_overdue_one_goes_to_a_human(shop: SqlOrderSystem, clock: Clock) -> None:
    await exchanged(shop)
    clock.now += timedelta(hours=24)
    assert (await asked(shop)).reason == "exchange_status_noted"
    clock.now += timedelta(seconds=1)
    for intent in ("exchange_status", "return_exchange", "order_status", "urge_delivery"):
        decision = await asked(shop, intent)
        assert decision.reason.endswith("exchange_overdue") or decision.reason == "exchange_status_overdue"
        assert decision.handoff is not None
        assert decision.handoff.queue == "after_sales"
        assert "exchange_due_at" not in decision.facts


async def test_a_stranger_hears_nothing_of_it(shop: SqlOrderSystem) -> None:
    await exchanged(shop)
    decision = await asked(shop, phone="13900000000")
    assert decision.reason == "order_not_found"
    assert not decision.facts
