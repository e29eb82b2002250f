"""What callers, couriers and attackers do to an order desk: odd text, guessing by the clock, many orders at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from order_lookup import (
    Action,
    ActionRequest,
    CallbackRequest,
    CallerRef,
    Claim,
    ContactReport,
    Money,
    OrderQuery,
    SqlOrderSystem,
    TicketRequest,
    Unknown,
    load_policies,
)
from order_lookup import tables as t
from order_lookup.clerk import Clerk
from order_lookup.demo import CASES
from order_lookup.numbers import DEFAULT
from tests.integration.shops import NOW

pytestmark = pytest.mark.integration
ME, OTHER, LATE = CASES["refundable_parcel"], CASES["vip"], CASES["late_food"]
NASTY = {
    "nothing": "",
    "letters": "12a4五六",
    "10 kB": "9" * 10_000,
    "10 kB of words": "好" * 10_000,
    "a NUL": "12\x0034",
    "half a character": "\ud83d",
    "sql": "'; DROP TABLE shop_orders; --",
    "wildcards": "%_%",
    "turned round": "\u202e4321",
    "control characters": "\r\n\x1b[2J",
    "faces": "😀" * 300,
}


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    make: Callable[[], str] = request.getfixturevalue(request.param)
    return make()


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
async def test_odd_text_is_answered_everywhere(url: str, text: str) -> None:
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW)
    me, odd = CallerRef("call", ME.phone), CallerRef(f"call-{text[:20]}", text)
    assert (await desk.caller(odd)).customer is None
    for query in (
        OrderQuery(me, number=text or "x"), OrderQuery(me, tail=text or "x"), OrderQuery(me, item=text or "冰箱"),
        OrderQuery(odd),
    ):  # fmt: skip
        assert isinstance(await desk.find(query), Unknown)
    assert await desk.existing([text], me) == {}
    for claim in (
        Claim(phone_tail=text, order_number=ME.order_number),
        Claim(name=text),
        Claim(item=text, order_number=text),
    ):
        assert not (await desk.verify(odd, claim)).passed
    assert (await desk.decide("order_status", text or "0", me)).reason == "order_not_found"
    details = {"address": text, "phone": text, "note": text, "summary": text}
    for action in (Action.CANCEL, Action.CHANGE_ADDRESS, Action.ISSUE_COUPON):
        refused = await desk.act(
            ActionRequest(odd, "cancel_order", action, text or "0", text, Money(-1), text, details)
        )
        assert refused.state is None
    done = await desk.act(ActionRequest(me, "complaint", Action.OPEN_TICKET, ME.order_number, "", None, text, details))
    assert done.done
    ticket = await desk.open_ticket(TicketRequest(odd, "complaint", text, text, text))
    assert await desk.append_ticket(ticket.number, text, text)
    assert not await desk.append_ticket(text or "x", text, text)
    assert (await desk.book_callback(CallbackRequest(odd, text, None, text, text))).due_at >= NOW
    await desk.promise(odd, text, NOW + timedelta(hours=1), text)
    await desk.contact(ContactReport(odd, text, text, False, text))
    clerk = Clerk(desk)
    assert await clerk.show(text) is None
    await clerk.find(item=text, tail=text, phone=text)
    assert not await clerk.refuse_messages(text, True)
    view = await clerk.ticket(ticket.number)
    assert view is not None
    assert view.category == "other"
    await desk.close()


async def test_the_clock_doesnt_tell_whether_somebody_elses_order_exists(url: str) -> None:
    """The database is asked the same for somebody else's order and for none at all, so that both take as long."""
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW)
    me, asked = CallerRef("call", ME.phone), []
    event.listen(desk.database.engine, "before_cursor_execute", lambda *words: asked.append(words[2]))

    async def work(number: str) -> list[str]:
        asked.clear()
        await desk.find(OrderQuery(me, number=number))
        await desk.decide("order_status", number, me)
        await desk.act(ActionRequest(me, "cancel_order", Action.CANCEL, number))
        return [text for text in asked if text.startswith("SELECT")]

    foreign, unknown, mine = [
        await work(number) for number in (OTHER.order_number, DEFAULT.complete("1"), ME.order_number)
    ]
    assert foreign == unknown
    assert len(mine) > len(foreign) > 3
    await desk.close()


async def test_many_lines_at_once_have_no_more_guesses_than_one(url: str) -> None:
    """Nine against one customer, from whatever phones: forty calls that guessed at the same moment had forty."""
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW, threads=10)
    guesses = [Claim(phone_tail=f"{place:04d}", order_number=ME.order_number) for place in range(40)]
    await asyncio.gather(*(desk.verify(CallerRef(f"call-{n}"), guess) for n, guess in enumerate(guesses)))

    def tried(session: Session) -> int:
        return len(session.scalars(select(t.Verification.id).where(t.Verification.about == ME.order_number)).all())

    assert await desk.database.read(tried) == 9
    await desk.close()


