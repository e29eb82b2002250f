"""Actions: what is done, what is refused, and that nothing is done twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from order_builders import NOW
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from order_lookup import (
    Action,
    ActionRequest,
    CallerRef,
    Claim,
    DownError,
    LedgerState,
    Level,
    Money,
    Policies,
    Situation,
    SqlOrderSystem,
)
from order_lookup import tables as t
from order_lookup.carrier import Carried, Declined, InHouse, Job
from order_lookup.clerk import Clerk
from order_lookup.demo import CASES
from order_lookup.ledger import IllegalMoveError, move
from order_lookup.words import Stage

ME = CASES["refundable_parcel"]
CANCEL = ActionRequest(CallerRef("call-1", ME.phone), "cancel_order", Action.CANCEL, ME.order_number)


class Moody(InHouse):
    """A carrier that answers as it is told to."""

    def __init__(self) -> None:
        self.mood = "fine"
        self.asked: list[str] = []

    async def carry(self, job: Job) -> Carried | Declined:
        self.asked.append(job.key)
        match self.mood:
            case "down":
                raise DownError("no route to the bank")
            case "hangs":
                await asyncio.sleep(60)
            case "breaks":
                raise RuntimeError("a fault in the shop's own carrier")
            case "declines":
                return Declined("card expired")
        return await super().carry(job)


async def verified(desk: SqlOrderSystem, name: str, call: str = "call-1") -> CallerRef:
    case = CASES[name]
    caller = CallerRef(call, case.phone)
    await desk.verify(caller, Claim(phone_tail=case.phone[-4:], name=case.customer))
    amount = (await desk.caller(caller)).orders[0].total.minor_units
    assert (await desk.verify(caller, Claim(amount_minor=amount))).level is Level.HIGH
    return caller


async def count(desk: SqlOrderSystem, table: type[t.Base]) -> int:
    def work(session: Session) -> int:
        return session.scalar(select(func.count()).select_from(table)) or 0

    return await desk.database.read(work)


async def test_cancelling_gives_the_money_back_once(desk: SqlOrderSystem) -> None:
    await verified(desk, ME.name)
    refunds = await count(desk, t.Refund)
    first, second = await desk.act(CANCEL), await desk.act(CANCEL)
    assert (first.state, first.amount, first.repeated) == (LedgerState.DONE, Money(8900), False)
    assert (second.receipt, second.repeated) == (first.receipt, True)
    view = await Clerk(desk).show(ME.order_number)
    assert view is not None
    assert view.order.stage is Stage.CANCELLED
    assert await count(desk, t.Refund) == refunds + 1
    assert await count(desk, t.Message) == 1
    status = await desk.decide("refund_status", ME.order_number, CANCEL.caller)
    assert (status.reason, status.facts["refund_amount"]) == ("refund_status_running", Money(8900))


async def test_the_same_from_another_call_or_intent_is_not_offered_again(desk: SqlOrderSystem) -> None:
    await verified(desk, ME.name)
    await desk.act(CANCEL)
    other = await verified(desk, ME.name, "call-2")
    for intent in ("cancel_order", "refund_request"):
        result = await desk.act(replace(CANCEL, caller=other, intent=intent))
        assert (result.state, result.refused) == (None, "not_offered")


async def test_a_hundred_at_once_are_one(desk: SqlOrderSystem) -> None:
    await verified(desk, ME.name)
    refunds = await count(desk, t.Refund)
    results = await asyncio.gather(*(desk.act(CANCEL) for _ in range(100)))
    assert {result.state for result in results} == {LedgerState.DONE}
    assert await count(desk, t.Refund) == refunds + 1
    assert await count(desk, t.LedgerEntry) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"order_number": CASES["vip"].order_number}, "not_found"),
        ({"order_number": "302610726340"}, "not_found"),
        ({"order_number": "x" * 10_000}, "not_found"),
        ({"action": Action.RESHIP}, "not_offered"),
        ({"offer": "cancel_with_fee"}, "not_offered"),
        ({"amount": Money(8901)}, "amount"),
        ({"amount": Money(-1)}, "amount"),
        ({"amount": Money(0)}, "amount"),
        ({"amount": Money(100, "USD")}, "amount"),
        ({"intent": "change_address", "action": Action.CHANGE_ADDRESS}, "details"),
        ({"intent": "change_address", "action": Action.CHANGE_ADDRESS, "details": {"address": "x" * 401}}, "details"),
        ({"intent": "change_address", "action": Action.CHANGE_ADDRESS, "details": {"address": "a\x01b"}}, "details"),
        ({"intent": "change_order", "action": Action.CHANGE_PHONE, "details": {"phone": "abc"}}, "details"),
    ],
)
async def test_what_doesnt_fit_is_refused_and_leaves_no_trace(
    desk: SqlOrderSystem, change: dict[str, object], why: str
) -> None:
    await verified(desk, ME.name)
    result = await desk.act(replace(CANCEL, **change))  # type: ignore[arg-type]
    assert (result.state, result.refused) == (None, why)
    assert await count(desk, t.LedgerEntry) == 0


async def test_money_needs_more_than_a_caller_id(desk: SqlOrderSystem) -> None:
    result = await desk.act(CANCEL)
    assert (result.refused, result.level_needed) == ("level", Level.MEDIUM)


async def test_less_than_offered_may_be_asked_for(desk: SqlOrderSystem) -> None:
    caller = await verified(desk, "meal_delivered")
    case = CASES["meal_delivered"]
    item = (await desk.caller(caller)).orders[0].items[0]
    request = ActionRequest(
        caller, "missing_item", Action.REFUND_PARTIAL, case.order_number, amount=Money(500), item=item
    )
    assert (await desk.act(replace(request, item="no such thing"))).refused == "amount"
    assert (await desk.act(request)).amount == Money(500)


async def test_every_action_changes_what_it_says(desk: SqlOrderSystem) -> None:
    clerk = Clerk(desk)

    async def do(name: str, intent: str, action: Action, **details: str) -> None:
        caller = await verified(desk, name, f"call-{name}")
        result = await desk.act(ActionRequest(caller, intent, action, CASES[name].order_number, details=details))
        assert result.done, (name, result)

    async def order(name: str):  # type: ignore[no-untyped-def]
        view = await clerk.show(CASES[name].order_number)
        assert view is not None
        return view

    await do("not_dispatched", "urge_delivery", Action.URGE_DELIVERY)
    await do("coupon_not_applied", "change_address", Action.CHANGE_ADDRESS, address="滨江大道9号")
    assert (await order("coupon_not_applied")).order.address == "滨江大道9号"
    await do("coupon_not_applied", "change_order", Action.CHANGE_PHONE, phone="+86 13900001111")
    assert (await order("coupon_not_applied")).order.phone == "13900001111"
    await do("coupon_not_applied", "change_order", Action.CHANGE_NOTE, note="放门口")
    assert (await order("coupon_not_applied")).order.note == "放门口"
    await do("coupon_not_applied", "coupon", Action.ISSUE_COUPON)
    assert Situation.COUPON_NOT_APPLIED not in (await order("coupon_not_applied")).situations
    await do("stalled_parcel", "not_received", Action.RESHIP)
    assert (await order("stalled_parcel")).order.stage is Stage.ACCEPTED
    await do("invoice_missing", "invoice", Action.SEND_INVOICE)
    assert Situation.INVOICE_MISSING not in (await order("invoice_missing")).situations
    await do("price_dropped", "price_protection", Action.REFUND_PRICE_DROP)
    assert Situation.PRICE_DROPPED not in (await order("price_dropped")).situations
    await do("duplicate_payment", "payment_problem", Action.REFUND_DUPLICATE)
    assert Situation.DUPLICATE_PAYMENT not in (await order("duplicate_payment")).situations
    await do("delivered_not_received", "refund_request", Action.REFUND_FULL)
    assert (await order("delivered_not_received")).order.refundable == Money(0)
    await do("return_open", "return_exchange", Action.START_RETURN)
    await do("late_food", "order_status", Action.ISSUE_COUPON)
    assert [c.reason for c in (await order("late_food")).order.coupons] == ["late"]
    await do("refund_overdue", "refund_status", Action.OPEN_TICKET)
    assert (await order("refund_overdue")).order.tickets[0].category == "payment"
    await do("in_transit", "urge_delivery", Action.BOOK_CALLBACK)


async def test_a_frozen_account_moves_no_money(desk: SqlOrderSystem) -> None:
    caller = await verified(desk, ME.name)
    frozen = await desk.act(ActionRequest(caller, "account_stolen", Action.FREEZE_ACCOUNT))
    assert frozen.done
    assert (await desk.act(CANCEL)).refused == "frozen"
    ticket = await desk.act(ActionRequest(caller, "complaint", Action.OPEN_TICKET, ME.order_number))
    assert ticket.receipt.startswith("T")


async def test_a_bank_that_doesnt_answer_leaves_it_unknown_and_the_money_reserved(
    desk: SqlOrderSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_lookup.sql.CARRIER_SECONDS", 0.05)
    carrier = Moody()
    desk._carrier = carrier
    await verified(desk, ME.name)
    for mood in ("down", "hangs", "breaks"):
        carrier.mood = mood
        assert (await desk.act(CANCEL)).state is LedgerState.UNKNOWN
    other = await verified(desk, ME.name, "call-2")
    assert (await desk.act(replace(CANCEL, caller=other))).refused == "not_offered"
    view = await Clerk(desk).show(ME.order_number)
    assert view is not None
    assert view.order.refundable == Money(0)
    assert view.order.stage is Stage.PAID
    carrier.mood = "fine"
    assert [result.state for result in await desk.finish(untouched_seconds=-1)] == [LedgerState.DONE]
    assert len(set(carrier.asked)) == 1
    assert (await desk.act(CANCEL)).done


async def test_a_refusal_by_the_bank_frees_the_money(desk: SqlOrderSystem) -> None:
    carrier = Moody()
    carrier.mood = "declines"
    desk._carrier = carrier
    await verified(desk, ME.name)
    assert (await desk.act(CANCEL)).state is LedgerState.FAILED
    assert (await desk.act(CANCEL)).state is LedgerState.FAILED
    assert len(carrier.asked) == 1
    carrier.mood = "fine"
    other = await verified(desk, ME.name, "call-2")
    assert (await desk.act(replace(CANCEL, caller=other))).done


async def test_the_caller_hanging_up_doesnt_stop_an_action(desk: SqlOrderSystem) -> None:
    await verified(desk, ME.name)
    task = asyncio.create_task(desk.act(CANCEL))
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = await SqlOrderSystem.open(str(desk.database.engine.url), desk.policies, clock=desk.now)
    await desk.close()  # waits for what is under way
    assert [action.state for action in await Clerk(again).actions()] == ["done"]
    await again.close()


async def test_no_message_for_who_refused_them(desk: SqlOrderSystem) -> None:
    def refuse(session: Session) -> None:
        for customer in session.scalars(select(t.Customer)):
            customer.messages_refused = True

    await desk.database.write(refuse)
    await verified(desk, ME.name)
    await desk.act(CANCEL)
    states = await desk.database.read(lambda session: session.scalars(select(t.Message.state)).all())
    assert states == ["refused"]


@pytest.mark.parametrize(
    ("state", "follow"),
    [
        ("planned", {"sent"}),
        ("sent", {"sent", "done", "failed", "unknown"}),
        ("unknown", {"sent", "done", "failed", "unknown"}),
        ("done", set()),
        ("failed", set()),
    ],
)
async def test_each_state_goes_on_as_written_and_an_illegal_move_changes_nothing(
    state: str, follow: set[str], desk: SqlOrderSystem
) -> None:
    def moved(session: Session, then: LedgerState) -> bool:
        entry = t.LedgerEntry(id=10**6, key="k", state=state, attempts=1)
        if then.value in follow:
            move(session, entry, then, NOW)
        else:
            with pytest.raises(IllegalMoveError, match=f"k: {state} → {then}"):
                move(session, entry, then, NOW)
        return (entry.state, entry.attempts, entry.changed_at) == (
            (then, 1 + (then == "sent"), NOW) if then.value in follow else (state, 1, None)
        )

    for then in LedgerState:
        assert await desk.database.read(lambda session, to=then: moved(session, to)), then  # type: ignore[misc]


async def test_the_desk_says_down_when_the_database_is_gone(tmp_path, policies: Policies) -> None:  # type: ignore[no-untyped-def]
    desk = SqlOrderSystem(f"sqlite:///{tmp_path}/empty.db", policies)
    with pytest.raises(DownError):
        await desk.caller("13800000000")
    await desk.close()
