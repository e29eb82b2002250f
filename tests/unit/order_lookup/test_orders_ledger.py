"""The ledger alone: which key a request has, what counts as the same request, and what is left over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from order_builders import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import Action, ActionRequest, CallerRef, LedgerState, Money
from order_lookup import ledger as book
from order_lookup import tables as t
from order_lookup.database import open_engine
from order_lookup.words import REFUNDS

CANCEL = ActionRequest(CallerRef("call-1"), "cancel_order", Action.CANCEL, "302610726346")
ADDRESS = replace(CANCEL, intent="change_address", action=Action.CHANGE_ADDRESS, details={"address": "滨江大道9号"})


@pytest.fixture
def session(database_file: Path) -> Iterator[Session]:
    """On the demo shop; nothing is kept."""
    engine = open_engine(f"sqlite:///{database_file}")
    with Session(engine) as open_session:
        yield open_session
    engine.dispose()


def entry(session: Session, key: str = "k", **more: Any) -> t.LedgerEntry:
    """An entry as `plan` writes it, of the demo shop's first order."""
    order = session.scalars(select(t.Order).order_by(t.Order.id).limit(1)).one()
    given: dict[str, Any] = {
        "call_id": "call-1", "intent": "cancel_order", "action": "cancel", "order_id": order.id, "amount_minor": 500,
        "currency": "CNY", "details": {}, "state": "planned", "rule": "r", "attempts": 0,
        "planned_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    row = t.LedgerEntry(key=key, **(given | more))
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        (CANCEL, "call-1:cancel_order:302610726346:remedy"),
        (replace(CANCEL, action=Action.RESHIP), "call-1:cancel_order:302610726346:remedy"),
        (replace(CANCEL, action=Action.ISSUE_COUPON), "call-1:cancel_order:302610726346:issue_coupon"),
        (
            replace(CANCEL, intent="agent", action=Action.BOOK_CALLBACK, order_number=None),
            "call-1:agent:-:book_callback",
        ),
    ],
)
def test_remedies_share_a_key_and_other_actions_have_their_own(request_: ActionRequest, key: str) -> None:
    assert book.key(request_) == key


def test_what_is_wanted_instead_gets_the_key_with_the_next_number(session: Session) -> None:
    base, keys = book.key(CANCEL), []
    for _ in range(11):
        keys.append(book.next_key(CANCEL, book.newest(session, CANCEL)))
        entry(session, keys[-1])
    assert keys == [base, *(f"{base}/{number}" for number in range(2, 12))]


def test_the_newest_entry_is_the_calls_own(session: Session) -> None:
    base = book.key(CANCEL)
    assert book.newest(session, CANCEL) is None
    first = entry(session, base)
    entry(session, f"{base}/2", call_id="call-2")  # of another call, whatever its key says
    entry(session, f"{base}x/3")
    entry(session, base.replace("_", "x") + "/2")  # no pattern
    assert book.newest(session, CANCEL) is first
    second = entry(session, f"{base}/2y")
    assert book.newest(session, CANCEL) is second


@pytest.mark.parametrize(
    ("kept", "asked", "same"),
    [
        ({}, {}, True),
        ({}, {"amount": Money(9)}, True),  # whatever the amount
        ({}, {"action": Action.RESHIP}, False),
        ({"details": {"offer": "cancel_free"}}, {}, True),
        ({"details": {"offer": "cancel_free"}}, {"offer": "cancel_free"}, True),
        ({"details": {"offer": "cancel_free"}}, {"offer": "cancel_with_fee"}, False),
        ({}, {"offer": "cancel_with_fee"}, False),
        ({"details": {"item": "奶茶"}}, {"item": "奶茶"}, True),
        ({"details": {"item": "奶茶"}}, {"item": "牛肉面"}, False),
        ({"details": {"item": "奶茶"}}, {}, False),
        ({}, {"item": "牛肉面"}, False),
        ({"details": {"address": "a"}}, {"details": {"address": "b"}}, True),  # cancelling asks for no address
    ],
)
def test_what_is_the_same_request(kept: dict[str, Any], asked: dict[str, Any], same: bool, session: Session) -> None:
    assert book.is_of(entry(session, **kept), replace(CANCEL, **asked)) is same


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (Action.CHANGE_ADDRESS, "address"),
        (Action.CHANGE_PHONE, "phone"),
        (Action.CHANGE_NOTE, "note"),
        (Action.EXCHANGE, "variant"),
    ],
)
def test_a_correction_is_another_request(action: Action, name: str, session: Session) -> None:
    row = entry(session, action=action.value, details={name: "old", "offer": action.value})
    ask = replace(CANCEL, action=action)
    assert [book.is_of(row, replace(ask, details=details)) for details in ({name: "old"}, {name: "new"}, {})] == [
        True,
        False,
        False,
    ]
    nothing = entry(session, "nothing", action=action.value)
    assert book.is_of(nothing, ask)