async def test_who_corrects_an_address_gets_the_last_one_however_often_it_is_asked(url: str) -> None:
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW)
    me = CallerRef("call", ME.phone)
    amount = (await desk.caller(me)).orders[0].total.minor_units
    await desk.verify(me, Claim(phone_tail=ME.phone[-4:], name=ME.customer, amount_minor=amount))
    for address in ("100%_路1号", "100%_路2号", "100%_路1号"):
        ask = ActionRequest(me, "change_address", Action.CHANGE_ADDRESS, ME.order_number, details={"address": address})
        results = await asyncio.gather(*(desk.act(ask) for _ in range(8)))
        view = await Clerk(desk).show(ME.order_number)
        assert view is not None
        assert ({result.done for result in results}, view.order.address) == ({True}, address)
    assert len(await Clerk(desk).actions()) == 3
    await desk.close()


async def test_the_days_limit_holds_over_several_orders_cancelled_at_once(url: str) -> None:
    def three(session: Session) -> list[str]:
        numbers = [ME.order_number, OTHER.order_number, LATE.order_number]
        rows = session.scalars(select(t.Order).where(t.Order.number.in_(numbers))).all()
        mine = next(row for row in rows if row.number == ME.order_number)
        for row in rows:
            row.customer_id, row.kind, row.stage, row.total_minor = mine.customer_id, "parcel", "paid", 40_000
            session.scalars(select(t.Payment).where(t.Payment.order_id == row.id)).one().amount_minor = 40_000
        return numbers

    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW, threads=10)
    numbers = await desk.database.write(three)
    calls = [CallerRef(f"call-{n}", ME.phone) for n in range(4)]
    for call in calls:
        assert (await desk.verify(call, Claim(phone_tail=ME.phone[-4:], name=ME.customer))).passed
    cancels = [ActionRequest(call, "cancel_order", Action.CANCEL, number) for call in calls for number in numbers]
    results = await asyncio.gather(*(desk.act(cancel) for cancel in cancels))
    assert sum(result.amount.minor_units for result in results if result.done and result.amount) == 80_000
    assert {result.refused for result in results if not result.done} == {"not_offered"}
    await desk.close()


async def test_the_months_cap_holds_over_several_late_orders_asked_about_at_once(url: str) -> None:
    policies = load_policies()

    def three_late_ones(session: Session) -> list[str]:
        rows = session.scalars(
            select(t.Order).where(t.Order.number.in_([LATE.order_number, ME.order_number, OTHER.order_number]))
        ).all()
        late = next(row for row in rows if row.number == LATE.order_number)
        for row in rows:
            row.customer_id, row.kind, row.stage = late.customer_id, "food", "dispatched"
            row.total_minor, row.promised_at, row.delivered_at = 40_000, NOW - timedelta(hours=2), None
        return [row.number for row in rows]

    desk = SqlOrderSystem(url, policies, clock=lambda: NOW)
    numbers = await desk.database.write(three_late_ones)
    requests = [
        ActionRequest(CallerRef(f"call-{call}", LATE.phone), intent, Action.ISSUE_COUPON, number)
        for call in range(4)
        for number in numbers
        for intent in ("order_status", "urge_delivery")
    ]
    results = await asyncio.gather(*(desk.act(request) for request in requests))
    given = [result.amount.minor_units for result in results if result.done and result.amount]
    cap = policies.values.compensation.month_cap_minor
    known = (await desk.caller(LATE.phone)).customer
    assert known is not None
    assert sum(given) <= cap[known.tier]
    assert known.compensated == Money(sum(given))
    assert sum(given) > 0
    assert {result.refused for result in results if not result.done} == {"not_offered"}
    await desk.close()


async def test_a_new_month_begins_by_the_shops_clock(url: str) -> None:
    """In Shanghai the first of the month begins at 16:00 UTC the day before."""
    moment = [NOW.replace(month=3, day=31, hour=15, minute=59)]
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: moment[0])

    def give(session: Session) -> None:
        phone = session.scalars(select(t.Phone).where(t.Phone.number == LATE.phone)).one()
        expires_at = NOW + timedelta(days=90)
        session.add(
            t.Coupon(
                customer_id=phone.customer_id, code="C1", amount_minor=777, currency="CNY", reason="late",
                issued_at=moment[0], expires_at=expires_at,
            )
        )  # fmt: skip

    await desk.database.write(give)
    for minute, expected in ((15 * 60 + 59, 777), (16 * 60, 0)):
        moment[0] = moment[0].replace(hour=minute // 60, minute=minute % 60)
        known = (await desk.caller(LATE.phone)).customer
        assert known is not None
        assert known.compensated == Money(expected)
    await desk.close()
