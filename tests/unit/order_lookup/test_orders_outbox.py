"""What is confirmed in writing: in which words and language, to which telephone, and when nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from order_builders import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import Action, Money, Policies
from order_lookup import tables as t
from order_lookup.database import open_engine
from order_lookup.effects import Work
from order_lookup.outbox import confirm, written


@pytest.fixture
def work(database_file: Path, policies: Policies) -> Iterator[Work]:
    """A cancellation of the demo shop's first order; nothing is kept."""
    engine = open_engine(f"sqlite:///{database_file}")
    with Session(engine) as session:
        order = session.scalars(select(t.Order).order_by(t.Order.id).limit(1)).one()
        order.phone = "+86 13800004567"
        entry = t.LedgerEntry(
            key="k", call_id="c", intent="i", action="cancel", order_id=order.id, amount_minor=500, currency="CNY",
            details={"phone_of_caller": "13911112222"}, state="done", rule="r", planned_at=NOW, changed_at=NOW,
            receipt="R1",
        )  # fmt: skip
        customer = session.get_one(t.Customer, order.customer_id)
        customer.language, customer.messages_refused = "zh", False
        with session.no_autoflush:
            yield Work(session, entry, order, customer, NOW, policies.values)
    engine.dispose()


def letter(work: Work) -> t.Message | None:
    confirm(work)
    return next((row for row in work.session.new if isinstance(row, t.Message)), None)


@pytest.mark.parametrize(
    ("action", "minor", "words"),
    [
        (Action.CANCEL, 500, "cancel"),
        (Action.CANCEL, 0, "done"),
        (Action.REFUND_FULL, 500, "refund"),
        (Action.REFUND_PARTIAL, 1, "refund"),
        (Action.REFUND_PRICE_DROP, 500, "refund"),
        (Action.ISSUE_COUPON, 500, "coupon"),
        (Action.RESHIP, 0, "done"),
        (Action.START_RETURN, 500, "done"),
        (Action.CHANGE_PHONE, 0, "done"),
        (Action.URGE_DELIVERY, 0, None),
        (Action.CHANGE_NOTE, 0, None),
    ],
)
def test_each_action_has_its_words(action: Action, minor: int, words: str | None, work: Work) -> None:
    work.entry.action, work.entry.amount_minor = action.value, minor
    found = letter(work)
    assert (found.template if found else None) == words
    if found is not None:
        assert (found.key, found.state, found.created_at, found.next_at) == ("k:message", "waiting", NOW, NOW)
        assert found.customer_id == work.customer.id  # type: ignore[union-attr]


def test_the_words_are_in_the_customers_language_with_what_is_to_be_known(work: Work, policies: Policies) -> None:
    shop, tail = policies.values.shop, work.order.number[-4:]  # type: ignore[union-attr]
    zh = letter(work)
    assert zh is not None
    assert (zh.language, zh.phone) == ("zh", "13800004567")
    assert zh.body == f"【{shop.name_zh}】您的订单尾号{tail}已取消，¥5.00将在3天内原路退回。"
    work.session.expunge(zh)
    work.customer.language = "en"  # type: ignore[union-attr]
    en = letter(work)
    assert en is not None
    assert (en.language, en.body) == (
        "en",
        f"{shop.name_en}: order ending {tail} is cancelled. ¥5.00 will be returned within 3 days.",
    )


def test_a_coupon_says_how_long_it_is_good(work: Work) -> None:
    work.entry.action = "issue_coupon"
    found = letter(work)
    assert found is not None
    assert "30" in found.body


@pytest.mark.parametrize(
    ("refused", "of_order", "of_caller", "state", "phone"),
    [
        (False, "13800004567", "13911112222", "waiting", "13800004567"),
        (False, "", "13911112222", "waiting", "13911112222"),
        (False, "", "", "refused", ""),
        (True, "13800004567", "", "refused", "13800004567"),
    ],
)
def test_where_it_goes_and_who_gets_none(
    refused: bool, of_order: str, of_caller: str, state: str, phone: str, work: Work
) -> None:
    assert work.order is not None
    assert work.customer is not None
    work.order.phone, work.customer.messages_refused = of_order, refused
    work.entry.details = {"phone_of_caller": of_caller}
    found = letter(work)
    assert found is not None
    assert (found.state, found.phone) == (state, phone)


def test_without_an_order_it_goes_to_who_called_and_without_a_customer_to_nobody(work: Work) -> None:
    values: dict[str, Any] = {"session": work.session, "entry": work.entry, "now": NOW, "policies": work.policies}
    found = letter(Work(order=None, customer=work.customer, **values))
    assert found is not None
    assert (found.phone, "----" in found.body) == ("13911112222", True)
    work.session.expunge(found)
    assert letter(Work(order=work.order, customer=None, **values)) is None


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(1250), "¥12.50"),
        (Money(5, "USD"), "$0.05"),
        (Money(100, "EUR"), "€1.00"),
        (Money(100, "GBP"), "£1.00"),
        (Money(1250, "JPY"), "1250 JPY"),
    ],
)
def test_money_as_it_is_written(amount: Money, text: str) -> None:
    assert written(amount) == text
