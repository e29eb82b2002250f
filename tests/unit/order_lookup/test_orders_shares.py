"""What was paid for an item, and what goes back for one piece of it: never a cent more than came in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_builders import NOW, ago, cny, facts, parcel
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import Action, ActionRequest, CallerRef, Claim, Money, SqlOrderSystem, load_policies
from order_lookup import tables as t
from order_lookup.database import open_engine, writing
from order_lookup.decision import decide
from order_lookup.demo import CASES
from order_lookup.facts import ActionFacts, ItemFacts, OrderFacts, PaymentFacts, RefundFacts
from order_lookup.shares import paid_for_goods, paid_for_lines
from order_lookup.situations import price_drop
from order_lookup.words import Intent, Stage

POLICIES = load_policies()


def line(name: str, price: int, quantity: int = 1, price_now: int | None = None) -> ItemFacts:
    return ItemFacts(name, name, quantity, cny(price), cny(price if price_now is None else price_now))


def bought(*lines: ItemFacts, fee: int = 0, off: int = 0, refunds: tuple[RefundFacts, ...] = ()) -> OrderFacts:
    """A delivered parcel, with this much taken off the whole of it."""
    total = max(0, sum(item.price.minor_units * item.quantity for item in lines) + fee - off)
    payments = (PaymentFacts("wechat", cny(total), ago(days=2)),) if total else ()
    order = parcel(Stage.DELIVERED, delivered_at=ago(hours=2), items=lines, payments=payments, refunds=refunds)
    return replace(order, total=cny(total), delivery_fee=cny(fee))


def back(amount: int, reason: str = "item", state: str = "done") -> RefundFacts:
    return RefundFacts(cny(amount), reason, state, ago(days=1), NOW + timedelta(days=2), ago(hours=1))


def offered(order: OrderFacts) -> dict[str, int]:
    offer = decide(Intent.DAMAGED_ITEM, facts(order), POLICIES).offer(Action.REFUND_PARTIAL)
    return {choice.item: choice.amount.minor_units for choice in offer.choices} if offer else {}


@pytest.mark.parametrize(
    ("order", "pieces"),
    [
        pytest.param(bought(line("杯", 3000, 3)), {"杯": 3000}, id="one of three, not the three"),
        pytest.param(bought(line("杯", 100, 3), off=200), {"杯": 33}, id="a third of a third, never rounded up"),
        pytest.param(bought(line("灯", 8000), line("伞", 2000), off=2000), {"灯": 6400, "伞": 1600}, id="a coupon"),
        pytest.param(
            bought(line("灯", 100), line("伞", 100), line("杯", 100), off=200),
            {"灯": 34, "伞": 33, "杯": 33},
            id="a cent",
        ),
        pytest.param(bought(line("灯", 9900), line("赠品", 0)), {"灯": 9900}, id="a gift is worth nothing"),
        pytest.param(bought(line("灯", 9900), fee=800), {"灯": 9900}, id="delivery isn't the item's"),
        pytest.param(
            bought(line("灯", 9900), line("贴纸", 100), off=5000), {"灯": 4950, "贴纸": 50}, id="a coupon above an item"
        ),
        pytest.param(bought(line("灯", 9900), fee=800, off=99999), {}, id="a coupon above everything"),
        pytest.param(bought(line("灯", 9900), fee=800, off=10000), {}, id="only delivery was paid"),
        pytest.param(bought(line("杯", 1), line("灯", 9900), off=9900), {"灯": 1}, id="a cent is left"),
        pytest.param(bought(line("杯", 3000), line("杯", 5000)), {"杯": 3000}, id="of two of a name the cheaper"),
        pytest.param(
            bought(line("杯", 3000), line("杯", 0), line("灯", 10)), {"灯": 10}, id="bought or a gift: a human asks"
        ),
        pytest.param(
            bought(line("灯", 10000), line("伞", 5000), refunds=(back(12000),)),
            {"灯": 3000, "伞": 3000},
            id="no more than is left of the goods",
        ),
        pytest.param(
            bought(line("灯", 10000), fee=500, refunds=(back(2000, state="failed"),)),
            {"灯": 10000},
            id="a failed refund",
        ),
        pytest.param(
            bought(line("杯", 10000, 3, price_now=8000), line("伞", 5000), refunds=(back(6000, "price_drop"),)),
            {"杯": 8000, "伞": 5000},
            id="a difference given back isn't paid twice",
        ),
    ],
)
def test_one_piece_is_worth_what_was_paid_for_it(order: OrderFacts, pieces: dict[str, int]) -> None:
    assert offered(order) == pieces


def refunded_piece(item: str, state: str = "done") -> ActionFacts:
    return ActionFacts("refund_partial", state, "refund_item", item)


@pytest.mark.parametrize(
    ("order", "difference"),
    [
        pytest.param(bought(line("灯", 10000, price_now=8000)), 2000, id="no coupon: the fall in price"),
        pytest.param(bought(line("灯", 10000, price_now=8000), off=1500), 500, id="paid 85.00, now 80.00"),
        pytest.param(bought(line("灯", 10000, price_now=8000), off=2000), None, id="paid as little as it costs now"),
        pytest.param(bought(line("灯", 10000, price_now=8000), off=3000), None, id="paid less than it costs now"),
        pytest.param(bought(line("灯", 10000, price_now=12000)), None, id="dearer"),
        pytest.param(bought(line("杯", 3000, 3, 2500), off=900), 600, id="three, paid 27.00 each, now 25.00"),
        pytest.param(
            bought(line("灯", 8000, price_now=6000), line("伞", 2000), off=1000),
            1200,
            id="its part of the coupon: 72.00",
        ),
        pytest.param(
            bought(line("灯", 8000, price_now=6000), line("伞", 2000, price_now=3000)),
            2000,
            id="what became dearer takes nothing away",
        ),
        pytest.param(bought(line("灯", 10000, price_now=8000), fee=800), 2000, id="delivery isn't the item's"),
        pytest.param(bought(line("灯", 10000, price_now=8000), line("赠品", 0)), 2000, id="a gift costs nothing"),
        pytest.param(
            bought(line("灯", 10000, price_now=8000), off=500, refunds=(back(1000, "price_drop"),)),
            500,
            id="it fell further: the rest",
        ),
        pytest.param(
            bought(line("灯", 10000, price_now=8000), refunds=(back(2000, "price_drop"),)),
            None,
            id="given back already",
        ),
        pytest.param(
            replace(bought(line("杯", 3000, 3, 2500), off=900), actions=(refunded_piece("杯"),)),
            400,
            id="not for the piece that was refunded",
        ),
        pytest.param(
            replace(bought(line("杯", 3000, 3, 2500), off=900), actions=(refunded_piece("杯", "failed"),)),
            600,
            id="whose refund failed",
        ),
    ],
)
def test_the_difference_is_reckoned_from_what_was_paid(order: OrderFacts, difference: int | None) -> None:
    decision = decide(Intent.PRICE_PROTECTION, facts(order), POLICIES)
    offer = decision.offer(Action.REFUND_PRICE_DROP)
    assert (offer.amount.minor_units if offer and offer.amount else None) == difference
    assert decision.reason == ("price_difference" if difference else "price_not_dropped")


def test_what_was_paid_twice_is_no_part_of_an_item() -> None:
    order = bought(line("灯", 8000), line("伞", 2000), off=1000)
    twice = replace(order, payments=order.payments * 2)
    assert offered(twice) == {"灯": 7200, "伞": 1800}
    assert offered(replace(twice, refunds=(back(9000, "duplicate_payment"),))) == {"灯": 7200, "伞": 1800}


lines = st.lists(
    st.builds(
        line,
        st.sampled_from("甲乙丙丁戊"),
        st.one_of(st.just(0), st.integers(1, 9), st.integers(1, 20_000)),
        st.integers(1, 7),
    ),
    min_size=1,
    max_size=6,
)
refunds = st.builds(
    back,
    st.integers(1, 30_000),
    st.sampled_from(["item", "price_drop", "duplicate_payment", "refund"]),
    st.sampled_from(["planned", "sent", "done", "unknown", "failed"]),
)
orders = st.builds(
    lambda items, fee, off, earlier: bought(*items, fee=fee, off=off, refunds=tuple(earlier)),
    lines,
    st.sampled_from([0, 1, 500]),
    st.one_of(st.just(0), st.integers(0, 9), st.integers(0, 200_000)),
    st.lists(refunds, max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(orders)
def test_the_lines_together_are_what_was_paid_for_goods(order: OrderFacts) -> None:
    shares = [paid.minor_units for paid in paid_for_lines(order)]
    cost = [item.price.minor_units * item.quantity for item in order.items]
    assert sum(shares) == paid_for_goods(order).minor_units
    assert sum(shares) == max(0, min(sum(cost), order.total.minor_units - order.delivery_fee.minor_units))
    assert all(0 <= share <= full for share, full in zip(shares, cost, strict=True))
    exact = [sum(shares) * full / (sum(cost) or 1) for full in cost]
    assert all(abs(share - wanted) < 1 for share, wanted in zip(shares, exact, strict=True))


@settings(max_examples=300, deadline=None)
@given(orders, st.lists(st.integers(0, 5), max_size=12))
def test_piece_after_piece_never_more_goes_back_than_came_in(order: OrderFacts, wishes: list[int]) -> None:
    for wish in wishes:
        pieces = offered(order)
        if not pieces:
            return
        item, amount = list(pieces.items())[wish % len(pieces)]
        piece = min(known.price.minor_units for known in order.items if known.name == item)
        assert 0 < amount <= piece
        order = replace(order, refunds=(*order.refunds, back(amount)))
        duplicates = sum(r.amount.minor_units for r in order.refunds if r.stands and r.reason == "duplicate_payment")
        assert order.refunded.minor_units <= order.paid.minor_units
        assert order.refunded.minor_units - duplicates <= paid_for_goods(order).minor_units


@settings(max_examples=300, deadline=None)
@given(orders, st.lists(st.integers(0, 20_000), min_size=6, max_size=6))
def test_a_difference_leaves_what_the_goods_cost_now(order: OrderFacts, now: list[int]) -> None:
    items = tuple(replace(item, price_now=cny(price)) for item, price in zip(order.items, now, strict=False))
    order = replace(order, items=items, refunds=())
    paid = [one.minor_units for one in paid_for_lines(order)]
    today = [item.price_now.minor_units * item.quantity for item in items]
    assert price_drop(order).minor_units == sum(max(0, a - b) for a, b in zip(paid, today, strict=True) if b)
    assert price_drop(order) <= paid_for_goods(order)


def test_every_piece_of_an_order_sent_back_is_at_most_what_was_paid() -> None:
    for off in range(0, 800):
        order = bought(line("甲", 100, 3), line("乙", 199, 2), line("丙", 7), line("赠品", 0), off=off)
        pieces = offered(order)
        assert sum(pieces.get(item.name, 0) * item.quantity for item in order.items) <= order.paid.minor_units


@pytest.mark.parametrize(("amount", "weights"), [(1, []), (1, [0, 0]), (-1, [1]), (5, [2, -1])])
def test_what_cannot_be_shared_is_an_error(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="can't be shared"):
        Money(amount).shared(weights)


def test_nothing_is_shared_into_nothing() -> None:
    assert Money(0).shared([0, 0]) == (Money(0), Money(0))
    assert Money(0).shared([]) == ()


async def test_the_bank_is_told_what_one_piece_was_paid_with(desk: SqlOrderSystem, database_file: Path) -> None:
    case = CASES["meal_delivered"]
    engine = writing(open_engine(f"sqlite:///{database_file}"))
    with Session(engine) as session, session.begin():  # three at 30.00 with 20.00 off, and 5.00 for delivery
        order = session.scalars(select(t.Order).where(t.Order.number == case.order_number)).one()
        item = session.scalars(select(t.Item).where(t.Item.order_id == order.id)).one()
        name, item.quantity, item.price_minor, item.price_now_minor = item.name, 3, 3000, 3000
        order.total_minor, order.delivery_fee_minor = 7500, 500
        session.scalars(select(t.Payment).where(t.Payment.order_id == order.id)).one().amount_minor = 7500
    engine.dispose()
    caller = CallerRef("call-1", case.phone)
    await desk.verify(caller, Claim(phone_tail=case.phone[-4:]))
    wish = ActionRequest(caller, "missing_item", Action.REFUND_PARTIAL, case.order_number, item=name)
    assert (await desk.act(replace(wish, amount=Money(9000)))).refused == "amount"
    assert (await desk.act(replace(wish, amount=Money(2334)))).refused == "amount"
    result = await desk.act(wish)
    assert (result.done, result.amount) == (True, Money(2333))
    other = replace(wish, caller=replace(caller, call_id="call-2"))
    assert (await desk.act(other)).state is None  # the rest is for a human
    decision = await desk.decide("missing_item", case.order_number, caller)
    assert (decision.offer(Action.REFUND_PARTIAL), decision.handoff is not None) == (None, True)
