"""What a clever, dishonest caller tries: each of these once paid too much, twice, or told somebody what wasn't so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import (
    Action,
    ActionRequest,
    CallerRef,
    Claim,
    LedgerState,
    Money,
    SqlOrderSystem,
)
from order_lookup import tables as t
from order_lookup.carrier import Carried, Declined, InHouse, Job
from order_lookup.clerk import Clerk
from order_lookup.demo import CASES
from order_lookup.errors import DownError
from order_lookup.words import Stage

CLOCK = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)


class Bank(InHouse):
    """Carries out what it is asked, as its mood is."""

    def __init__(self) -> None:
        self.mood = "fine"

    async def carry(self, job: Job) -> Carried | Declined:
        match self.mood:
            case "down":
                raise DownError("no answer")
            case "declines":
                return Declined("card expired")
        return await super().carry(job)


async def known(desk: SqlOrderSystem, name: str, call: str = "call-1") -> CallerRef:
    """A caller who has shown everything."""
    case = CASES[name]
    caller = CallerRef(call, case.phone)
    amount = (await desk.caller(caller)).orders[0].total.minor_units
    assert (
        await desk.verify(caller, Claim(phone_tail=case.phone[-4:], name=case.customer, amount_minor=amount))
    ).passed
    return caller


def request(caller: CallerRef, name: str, intent: str, action: Action, **more: object) -> ActionRequest:
    return ActionRequest(caller, intent, action, CASES[name].order_number, **more)  # type: ignore[arg-type]


async def change(desk: SqlOrderSystem, name: str, how: Callable[[t.Order], None]) -> None:
    """Make the demo order of a name what the trick needs."""

    def work(session: Session) -> None:
        how(session.scalars(select(t.Order).where(t.Order.number == CASES[name].order_number)).one())

    await desk.database.write(work)


async def offers(desk: SqlOrderSystem, name: str, intent: str, caller: CallerRef) -> dict[str, Money | None]:
    decision = await desk.decide(intent, CASES[name].order_number, caller)
    return {offer.name: offer.amount for offer in decision.offers}


async def test_goods_that_go_back_have_no_price_difference(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "price_dropped")
    back = await desk.act(request(caller, "price_dropped", "return_exchange", Action.START_RETURN))
    assert back.done
    assert "refund_price_drop" not in await offers(desk, "price_dropped", "price_protection", caller)
    more = await desk.act(request(caller, "price_dropped", "price_protection", Action.REFUND_PRICE_DROP))
    assert more.refused == "not_offered"


async def test_who_corrects_an_address_gets_the_last_one(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "refundable_parcel")
    ask = request(caller, "refundable_parcel", "change_address", Action.CHANGE_ADDRESS)
    clerk = Clerk(desk)
    for address in ("滨江大道9号", "滨江大道10号", "滨江大道9号", "滨江大道9号"):
        result = await desk.act(replace(ask, details={"address": address}))
        view = await clerk.show(CASES["refundable_parcel"].order_number)
        assert view is not None
        assert (result.state, view.order.address) == (LedgerState.DONE, address)
    assert result.repeated
    assert len(await clerk.actions()) == 3


async def test_an_address_the_shop_has_not_confirmed_is_not_overtaken(desk: SqlOrderSystem) -> None:
    """Of two changes the later one must stand, and the first may be carried out at any time."""
    bank = desk._carrier = Bank()
    caller = await known(desk, "refundable_parcel")
    ask = request(caller, "refundable_parcel", "change_address", Action.CHANGE_ADDRESS)
    bank.mood = "down"
    assert (await desk.act(replace(ask, details={"address": "滨江大道9号"}))).state is LedgerState.UNKNOWN
    bank.mood = "fine"
    assert (await desk.act(replace(ask, details={"address": "滨江大道10号"}))).refused == "not_offered"
    other = await known(desk, "refundable_parcel", "call-2")
    assert (await desk.act(replace(ask, caller=other, details={"address": "3"}))).refused == "not_offered"
    await desk.finish(untouched_seconds=-1)
    assert (await desk.act(replace(ask, caller=other, details={"address": "滨江大道10号"}))).done


async def test_two_coupons_of_one_call_are_not_taken_for_one(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "coupon_not_applied")
    await change(desk, "coupon_not_applied", lambda order: setattr(order, "promised_at", desk.now()))
    ask = request(caller, "coupon_not_applied", "price_protection", Action.ISSUE_COUPON, offer="coupon_goodwill")
    assert (await desk.act(ask)).amount == Money(500)
    wrong = await desk.act(replace(ask, offer="coupon_again"))
    assert (wrong.state, wrong.refused) == (None, "not_offered")


async def test_another_remedy_is_not_told_as_done(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "delivered_not_received")
    ask = request(caller, "delivered_not_received", "not_received", Action.REFUND_FULL)
    assert (await desk.act(ask)).done
    other = await desk.act(replace(ask, action=Action.RESHIP))
    assert (other.action, other.state, other.refused) == (Action.RESHIP, None, "not_offered")


async def test_after_a_refusal_by_the_bank_the_agent_may_send_it_again_in_the_same_call(desk: SqlOrderSystem) -> None:
    bank = desk._carrier = Bank()
    caller = await known(desk, "delivered_not_received")
    ask = request(caller, "delivered_not_received", "not_received", Action.REFUND_FULL)
    bank.mood = "declines"
    assert (await desk.act(ask)).state is LedgerState.FAILED
    bank.mood = "fine"
    sent = await desk.act(replace(ask, action=Action.RESHIP))
    assert (sent.action, sent.state, sent.repeated) == (Action.RESHIP, LedgerState.DONE, False)


async def test_a_coupon_is_given_again_instead_of_the_old_one(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "coupon_not_applied")
    assert (await desk.act(request(caller, "coupon_not_applied", "coupon", Action.ISSUE_COUPON))).done
    usable = await desk.database.read(
        lambda session: session.scalars(
            select(t.Coupon.amount_minor).join(t.Customer).join(t.Phone).where(
                t.Phone.number == CASES["coupon_not_applied"].phone, t.Coupon.used_at.is_(None)
            )
        ).all()
    )  # fmt: skip
    assert usable == [2000]


async def test_what_is_sent_anew_is_not_late_already(desk: SqlOrderSystem) -> None:
    """A parcel that came in time and is sent again was paid for as one not sent for days."""
    caller = await known(desk, "delivered_not_received")
    assert (await desk.act(request(caller, "delivered_not_received", "not_received", Action.RESHIP))).done
    later = await known(desk, "delivered_not_received", "call-2")
    decision = await desk.decide("order_status", CASES["delivered_not_received"].order_number, later)
    assert decision.reason == "status_accepted"
    assert "minutes_late" not in decision.facts
    assert "coupon_late" not in [offer.name for offer in decision.offers]


async def test_an_order_that_was_refunded_earns_nothing_more(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "stalled_parcel")
    assert (await desk.act(request(caller, "stalled_parcel", "refund_request", Action.REFUND_FULL))).done
    for intent in ("order_status", "urge_delivery", "coupon", "price_protection", "complaint"):
        given = await offers(desk, "stalled_parcel", intent, caller)
        assert not {"coupon_late", "coupon_goodwill"} & given.keys(), intent


async def test_a_coupon_is_worth_no_more_than_was_paid(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "late_food")

    def pay(minor: int) -> Callable[[t.Order], None]:
        def how(order: t.Order) -> None:
            order.total_minor = minor
            payment = Session.object_session(order).scalars(select(t.Payment).where(t.Payment.order_id == order.id))  # type: ignore[union-attr]
            for row in payment:
                row.amount_minor = minor

        return how

    await change(desk, "late_food", pay(100))
    assert (await offers(desk, "late_food", "order_status", caller))["coupon_late"] == Money(100)
    assert (await offers(desk, "late_food", "price_protection", caller))["coupon_goodwill"] == Money(100)


async def test_a_meal_being_cooked_costs_its_fee_by_whatever_name(desk: SqlOrderSystem) -> None:
    caller = await known(desk, "meal_cooking")
    fee = await offers(desk, "meal_cooking", "cancel_order", caller)
    for intent in ("refund_request", "return_exchange", "change_order", "cancellation_fee", "complaint", "coupon"):
        given = await offers(desk, "meal_cooking", intent, caller)
        assert "cancel_free" not in given, intent
        assert given.get("cancel_with_fee", fee["cancel_with_fee"]) == fee["cancel_with_fee"]


async def test_a_large_refund_is_not_had_in_two_halves(desk: SqlOrderSystem) -> None:
    """500.00 is what the robot decides about: not once for the second payment, and once more for the order."""

    def dear(order: t.Order) -> None:
        session = Session.object_session(order)
        assert session is not None
        order.total_minor = 45_000
        for row in session.scalars(select(t.Payment).where(t.Payment.order_id == order.id)):
            row.amount_minor = 45_000

    caller = await known(desk, "duplicate_payment")
    await change(desk, "duplicate_payment", dear)
    twice = await desk.act(request(caller, "duplicate_payment", "payment_problem", Action.REFUND_DUPLICATE))
    assert (twice.state, twice.amount) == (LedgerState.DONE, Money(45_000))
    decision = await desk.decide("cancel_order", CASES["duplicate_payment"].order_number, caller)
    assert "cancel_free" not in [offer.name for offer in decision.offers]
    assert decision.handoff is not None
    cancel = request(caller, "duplicate_payment", "cancel_order", Action.CANCEL)
    assert (await desk.act(cancel)).refused == "not_offered"


async def test_amounts_of_another_currency_are_a_humans(desk: SqlOrderSystem) -> None:
    """The limits are written in the shop's currency: 400.00 dollars aren't below 500.00 yuan."""

    def dollars(order: t.Order) -> None:
        order.currency, order.total_minor = "USD", 40_000

    for name, intent in (("refundable_parcel", "cancel_order"), ("late_food", "order_status")):
        caller = await known(desk, name, name)
        await change(desk, name, dollars)
        decision = await desk.decide(intent, CASES[name].order_number, caller)
        assert not {"cancel_free", "coupon_late", "coupon_goodwill"} & {offer.name for offer in decision.offers}
        assert (decision.handoff is not None) == (intent == "cancel_order")


async def test_many_small_refunds_of_one_day_are_a_humans_in_the_end(desk: SqlOrderSystem) -> None:
    """Each of ten meals that 'never came' is below the limit; together they aren't."""
    name = "meal_delivered"
    caller = await known(desk, name)

    def ten(session: Session) -> list[str]:
        first = session.scalars(select(t.Order).where(t.Order.number == CASES[name].order_number)).one()
        numbers = []
        for place in range(10):
            values = {
                c.name: getattr(first, c.name) for c in t.Order.__table__.columns if c.name not in ("id", "number")
            }
            order = t.Order(**values | {"number": f"9{place:011d}", "total_minor": 20_000})
            session.add(order)
            session.flush()
            session.add(
                t.Payment(
                    order_id=order.id, method="wechat", amount_minor=20_000, paid_at=desk.now(), reference=f"P{place}"
                )
            )
            numbers.append(order.number)
        return numbers

    numbers = await desk.database.write(ten)
    paid = [
        await desk.act(ActionRequest(caller, "not_received", Action.REFUND_FULL, number, offer="refund_full"))
        for number in numbers
    ]
    assert [result.done for result in paid] == [True] * 5 + [False] * 5
    decision = await desk.decide("not_received", numbers[-1], caller)
    assert decision.handoff is not None
    desk._clock = lambda: CLOCK + timedelta(hours=25)
    assert (
        await desk.act(ActionRequest(caller, "not_received", Action.REFUND_FULL, numbers[-1], offer="refund_full"))
    ).done


