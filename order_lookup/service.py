"""Tickets, callbacks, promises and contacts: what is written down about a call, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.gathering import customer_of_phone
from order_lookup.incoming import LONGEST_TEXT
from order_lookup.phones import normal_phone
from order_lookup.policies import ShopPolicies
from order_lookup.port import (
    CallbackRef,
    CallbackRequest,
    CallerRef,
    ContactReport,
    TicketRef,
    TicketRequest,
)
from order_lookup.verifying import customers_heard

_CALLBACK_MINUTES = 30


@dataclass(frozen=True, slots=True)
class About:
    """The rows a note is about; an order that isn't the caller's is left out."""

    phone: str
    customer_id: int | None
    order_id: int | None


def about(session: Session, caller: CallerRef, order_number: str | None) -> About:
    """Who and which order."""
    phone = normal_phone(caller.phone)
    own = customer_of_phone(session, phone)
    order = None
    if order_number:
        row = session.scalar(select(t.Order).where(t.Order.number == order_number[:40]))
        order = row if row is not None and row.customer_id in customers_heard(session, caller) else None
    customer_id = order.customer_id if order is not None else own.id if own is not None else None
    return About(phone, customer_id, order.id if order is not None else None)


def open_ticket(session: Session, request: TicketRequest, now: datetime, policies: ShopPolicies) -> TicketRef:
    """Open a ticket; the same call, intent and order get the one they have."""
    key = ticket_key(request)
    row = session.scalar(select(t.Ticket).where(t.Ticket.key == key))
    category, _, subcategory = request.category.partition("/")
    rule = policies.tickets.categories.get(category)
    if rule is None:
        category, subcategory, rule = "other", "question", policies.tickets.categories["other"]

    def due(span: timedelta) -> datetime:
        return policies.due(rule.queue, now, span, rule.by_clock)

    callback_at = due(timedelta(minutes=policies.tickets.serious_callback_minutes)) if rule.serious else None
    if row is not None:
        return TicketRef(row.number, row.queue, row.priority, row.due_at, callback_at, repeated=True)
    whose = about(session, request.caller, request.order_number)
    row = t.Ticket(
        key=key,
        number=key[:20],
        customer_id=whose.customer_id,
        order_id=whose.order_id,
        phone=whose.phone,
        category=category,
        subcategory=subcategory[:40],
        queue=rule.queue,
        priority=_priority(session, whose.customer_id, policies.queues[rule.queue].priority),
        state="open",
        summary=request.summary[:LONGEST_TEXT],
        opened_at=now,
        due_at=due(timedelta(hours=rule.due_hours)),
        remind_at=callback_at or due(timedelta(minutes=policies.tickets.remind_minutes)),
    )
    session.add(row)
    session.flush()
    row.number = f"T{row.id:07d}"
    _enter(session, row.id, now, "robot", "opened", request.summary)
    if callback_at is not None:
        _book(session, f"{key}:serious", whose, rule.queue, callback_at, now, row.id)
        _promise(session, f"{key}:serious", request.caller, whose, "callback", callback_at, now)
    return TicketRef(row.number, row.queue, row.priority, row.due_at, callback_at)


def ticket_key(request: TicketRequest) -> str:
    """What makes a ticket one."""
    return f"{request.caller.call_id}:{request.intent}:{request.order_number or '-'}"[:200]


def append_ticket(session: Session, number: str, author: str, text: str, now: datetime) -> bool:
    """Add a line to a ticket; an answer by somebody else than the robot stops the reminders."""
    row = session.scalar(select(t.Ticket).where(t.Ticket.number == number[:20]).with_for_update())
    if row is None:
        return False
    _enter(session, row.id, now, author, "note", text)
    if author != "robot" and row.answered_at is None:
        row.answered_at, row.remind_at = now, None
    return True


def close_ticket(session: Session, number: str, author: str, text: str, now: datetime) -> bool:
    """Close a ticket; False when there is none open of that number."""
    row = session.scalar(select(t.Ticket).where(t.Ticket.number == number[:20]).with_for_update())
    if row is None or row.closed_at is not None:
        return False
    _enter(session, row.id, now, author, "closed", text)
    row.closed_at, row.state, row.remind_at = now, "closed", None
    # Nobody calls back any more about what is closed.
    for booked in session.scalars(select(t.Callback.id).where(t.Callback.ticket_id == row.id)).all():
        keep_callback(session, booked, now)
    return True


def book_callback(session: Session, request: CallbackRequest, now: datetime, policies: ShopPolicies) -> CallbackRef:
    """Book a callback within the queue's time of work; a call has one per queue."""
    key = _callback_key(request.caller.call_id, request.queue)
    row = session.scalar(select(t.Callback).where(t.Callback.key == key))
    if row is not None:
        return CallbackRef(row.id, row.phone, row.due_at, repeated=True)
    whose = about(session, request.caller, request.order_number)
    phone = normal_phone(request.phone) or whose.phone
    due_at = max(request.at or policies.due(request.queue, now, timedelta(minutes=_CALLBACK_MINUTES)), now)
    whose = About(phone, whose.customer_id, whose.order_id)
    row = _book(session, key, whose, request.queue, due_at, now, None)
    _promise(session, key, request.caller, whose, "callback", due_at, now)
    return CallbackRef(row.id, phone, due_at)


