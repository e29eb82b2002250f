"""The order desk on a real SQLite file: who calls, which order, and who may hear of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from order_lookup import (
    Ambiguous,
    CallbackRequest,
    CallerRef,
    Claim,
    ContactReport,
    DownError,
    Foreign,
    Found,
    Intent,
    Level,
    OrderQuery,
    Policies,
    Situation,
    SqlOrderSystem,
    TicketRequest,
    Unknown,
)
from order_lookup import tables as t
from order_lookup.clerk import Clerk
from order_lookup.demo import CASES
from order_lookup.numbers import DEFAULT

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
ME = CASES["refundable_parcel"]
OTHER = CASES["vip"]
STRANGER = CallerRef("call-s", "15900000000")


def me(call: str = "call-1") -> CallerRef:
    return CallerRef(call, ME.phone)


async def test_a_known_caller_is_known_with_orders_and_standing(desk: SqlOrderSystem) -> None:
    vip = await desk.caller(CASES["vip"].phone)
    assert vip.vip
    assert [order.number for order in vip.orders] == [CASES["vip"].order_number]
    assert (await desk.caller("+86" + CASES["elder"].phone)).elder
    assert (await desk.caller(CASES["english_in_transit"].phone)).language == "en"
    stranger = await desk.caller(STRANGER)
    assert (stranger.customer, stranger.orders, stranger.level) == (None, (), Level.NONE)


@pytest.mark.parametrize("phone", ["", "anonymous", "sip:x@y", "1" * 10_000, "'; DROP TABLE shop_orders;--"])
async def test_odd_caller_ids_are_strangers(desk: SqlOrderSystem, phone: str) -> None:
    assert (await desk.caller(phone)).customer is None


async def test_an_order_is_found_by_number_tail_and_item(desk: SqlOrderSystem) -> None:
    for query in (
        OrderQuery(me(), number=ME.order_number),
        OrderQuery(me(), number=f"{ME.order_number[:4]}-{ME.order_number[4:8]} {ME.order_number[8:]}"),
        OrderQuery(me(), tail=ME.tail),
        OrderQuery(me(), tail=ME.order_number[-6:]),
        OrderQuery(me(), item="保温杯"),
        OrderQuery(me(), item="Thermos"),
        OrderQuery(me(), day=date(2027, 3, 10)),
        OrderQuery(me()),
    ):
        found = await desk.find(query)
        assert isinstance(found, Found), query
        assert found.order.number == ME.order_number


@pytest.mark.parametrize(
    "query",
    [
        OrderQuery(me(), tail="0000"),
        OrderQuery(me(), tail="46"),
        OrderQuery(me(), tail="46x4"),
        OrderQuery(me(), item="冰箱"),
        OrderQuery(me(), day=date(2020, 1, 1)),
        OrderQuery(me(), day=date.max),
        OrderQuery(me(), day=date.min),
        OrderQuery(me(), number="9" * 10_000),
        OrderQuery(me(), number="' OR 1=1 --"),
        OrderQuery(me(), item="%"),
        OrderQuery(STRANGER),
        OrderQuery(STRANGER, tail=ME.tail),
    ],
)
async def test_what_isnt_theirs_is_unknown(desk: SqlOrderSystem, query: OrderQuery) -> None:
    assert await desk.find(query) == Unknown()


async def test_several_orders_come_with_scores(desk: SqlOrderSystem) -> None:
    clerk = Clerk(desk)
    everything = await clerk.find(phone=CASES["in_transit"].phone)
    assert len(everything) == 1
    crowd = [
        order for order in await clerk.find(item="") if order.number not in {c.order_number for c in CASES.values()}
    ]
    phones = [(await clerk.show(order.number)) for order in crowd]
    for view in phones:
        assert view is not None
        found = await desk.find(OrderQuery(CallerRef("c", view.order.phone)))
        if isinstance(found, Ambiguous):
            scores = [candidate.score for candidate in found.candidates]
            assert scores == sorted(scores, reverse=True)
            assert all(candidate.order.mine for candidate in found.candidates)
            return
    pytest.fail("the demo has no caller with several orders under way")


async def test_a_search_that_makes_no_sense_finds_nothing_and_a_day_all_of_it(
    desk: SqlOrderSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_lookup.clerk._MOST", 5)  # the shop has more orders than are listed
    clerk = Clerk(desk)
    assert [await clerk.find(number="abc"), await clerk.find(tail="x"), await clerk.find(phone="nobody")] == [()] * 3
    newest = {order.number for order in await clerk.find()}
    zone = desk.policies.values.shop.zone
    with Session(desk.database.engine) as session:
        oldest = session.scalars(select(t.Order).order_by(t.Order.placed_at)).first()
    assert oldest is not None
    assert oldest.number not in newest
    found = await clerk.find(day=oldest.placed_at.astimezone(zone).date())
    assert oldest.number in {order.number for order in found}


async def test_a_foreign_order_looks_like_an_unknown_one(desk: SqlOrderSystem) -> None:
    foreign = await desk.find(OrderQuery(me(), number=OTHER.order_number))
    unknown = await desk.find(OrderQuery(me(), number=DEFAULT.complete("1")))
    assert isinstance(foreign, Foreign)
    assert isinstance(foreign, Unknown)
    assert not isinstance(unknown, Foreign)
    decisions = [
        await desk.decide("order_status", number, me()) for number in (OTHER.order_number, DEFAULT.complete("1"))
    ]
    assert decisions[0] == decisions[1]
    assert decisions[0].reason == "order_not_found"


async def test_existing_numbers_in_one_question(desk: SqlOrderSystem) -> None:
    numbers = [ME.order_number, OTHER.order_number, "nonsense", *(str(n) for n in range(10**11, 10**11 + 490))]
    found = await desk.existing(numbers, me())
    assert set(found) == {ME.order_number, OTHER.order_number}
    assert (found[ME.order_number].mine, found[OTHER.order_number].mine) == (True, False)


async def test_levels_climb_with_what_is_shown(desk: SqlOrderSystem) -> None:
    steps = [
        (Claim(phone_tail=ME.phone[-4:]), Level.MEDIUM),
        (Claim(name="章静"), Level.MEDIUM),  # a homophone: what recognition makes of 张静
        (Claim(amount_minor=8900), Level.HIGH),
    ]
    assert (await desk.decide("order_status", ME.order_number, me())).level is Level.LOW
    for claim, level in steps:
        verification = await desk.verify(me(), claim)
        assert (verification.passed, verification.level) == (True, level)
    assert "address" in (await desk.decide("order_status", ME.order_number, me())).facts
    assert (await desk.decide("order_status", ME.order_number, me("call-2"))).level is Level.LOW


async def test_what_the_robot_says_to_whoever_calls_proves_nothing(desk: SqlOrderSystem) -> None:
    """The number may be forged, and the items and the day were heard a minute ago."""
    await desk.verify(me(), Claim(phone_tail=ME.phone[-4:], name=ME.customer))
    (order, *_) = (await desk.caller(me())).orders
    for heard in (Claim(item=order.items[0]), Claim(placed_on=order.placed_at.date()), Claim(item="保")):
        said = await desk.verify(me(), heard)
        assert (said.passed, said.level, said.failures_left) == (False, Level.MEDIUM, 3)


async def test_another_phone_is_let_in_by_name_or_tail(desk: SqlOrderSystem) -> None:
    assert await desk.find(OrderQuery(STRANGER, number=ME.order_number)) == Foreign()
    verification = await desk.verify(STRANGER, Claim(order_number=ME.order_number, name=ME.customer))
    assert verification.level is Level.MEDIUM
    assert isinstance(await desk.find(OrderQuery(STRANGER, number=ME.order_number)), Found)
    assert await desk.find(OrderQuery(STRANGER, number=OTHER.order_number)) == Foreign()


@pytest.mark.parametrize("number", [ME.order_number, DEFAULT.complete("1")])
async def test_three_failures_end_in_a_human_whether_the_order_exists_or_not(desk: SqlOrderSystem, number: str) -> None:
    seen = [
        await desk.verify(STRANGER, Claim(order_number=number, phone_tail=tail)) for tail in ("0000", "1111", "2222")
    ]
    assert [(v.passed, v.failures_left, v.exhausted) for v in seen] == [
        (False, 2, False),
        (False, 1, False),
        (False, 0, True),
    ]
    late = await desk.verify(STRANGER, Claim(order_number=number, phone_tail=ME.phone[-4:]))
    assert (late.passed, late.level, late.exhausted) == (False, Level.NONE, True)
    again = await desk.verify(CallerRef("call-next", STRANGER.phone), Claim(order_number=number, name=ME.customer))
    assert again.exhausted


@pytest.mark.parametrize("number", [ME.order_number, DEFAULT.complete("1")], ids=["exists", "doesn't"])
async def test_one_order_isnt_guessed_from_many_phones_whether_it_exists_or_not(
    desk: SqlOrderSystem, number: str
) -> None:
    for attempt in range(9):
        guess = Claim(order_number=number, phone_tail=f"{attempt:04d}")
        said = await desk.verify(CallerRef(f"call-{attempt}", f"1590000{attempt:04d}"), guess)
        assert (said.passed, said.failures_left, said.exhausted) == (False, 2, False)
    right = Claim(order_number=number, phone_tail=ME.phone[-4:])
    said = await desk.verify(CallerRef("call-x", "15911112222"), right)
    assert (said.passed, said.level, said.exhausted) == (False, Level.NONE, True)


@pytest.mark.parametrize(
    "claim",
    [
        Claim(phone_tail="1"),
        Claim(phone_tail="x" * 10_000),
        Claim(name="张" * 10_000),
        Claim(name="王"),
        Claim(amount_minor=-8900),
        Claim(amount_minor=8900, item="保"),
        Claim(order_number="9" * 10_000, name="张静"),
    ],
)
async def test_bad_claims_fail_and_are_counted(desk: SqlOrderSystem, claim: Claim) -> None:
    assert (await desk.verify(me(), claim)).failures_left == 2


async def test_a_ticket_is_opened_once_and_keeps_its_history(desk: SqlOrderSystem) -> None:
    request = TicketRequest(me(), "food_safety", "quality/food", "头发", ME.order_number)
    first, second = await desk.open_ticket(request), await desk.open_ticket(request)
    assert (first.number, first.repeated, second.repeated) == (second.number, False, True)
    assert first.queue == "safety"
    assert first.callback_at == desk.now() + timedelta(minutes=10)
    assert await desk.append_ticket(first.number, "李", "已联系商家")
    assert not await desk.append_ticket("T9999999", "李", "x")
    assert await desk.close_ticket(first.number, "李", "已赔付")
    assert not await desk.close_ticket(first.number, "李", "again")
    ticket = await Clerk(desk).ticket(first.number)
    assert ticket is not None
    assert [line.kind for line in ticket.history] == ["opened", "note", "closed"]


async def test_a_ticket_of_an_unknown_category_or_order_is_kept_all_the_same(desk: SqlOrderSystem) -> None:
    ticket = await desk.open_ticket(TicketRequest(STRANGER, "complaint", "no/such", "x" * 10_000, OTHER.order_number))
    view = await Clerk(desk).ticket(ticket.number)
    assert view is not None
    assert (view.category, view.queue, view.order_number) == ("other", "general", None)


async def test_a_callback_is_booked_once_and_promised(desk: SqlOrderSystem) -> None:
    past = datetime.fromisoformat("2020-01-01T00:00+08:00")
    first = await desk.book_callback(CallbackRequest(me(), "general", past))
    assert first.due_at == desk.now()
    second = await desk.book_callback(CallbackRequest(me(), "general"))
    assert (second.id, second.repeated) == (first.id, True)
    promises = await Clerk(desk).promises()
    assert [p.what for p in promises if p.phone == ME.phone] == ["callback"]


async def test_two_calls_without_a_solution_go_to_a_senior(desk: SqlOrderSystem) -> None:
    for call in ("a", "b"):
        report = ContactReport(me(call), "refund_request", "hung_up", solved=False, order_number=ME.order_number)
        await desk.contact(report)
        await desk.contact(report)  # reported again: the same call
        decision = await desk.decide("refund_request", ME.order_number, me("c"))
        assert Situation.REPEAT_CONTACT in decision.situations
        assert (Situation.UNSOLVED_CONTACTS in decision.situations) == (call == "b")
    assert decision.handoff is not None
    assert decision.handoff.queue == "senior"


async def test_a_second_broken_promise_escalates(desk: SqlOrderSystem) -> None:
    case = CASES["in_transit"]
    caller = CallerRef("call-p", case.phone)
    for days in (2, 1):
        await desk.promise(caller, f"callback {days}", desk.now() - timedelta(days=days), case.order_number)
    decision = await desk.decide("order_status", case.order_number, caller)
    assert decision.reason == "promises_broken"
    promises = [p for p in await Clerk(desk).promises() if p.order_number == case.order_number]
    assert all(p.overdue for p in promises)
    assert await Clerk(desk).keep_promise(promises[0].id)
    assert not await Clerk(desk).keep_promise(promises[0].id)


async def test_a_declared_storm_counts_while_it_lasts(desk: SqlOrderSystem) -> None:
    clerk, now = Clerk(desk), desk.now()
    assert not await clerk.declare("x", "no_such_rule", now, now + timedelta(hours=1))
    assert await clerk.declare("typhoon", "storm", now - timedelta(hours=1), now + timedelta(hours=5))
    facts = await desk.caller(ME.phone)
    assert len(facts.announcements_zh) == len(facts.announcements_en) == 1
    later = await desk.decide("order_status", ME.order_number, me(), now + timedelta(hours=6))
    assert Situation.SPECIAL_PERIOD not in later.situations


@pytest.mark.parametrize(
    ("moment", "day", "found"),
    [
        ("2027-03-27T22:59:59+00:00", date(2027, 3, 28), False),
        ("2027-03-27T23:00:00+00:00", date(2027, 3, 28), True),  # 23 hours long: clocks go forward
        ("2027-03-28T21:59:59+00:00", date(2027, 3, 28), True),
        ("2027-03-28T22:00:00+00:00", date(2027, 3, 28), False),
        ("2027-10-30T22:00:00+00:00", date(2027, 10, 31), True),  # 25 hours long: clocks go back
        ("2027-10-31T22:59:59+00:00", date(2027, 10, 31), True),
        ("2027-10-31T23:00:00+00:00", date(2027, 10, 31), False),
    ],
)
async def test_a_day_is_the_shops_day_even_when_clocks_change(
    moment: str, day: date, found: bool, database_file: Path, policies: Policies
) -> None:
    shop = policies.values.shop.model_copy(update={"timezone": "Europe/Berlin"})
    berlin = policies.model_copy(update={"values": policies.values.model_copy(update={"shop": shop})})
    desk = SqlOrderSystem(f"sqlite:///{database_file}", berlin, clock=lambda: NOW)

    def move(session: Session) -> None:
        order = session.scalars(select(t.Order).where(t.Order.number == ME.order_number)).one()
        order.placed_at = datetime.fromisoformat(moment)

    await desk.database.write(move)
    assert isinstance(await desk.find(OrderQuery(me(), day=day)), Found) == found
    await desk.close()


async def test_a_time_without_a_zone_is_never_kept(desk: SqlOrderSystem) -> None:
    with pytest.raises(Exception, match="without a zone"):
        await desk.promise(me(), "callback", datetime(2027, 3, 10, 6, 0), ME.order_number)
    assert ME.phone not in {promise.phone for promise in await Clerk(desk).promises()}


async def test_an_order_with_gaps_is_answered_all_the_same(desk: SqlOrderSystem) -> None:
    """No merchant, no items, no payment, no shipment, no promised time: what is missing isn't said."""
    case = CASES["in_transit"]

    def strip(session: Session) -> None:
        order = session.scalars(select(t.Order).where(t.Order.number == case.order_number)).one()
        shipments = select(t.Shipment.id).where(t.Shipment.order_id == order.id)
        session.execute(delete(t.Scan).where(t.Scan.shipment_id.in_(shipments)))
        for table in (t.Shipment, t.Item, t.Payment):
            session.execute(delete(table).where(table.order_id == order.id))
        order.merchant_id = order.promised_at = order.paid_at = order.dispatched_at = None

    await desk.database.write(strip)
    caller = CallerRef("gaps", case.phone)
    for intent in Intent:
        decision = await desk.decide(intent, case.order_number, caller)
        assert decision.order_number == case.order_number
        assert not {"merchant", "promised_at", "paid", "carrier"} & decision.facts.keys()
        assert all(offer.amount is None or offer.condition == "coupon" for offer in decision.offers if offer.amount)
    assert isinstance(await desk.find(OrderQuery(caller, item="包")), Unknown)