async def test_a_price_of_nothing_is_no_price(desk: SqlOrderSystem) -> None:
    """A shop that sells a thing no more says 0: nobody gets it for nothing after the fact."""
    caller = await known(desk, "return_open")

    def sold_out(order: t.Order) -> None:
        for item in Session.object_session(order).scalars(select(t.Item).where(t.Item.order_id == order.id)):  # type: ignore[union-attr]
            item.price_now_minor = 0

    await change(desk, "return_open", sold_out)
    assert "refund_price_drop" not in await offers(desk, "return_open", "price_protection", caller)


async def test_a_refusal_that_comes_when_the_caller_is_gone_is_somebodys_matter(desk: SqlOrderSystem) -> None:
    bank = desk._carrier = Bank()
    caller = await known(desk, "refundable_parcel")
    bank.mood = "down"
    assert (
        await desk.act(request(caller, "refundable_parcel", "cancel_order", Action.CANCEL))
    ).state is LedgerState.UNKNOWN
    bank.mood = "declines"
    assert [result.state for result in await desk.finish(untouched_seconds=-1)] == [LedgerState.FAILED]
    ticket = (await Clerk(desk).tickets())[0]
    assert (ticket.order_number, ticket.queue) == (CASES["refundable_parcel"].order_number, "after_sales")
    assert "card expired" in ticket.summary
    assert ticket.phone == CASES["refundable_parcel"].phone
    view = await Clerk(desk).show(CASES["refundable_parcel"].order_number)
    assert view is not None
    assert view.order.stage is Stage.PAID