def keep_callback(session: Session, callback_id: int, now: datetime) -> bool:
    """Somebody has called back: the callback is done and its promise kept; False when there is none open."""
    row = session.scalar(select(t.Callback).where(t.Callback.id == callback_id).with_for_update())
    if row is None or row.done_at is not None:
        return False
    row.done_at = now
    promised = (t.Promise.key == row.key, t.Promise.kept_at.is_(None))
    session.execute(update(t.Promise).where(*promised).values(kept_at=now))
    if row.ticket_id is not None:  # who was called back was not left without an answer
        unanswered = (t.Ticket.id == row.ticket_id, t.Ticket.answered_at.is_(None), t.Ticket.closed_at.is_(None))
        session.execute(update(t.Ticket).where(*unanswered).values(answered_at=now, remind_at=None))
    return True


def reopen_callback(session: Session, callback_id: int) -> None:
    """Nobody was reached after all: the callback, and its promise, are still to be kept."""
    row = session.get(t.Callback, callback_id)
    if row is not None and row.done_at is not None:
        session.execute(update(t.Promise).where(t.Promise.key == row.key).values(kept_at=None))
        row.done_at = None


def take_back_callback(session: Session, call_id: str, queue: str, now: datetime) -> bool:
    """Nobody needs to call back any more, for the customer has reached us: the callback is done without having been made."""
    booked = session.scalar(select(t.Callback.id).where(t.Callback.key == _callback_key(call_id, queue)))
    return booked is not None and keep_callback(session, booked, now)


def _callback_key(call_id: str, queue: str) -> str:
    return f"{call_id}:callback:{queue}"[:200]


def promise(
    session: Session, caller: CallerRef, what: str, due_at: datetime, order_number: str | None, now: datetime
) -> None:
    """Keep a promise; the same one in the same call is kept once."""
    whose = about(session, caller, order_number)
    _promise(session, f"{caller.call_id}:{order_number or '-'}:{what}"[:200], caller, whose, what, due_at, now)


def contact(session: Session, report: ContactReport, now: datetime) -> None:
    """Keep how a call ended; a call reported again is corrected, not counted twice."""
    whose = about(session, report.caller, report.order_number)
    row = session.scalar(select(t.Contact).where(t.Contact.call_id == report.caller.call_id))
    if row is None:
        row = t.Contact(call_id=report.caller.call_id, phone=whose.phone, at=now)
        session.add(row)
    row.customer_id, row.order_id = whose.customer_id, whose.order_id
    row.intent, row.outcome, row.solved = report.intent[:40], report.outcome[:40], report.solved


def _priority(session: Session, customer_id: int | None, usual: int) -> int:
    customer = session.get(t.Customer, customer_id) if customer_id is not None else None
    return max(0, usual - 1) if customer is not None and (customer.elder or customer.tier == "vip") else usual


def _enter(session: Session, ticket_id: int, now: datetime, author: str, kind: str, text: str) -> None:
    session.add(t.TicketEntry(ticket_id=ticket_id, at=now, author=author[:120], kind=kind, text=text[:LONGEST_TEXT]))


def _book(
    session: Session, key: str, whose: About, queue: str, due_at: datetime, now: datetime, ticket_id: int | None
) -> t.Callback:
    row = t.Callback(
        key=key[:200],
        customer_id=whose.customer_id,
        order_id=whose.order_id,
        ticket_id=ticket_id,
        phone=whose.phone,
        queue=queue[:40],
        due_at=due_at,
        booked_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _promise(
    session: Session, key: str, caller: CallerRef, whose: About, what: str, due_at: datetime, now: datetime
) -> None:
    if session.scalar(select(t.Promise.id).where(t.Promise.key == key[:200])) is not None:
        return
    session.add(
        t.Promise(
            key=key[:200],
            call_id=caller.call_id,
            customer_id=whose.customer_id,
            order_id=whose.order_id,
            what=what[:200],
            made_at=now,
            due_at=due_at,
        )
    )