@pytest.mark.parametrize("action", [action for action in Action if action in REFUNDS], ids=str)
def test_a_refund_speaks_for_its_money_and_follows_its_entry(action: Action, session: Session) -> None:
    row = entry(session, action=action.value)
    book.reserve(session, row, 3, NOW)
    session.flush()
    (refund,) = session.scalars(select(t.Refund).where(t.Refund.ledger_id == row.id)).all()
    reasons = {"cancel": "cancel", "refund_full": "refund", "refund_partial": "item", "refund_price_drop": "price_drop"}
    assert refund.reason == reasons.get(action.value, "duplicate_payment")
    assert (refund.amount_minor, refund.order_id, refund.state) == (500, row.order_id, "planned")
    assert (refund.requested_at, refund.due_at) == (NOW, NOW + timedelta(days=3))
    book.move(session, row, LedgerState.SENT, NOW)
    row.receipt = "R1"
    book.move(session, row, LedgerState.DONE, NOW)
    assert (refund.state, refund.reference, row.attempts) == ("done", "R1", 1)


@pytest.mark.parametrize("changed", [{"action": "reship"}, {"amount_minor": 0}, {"order_id": None}], ids=str)
def test_without_money_or_order_nothing_is_reserved(changed: dict[str, Any], session: Session) -> None:
    row = entry(session, **changed)
    book.reserve(session, row, 3, NOW)
    session.flush()
    assert session.scalars(select(t.Refund).where(t.Refund.ledger_id == row.id)).all() == []


def test_one_minor_unit_is_money(session: Session) -> None:
    row = entry(session, amount_minor=1)
    book.reserve(session, row, 3, NOW)
    session.flush()
    assert session.scalars(select(t.Refund.amount_minor).where(t.Refund.ledger_id == row.id)).all() == [1]


def test_what_the_robot_may_say_of_an_entry(session: Session) -> None:
    row = entry(session, receipt="R1", state="done")
    book.reserve(session, row, 3, NOW)
    session.flush()
    told = book.result(session, row, repeated=True)
    number = session.scalar(select(t.Order.number).where(t.Order.id == row.order_id))
    assert (told.action, told.state, told.order_number) == (Action.CANCEL, LedgerState.DONE, number)
    assert (told.amount, told.receipt, told.due_at, told.repeated) == (Money(500), "R1", NOW + timedelta(days=3), True)
    bare = book.result(session, entry(session, "bare", amount_minor=0, order_id=None), repeated=False)
    assert (bare.order_number, bare.amount, bare.receipt, bare.due_at, bare.repeated) == (None, None, "", None, False)


def test_an_exchange_is_due_when_its_ticket_is(session: Session) -> None:
    ticket = session.scalars(select(t.Ticket).limit(1)).first()
    if ticket is None:
        ticket = t.Ticket(
            key="t", number="T0000009", phone="", category="other", subcategory="question", queue="general", priority=5,
            state="open", summary="", opened_at=NOW, due_at=NOW + timedelta(hours=4),
        )  # fmt: skip
        session.add(ticket)
        session.flush()
    row = entry(session, action="exchange", amount_minor=0, receipt=ticket.number)
    assert book.result(session, row, repeated=False).due_at == ticket.due_at


def test_what_nobody_has_touched_is_left_over_the_oldest_first(session: Session) -> None:
    for minutes, state in enumerate(LedgerState):
        entry(session, f"old {state.value}", state=state.value, changed_at=NOW - timedelta(minutes=10 + minutes))
    entry(session, "young", changed_at=NOW)
    assert book.unfinished(session, NOW) == ["old unknown", "old sent", "old planned"]
    assert book.unfinished(session, NOW, limit=1) == ["old unknown"]
