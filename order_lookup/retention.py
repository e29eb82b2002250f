"""Personal data that is old enough is masked or deleted; what accounts for money and matters stays.

How it works. Each step takes a batch of rows that are old and not yet masked, in a transaction of its own so that callers
never wait for it, and comes again until nothing is left; run twice, it does nothing the second time. Ledger, tickets,
callbacks and promises stay, without phones and addresses. Orders are forgotten only where they are a copy of the shop's
own backend (`mirrored_orders`): one that nothing of ours refers to goes as a whole, another loses who and where.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from order_lookup import tables as t
from order_lookup.messengers import FileMessenger
from order_lookup.phones import masked_phone
from order_lookup.words import OPEN_STATES
from order_lookup.work import Database

BATCH = 200
_PERSONAL_DETAILS = ("address", "phone", "note", "title", "summary")
Step = Callable[[Session, datetime, int], int]


@dataclass(frozen=True, slots=True)
class Keep:
    """How many days each kind of data is kept; `mirrored_orders` None: the orders are the shop's own and stay as they are."""

    mirrored_orders: int | None = None
    contacts: int = 180
    messages: int = 90
    settled: int = 365


async def forget(database: Database, keep: Keep, now: datetime, batch: int = BATCH) -> Mapping[str, int]:
    """Forget what is older than allowed; how many rows of each kind, kinds without any left out."""
    days = {"mirrored_orders": keep.mirrored_orders, "contacts": keep.contacts}
    days |= {"messages": keep.messages, "settled": keep.settled}
    done: dict[str, int] = {}
    for name, (kind, step) in _STEPS.items():
        if (kept := days[kind]) is None:
            continue
        before = now - timedelta(days=kept)
        while count := await database.write(lambda session, s=step, b=before: s(session, b, batch)):  # type: ignore[misc]
            done[name] = done.get(name, 0) + count
    return done


async def forget_letters(database: Database, messenger: FileMessenger) -> int:
    """Take out of the file what the outbox has forgotten; how many letters. What is written meanwhile stays."""
    written = await asyncio.to_thread(messenger.keys)
    kept = await database.read(lambda session: set(session.scalars(select(t.Message.key))))
    over = written - kept
    return await asyncio.to_thread(messenger.drop, over) if over else 0


def _mask_orders(session: Session, before: datetime, batch: int) -> int:
    """Recipient, phone, address and note of orders that are over or forgotten by everybody."""
    order = t.Order
    personal = or_(*(column != "" for column in (order.recipient, order.phone, order.address, order.note)))
    ids = session.scalars(select(order.id).where(_old_order(before), personal).limit(batch)).all()
    session.execute(update(order).where(order.id.in_(ids)).values(recipient="", phone="", address="", note=""))
    session.execute(update(t.Invoice).where(t.Invoice.order_id.in_(ids)).values(title=""))
    return len(ids)


def _delete_orders(session: Session, before: datetime, batch: int) -> int:
    """Orders that nothing of ours refers to, with everything that hangs on them."""
    ours = (t.LedgerEntry, t.Ticket, t.Callback, t.Promise, t.Contact, t.Coupon)
    free = [~select(table.id).where(table.order_id == t.Order.id).exists() for table in ours]
    ids = session.scalars(select(t.Order.id).where(_old_order(before), *free).limit(batch)).all()
    shipments = select(t.Shipment.id).where(t.Shipment.order_id.in_(ids))
    session.execute(delete(t.Scan).where(t.Scan.shipment_id.in_(shipments)))
    session.execute(delete(t.Coupon).where(t.Coupon.intended_order_id.in_(ids)))
    for table in (t.Item, t.Shipment, t.Payment, t.Refund, t.Invoice):
        session.execute(delete(table).where(table.order_id.in_(ids)))
    session.execute(delete(t.Order).where(t.Order.id.in_(ids)))
    return len(ids)


def _mask_customers(session: Session, before: datetime, batch: int) -> int:
    """Customers without a younger order, contact or open ticket: their name, addresses and phones."""
    wanted = select(t.Customer.id).where(
        t.Customer.name != "",
        t.Customer.created_at < before,
        ~select(t.Order.id).where(t.Order.customer_id == t.Customer.id, ~_old_order(before)).exists(),
        ~select(t.Contact.id).where(t.Contact.customer_id == t.Customer.id, t.Contact.at >= before).exists(),
        ~select(t.Ticket.id).where(t.Ticket.customer_id == t.Customer.id, t.Ticket.closed_at.is_(None)).exists(),
    )
    ids = session.scalars(wanted.limit(batch)).all()
    session.execute(delete(t.Address).where(t.Address.customer_id.in_(ids)))
    # Who wants no messages, and whose account is frozen, must be known by their phone when they come back.
    known = select(t.Customer.id).where(t.Customer.messages_refused | t.Customer.frozen_at.is_not(None))
    session.execute(delete(t.Phone).where(t.Phone.customer_id.in_(ids), t.Phone.customer_id.not_in(known)))
    session.execute(update(t.Customer).where(t.Customer.id.in_(ids)).values(name="", email=None, backend_id=None))
    return len(ids)


