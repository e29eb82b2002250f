"""One item for the same in another size or colour: once, with the wish written down for the warehouse, and never beside a refund."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from order_builders import NOW, ago, cny, facts, meal, parcel
from sqlalchemy import select

from order_lookup import Action, ActionRequest, CallerRef, Claim, LedgerState, Level, Policies, SqlOrderSystem
from order_lookup import tables as t
from order_lookup.backend.mapping import Mapping
from order_lookup.clerk import Clerk
from order_lookup.decision import decide
from order_lookup.demo import CASES
from order_lookup.facts import ActionFacts, ItemFacts, OrderFacts
from order_lookup.words import Intent, Stage

CASE = CASES["return_open"]
GIVES_UP = {Action.EXCHANGE, Action.START_RETURN, Action.REFUND_FULL, Action.REFUND_PARTIAL, Action.RESHIP}
SHIRT = ItemFacts("衬衫", "shirt", 1, cny(6000), cny(6000))
FLOWERS = ItemFacts("鲜花", "flowers", 1, cny(4000), cny(4000), fresh=True)


def arrived(**more: object) -> OrderFacts:
    return parcel(Stage.DELIVERED, **({"delivered_at": ago(days=2), "placed_at": ago(days=5)} | more))


def items_of(order: OrderFacts, intent: Intent, policies: Policies) -> list[str] | None:
    offer = decide(intent, facts(order), policies).offer(Action.EXCHANGE)
    return [choice.item for choice in offer.choices] if offer else None


@pytest.mark.parametrize(
    ("order", "items"),
    [
        pytest.param(arrived(), ["双肩包"], id="in the window"),
        pytest.param(arrived(delivered_at=ago(days=6, hours=23)), ["双肩包"], id="on the last day"),
        pytest.param(arrived(delivered_at=ago(days=7, hours=1)), None, id="too late"),
        pytest.param(arrived(opened=True, delivered_at=ago(days=4)), None, id="too late for what was opened"),
        pytest.param(arrived(items=(SHIRT, FLOWERS)), ["衬衫"], id="not what is fresh"),
        pytest.param(arrived(items=(FLOWERS,)), None, id="all fresh"),
        pytest.param(parcel(Stage.DISPATCHED, dispatched_at=ago(hours=1)), ["双肩包"], id="on its way"),
        pytest.param(parcel(Stage.PAID), None, id="not sent yet"),
        pytest.param(meal(Stage.DELIVERED, delivered_at=ago(minutes=9)), None, id="a meal"),
        pytest.param(arrived(actions=(ActionFacts("exchange", "unknown"),)), None, id="exchanged already"),
        pytest.param(arrived(actions=(ActionFacts("start_return", "done"),)), None, id="given back already"),
        pytest.param(arrived(actions=(ActionFacts("exchange", "failed"),)), ["双肩包"], id="the last try failed"),
    ],
)
def test_what_can_be_exchanged(order: OrderFacts, items: list[str] | None, policies: Policies) -> None:
    assert items_of(order, Intent.RETURN_EXCHANGE, policies) == items


def test_wishing_for_another_colour_after_delivery_is_an_exchange(policies: Policies) -> None:
    assert items_of(arrived(), Intent.CHANGE_ORDER, policies) == ["双肩包"]
    assert items_of(arrived(delivered_at=ago(days=8)), Intent.CHANGE_ORDER, policies) is None


def test_nothing_is_sent_for_nothing(policies: Policies) -> None:
    """Who merely changed their mind doesn't get a second piece without giving the first one back."""
    assert decide(Intent.RETURN_EXCHANGE, facts(arrived()), policies).offer(Action.RESHIP) is None


def test_what_is_exchanged_is_not_given_back_as_well(policies: Policies) -> None:
    order = arrived(actions=(ActionFacts("exchange", "done", "exchange"),))
    for intent in (Intent.RETURN_EXCHANGE, Intent.REFUND_REQUEST, Intent.DAMAGED_ITEM, Intent.CANCEL_ORDER):
        offered = {offer.action for offer in decide(intent, facts(order), policies).offers}
        assert not offered & GIVES_UP, intent


async def wish(desk: SqlOrderSystem, call: str = "call-1") -> ActionRequest:
    caller = CallerRef(call, CASE.phone)
    await desk.verify(caller, Claim(phone_tail=CASE.phone[-4:]))
    item = (await desk.caller(caller)).orders[0].items[0]
    details = {"variant": "换成大一码"}
    return ActionRequest(caller, "return_exchange", Action.EXCHANGE, CASE.order_number, item=item, details=details)


async def summaries(desk: SqlOrderSystem) -> list[tuple[str, str, str]]:
    return await desk.database.read(
        lambda session: [
            (ticket.subcategory, ticket.queue, ticket.summary)
            for ticket in session.scalars(select(t.Ticket).where(t.Ticket.key.contains("call-")).order_by(t.Ticket.id))
        ]
    )


async def test_it_is_noted_once_with_the_wish(desk: SqlOrderSystem) -> None:
    request = await wish(desk)
    first, *others = await asyncio.gather(*(desk.act(request) for _ in range(20)))
    assert {one.receipt for one in (first, *others)} == {first.receipt}
    assert len([action for action in await Clerk(desk).actions() if action.action == "exchange"]) == 1
    assert (first.state, first.amount, first.due_at) == (LedgerState.DONE, None, NOW + timedelta(hours=24))
    assert await summaries(desk) == [("exchange", "after_sales", f"{request.item}: 换成大一码")]
    again = replace(await wish(desk, "call-2"), details={"variant": "换成黑色"})
    for action in (Action.EXCHANGE, Action.START_RETURN):
        assert (await desk.act(replace(again, action=action))).refused == "not_offered"
    assert len(await summaries(desk)) == 1


async def test_a_ticket_of_the_same_call_doesnt_swallow_the_wish(desk: SqlOrderSystem) -> None:
    request = await wish(desk)
    await desk.act(replace(request, action=Action.OPEN_TICKET, item="", details={}))
    await desk.act(request)
    assert [subcategory for subcategory, _, _ in await summaries(desk)] == ["return", "exchange"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"details": {}}, "details"),
        ({"details": {"variant": "x" * 401}}, "details"),
        ({"item": "no such thing"}, "amount"),
        ({"item": ""}, "amount"),
    ],
)
async def test_without_item_and_wish_nothing_is_begun(
    desk: SqlOrderSystem, change: dict[str, object], why: str
) -> None:
    result = await desk.act(replace(await wish(desk), **change))  # type: ignore[arg-type]
    assert (result.state, result.refused) == (None, why)
    assert await summaries(desk) == []


async def test_the_callers_phone_alone_is_not_enough(desk: SqlOrderSystem) -> None:
    item = (await desk.caller(CASE.phone)).orders[0].items[0]
    request = ActionRequest(
        CallerRef("call-1", CASE.phone), "return_exchange", Action.EXCHANGE, CASE.order_number, item=item,
        details={"variant": "换成大一码"},
    )  # fmt: skip
    result = await desk.act(request)
    assert (result.refused, result.level_needed) == ("level", Level.MEDIUM)


def test_a_backend_is_asked_for_exchanges_only_where_it_says_so() -> None:
    backend = {"url": "http://127.0.0.1:1"}
    assert Action.EXCHANGE not in Mapping.model_validate({"backend": backend}).actions
    assert Action.EXCHANGE in Mapping.model_validate({"backend": backend, "actions": ["exchange"]}).actions