async def test_a_bank_that_stays_silent_is_somebodys_matter_once(desk: SqlOrderSystem) -> None:
    bank = desk._carrier = Bank()
    caller = await known(desk, "refundable_parcel")
    bank.mood = "down"
    await desk.act(request(caller, "refundable_parcel", "cancel_order", Action.CANCEL))
    assert await Clerk(desk).tickets() == ()
    for minutes in (5, 65, 70):
        desk._clock = lambda minutes=minutes: CLOCK + timedelta(minutes=minutes)  # type: ignore[misc]
        await desk.finish()
    assert [len((await Clerk(desk).ticket(view.number)).history) for view in await Clerk(desk).tickets()] == [1]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["refundable_parcel", "meal_delivered"])
async def test_nobody_elses_order_by_any_spelling(desk: SqlOrderSystem, name: str) -> None:
    thief = CallerRef("call-9", "13900000000")
    number = CASES[name].order_number
    for spelling in (number, f" {number}", f"{number}\0", number.replace("3", "３"), f"{number[:6]} {number[6:]}"):
        result = await desk.act(ActionRequest(thief, "refund_request", Action.REFUND_FULL, spelling))
        assert (result.state, result.refused) == (None, "not_found")


async def test_who_has_all_the_money_back_gets_no_coupon_for_the_one_that_was_not_taken_off(
    desk: SqlOrderSystem,
) -> None:
    caller = await known(desk, "coupon_not_applied")
    cancel = request(caller, "coupon_not_applied", "cancel_order", Action.CANCEL)
    assert (await desk.act(cancel)).done
    later = await known(desk, "coupon_not_applied", "call-2")
    decision = await desk.decide("coupon", CASES["coupon_not_applied"].order_number, later)
    assert "coupon_again" not in {offer.name for offer in decision.offers}
    refused = await desk.act(request(later, "coupon_not_applied", "coupon", Action.ISSUE_COUPON, offer="coupon_again"))
    assert (refused.state, refused.refused) == (None, "not_offered")