def _old_order(before: datetime) -> ColumnElement[bool]:
    """Whether nothing has happened to an order since, and nothing about it is still open."""
    order, refund, entry = t.Order, t.Refund, t.LedgerEntry
    last = func.coalesce(order.cancelled_at, order.delivered_at, order.placed_at)
    coming = select(refund.id).where(
        refund.order_id == order.id, refund.state != "failed", refund.arrived_at.is_(None), refund.due_at >= before
    )
    ticket = select(t.Ticket.id).where(t.Ticket.order_id == order.id, t.Ticket.closed_at.is_(None))
    states = [state.value for state in OPEN_STATES]
    acting = select(entry.id).where(entry.order_id == order.id, entry.state.in_(states))
    return (order.placed_at < before) & (last < before) & ~coming.exists() & ~ticket.exists() & ~acting.exists()


def _delete_contacts(session: Session, before: datetime, batch: int) -> int:
    return _delete(session, t.Contact, select(t.Contact.id).where(t.Contact.at < before), batch)


def _delete_verifications(session: Session, before: datetime, batch: int) -> int:
    return _delete(session, t.Verification, select(t.Verification.id).where(t.Verification.at < before), batch)


def _delete_messages(session: Session, before: datetime, batch: int) -> int:
    """What was sent, refused or given up; what still waits is sent first."""
    over = t.Message.state.in_(("sent", "refused", "failed"))
    return _delete(session, t.Message, select(t.Message.id).where(over, t.Message.created_at < before), batch)


def _delete(session: Session, table: type[t.Base], ids: Select[tuple[int]], batch: int) -> int:
    found = session.scalars(ids.limit(batch)).all()
    session.execute(delete(table).where(table.__table__.c.id.in_(found)))
    return len(found)


def _mask_ledger(session: Session, before: datetime, batch: int) -> int:
    """Addresses, phones and notes that callers gave; `masked` marks who has been here."""
    entry = t.LedgerEntry
    states = [state.value for state in OPEN_STATES]
    old = (entry.changed_at < before, entry.state.not_in(states), entry.details["masked"].as_string().is_(None))
    rows = session.scalars(select(entry).where(*old).limit(batch)).all()
    for row in rows:
        kept = {name: value for name, value in row.details.items() if name not in _PERSONAL_DETAILS}
        phone = masked_phone(str(kept.get("phone_of_caller", "")))
        row.details = {**kept, "phone_of_caller": phone, "masked": "yes"}
    return len(rows)


def _mask_tickets(session: Session, before: datetime, batch: int) -> int:
    wanted = select(t.Ticket).where(t.Ticket.closed_at < before, _in_clear(t.Ticket.phone))
    return _mask_phones(session.scalars(wanted.limit(batch)).all())


def _mask_callbacks(session: Session, before: datetime, batch: int) -> int:
    wanted = select(t.Callback).where(t.Callback.done_at < before, _in_clear(t.Callback.phone))
    return _mask_phones(session.scalars(wanted.limit(batch)).all())


def _in_clear(phone: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return (phone != "") & ~phone.contains("*", autoescape=True)


def _mask_phones(rows: Sequence[t.Ticket] | Sequence[t.Callback]) -> int:
    for row in rows:
        row.phone = masked_phone(row.phone)
    return len(rows)


_STEPS: dict[str, tuple[str, Step]] = {
    "contacts deleted": ("contacts", _delete_contacts),
    "verifications deleted": ("contacts", _delete_verifications),
    "messages deleted": ("messages", _delete_messages),
    "actions masked": ("settled", _mask_ledger),
    "tickets masked": ("settled", _mask_tickets),
    "callbacks masked": ("settled", _mask_callbacks),
    "orders deleted": ("mirrored_orders", _delete_orders),
    "orders masked": ("mirrored_orders", _mask_orders),
    "customers masked": ("mirrored_orders", _mask_customers),
}