async def test_a_row_that_points_nowhere_is_refused_by_the_database(desk: SqlOrderSystem) -> None:
    def orphan(session: Session) -> None:
        session.add(t.Phone(customer_id=10**9, number="13099998888"))

    with pytest.raises(DownError):
        await desk.database.write(orphan)
    assert (await desk.caller("13099998888")).customer is None


async def test_a_phone_that_is_only_named_tells_nothing_until_its_owners_name_is_known(desk: SqlOrderSystem) -> None:
    theirs = OrderQuery(STRANGER, phone=ME.phone)
    assert isinstance(await desk.find(theirs), Unknown)
    tail = await desk.verify(STRANGER, Claim(phone=ME.phone, phone_tail=ME.phone[-4:]))
    assert not tail.passed  # who has said the whole number shows nothing by its end
    assert isinstance(await desk.find(theirs), Unknown)
    wrong = await desk.verify(STRANGER, Claim(phone=ME.phone, name="某某某"))
    assert (wrong.passed, wrong.failures_left) == (False, 2)
    proven = await desk.verify(STRANGER, Claim(phone=ME.phone, name=ME.customer))
    assert (proven.passed, proven.level) == (True, Level.MEDIUM)
    found = await desk.find(theirs)
    assert isinstance(found, Found)
    assert found.order.number == ME.order_number
    assert isinstance(await desk.find(OrderQuery(STRANGER, phone=OTHER.phone)), Unknown)


async def test_the_phone_that_calls_may_be_named_without_more(desk: SqlOrderSystem) -> None:
    found = await desk.find(OrderQuery(me(), phone="+86 " + ME.phone))
    assert isinstance(found, Found)
    assert found.order.number == ME.order_number


async def test_a_phone_that_nobody_has_fails_like_one_that_somebody_has(desk: SqlOrderSystem) -> None:
    answers = []
    for call, phone in (("call-a", ME.phone), ("call-b", "13999999999")):
        caller = CallerRef(call)
        answers.append([await desk.verify(caller, Claim(phone=phone, name="某某某")) for _ in range(4)])
    assert answers[0] == answers[1]
    assert answers[0][-1].exhausted
