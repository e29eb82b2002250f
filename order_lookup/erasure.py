"""One person's data, erased because they asked for it (PIPL article 47, GDPR article 17).

How it works. `trace` finds customers and calls behind telephone numbers. `matters` names what is still open: its call stays as it
is, and as long as there is any, so does the customer. `erase` then works inside the transaction it is given, with everything else
that is erased: all of it is done or nothing. What a shop must be able to account for stays without the person: that an order was
placed, for how much, when, and what was done about it. Run twice, it does nothing the second time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, Session

from order_lookup import tables as t
from order_lookup.phones import notations
from order_lookup.words import OPEN_STATES, Stage

# What a ledger entry needs to account for what was done; everything else in its details was said by somebody.
_ACCOUNTING = frozenset({"offer", "item", "ticket", "queue", "masked"})
_UNDER_WAY = tuple(stage.value for stage in (Stage.PAID, Stage.ACCEPTED, Stage.DISPATCHED))
_OPEN = tuple(state.value for state in OPEN_STATES)
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Trace:
    """What belongs to one person: their numbers in every notation, accounts, orders, calls."""

    numbers: frozenset[str]
    customers: frozenset[int]
    orders: frozenset[int]
    calls: frozenset[str]


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that is still open, and the call it came up in."""

    what: str
    call_id: str = ""


def numbers_of(session: Session, calls: Collection[str], ticket: str = "") -> frozenset[str]:
    """The telephone numbers behind calls or a ticket, as they were kept."""
    found: set[str] = set()
    for table in (t.Contact, t.Verification):
        found |= set(session.scalars(select(table.phone).where(table.call_id.in_(calls))))
    for kept in (t.Ticket, t.Callback):
        for call_id in calls:
            found |= set(session.scalars(select(kept.phone).where(_of_call(kept.key, call_id))))
    if ticket:
        found |= set(session.scalars(select(t.Ticket.phone).where(t.Ticket.number == ticket)))
    details = session.scalars(select(t.LedgerEntry.details).where(t.LedgerEntry.call_id.in_(calls)))
    found |= {str(each.get("phone_of_caller", "")) for each in details}
    return frozenset(phone for phone in found if phone and "*" not in phone)


def call_of_ticket(session: Session, ticket: str) -> str | None:
    """The call in which a ticket was opened; None when there is no such ticket."""
    key = session.scalar(select(t.Ticket.key).where(t.Ticket.number == ticket))
    return None if key is None else key.partition(":")[0]


def trace(session: Session, numbers: Collection[str], calls: Collection[str]) -> Trace:
    """Everything that leads from numbers and calls to one person; a customer has all their numbers."""
    forms = frozenset(form for number in numbers for form in notations(number))
    customers = set(session.scalars(select(t.Phone.customer_id).where(t.Phone.number.in_(forms))))
    own = session.scalars(select(t.Phone.number).where(t.Phone.customer_id.in_(customers)))
    forms |= {form for number in own for form in notations(number)}
    orders = set(session.scalars(select(t.Order.id).where(t.Order.customer_id.in_(customers))))
    found = _calls(session, forms, customers)
    others = select(t.Contact.call_id).where(
        t.Contact.phone != "",
        t.Contact.phone.not_in(forms),
        t.Contact.customer_id.is_(None) | t.Contact.customer_id.not_in(customers),
    )
    found -= set(session.scalars(others.where(t.Contact.call_id.in_(found))))
    return Trace(
        forms, frozenset(customers), frozenset(orders | _delivered_to(session, forms)), frozenset(found | {*calls})
    )


def _calls(session: Session, forms: frozenset[str], customers: set[int]) -> set[str]:
    """In which a number or a customer of theirs stands; somebody else may have named them."""
    entry = t.LedgerEntry
    called = entry.details["phone_of_caller"].as_string().in_(forms)
    found = set(session.scalars(select(entry.call_id).where(called | entry.customer_id.in_(customers))))
    found |= set(
        session.scalars(
            select(t.Contact.call_id).where(t.Contact.phone.in_(forms) | t.Contact.customer_id.in_(customers))
        )
    )
    found |= set(session.scalars(select(t.Verification.call_id).where(t.Verification.phone.in_(forms))))
    found |= set(session.scalars(select(t.Promise.call_id).where(t.Promise.customer_id.in_(customers))))
    for kept in (t.Ticket, t.Callback):
        theirs = kept.phone.in_(forms) | kept.customer_id.in_(customers)
        found |= {key.partition(":")[0] for key in session.scalars(select(kept.key).where(theirs))}
    return found


def _delivered_to(session: Session, forms: frozenset[str]) -> set[int]:
    """Orders of whomever that went to one of the numbers; a shop may have written it with blanks and country code."""
    found = set()
    for ending in {form[-2:] for form in forms}:
        likely = select(t.Order.id, t.Order.phone).where(t.Order.phone.endswith(ending, autoescape=True))
        found |= {row_id for row_id, phone in session.execute(likely).tuples() if notations(phone) & forms}
    return found


def matters(session: Session, whose: Trace, copies: bool) -> list[Matter]:
    """What is still open; with `copies` orders are the backend's, which knows by itself where to deliver."""
    found = []
    tickets = select(t.Ticket.number, t.Ticket.key).where(t.Ticket.closed_at.is_(None))
    for number, key in session.execute(tickets.where(t.Ticket.id.in_(_ids(session, t.Ticket, whose)))).tuples():
        found.append(Matter(f"ticket {number}", key.partition(":")[0]))
    owed = select(t.Callback.id, t.Callback.key).where(t.Callback.done_at.is_(None))
    for row_id, key in session.execute(owed.where(t.Callback.id.in_(_ids(session, t.Callback, whose)))).tuples():
        found.append(Matter(f"call-back {row_id}", key.partition(":")[0]))
    acting = t.LedgerEntry.state.in_(_OPEN) & _entries(whose, whose.calls)
    for action, call_id in session.execute(select(t.LedgerEntry.action, t.LedgerEntry.call_id).where(acting)).tuples():
        found.append(Matter(f"action {action} in call {call_id}", call_id))
    if not copies:
        moving = t.Order.stage.in_(_UNDER_WAY) & t.Order.id.in_(whose.orders)
        found += [Matter(f"order {number}") for number in session.scalars(select(t.Order.number).where(moving))]
    return found


def erase(session: Session, whose: Trace, kept_calls: Collection[str], whole: bool) -> Mapping[str, int]:
    """Erase all but what belongs to calls whose matters are open, and with `whole` the customer, too; how many of each kind."""
    calls = whose.calls - frozenset(kept_calls)
    done = {
        "contacts and identity checks": _delete_contacts(session, whose, calls, whole),
        "messages": _run(session, delete(t.Message).where(_messages(whose))),
        "tickets": _clear_tickets(session, whose, calls),
        "call-backs": _clear_callbacks(session, whose, calls),
        "actions": _clear_ledger(session, whose, calls),
    }
    if whole:
        done["orders"] = _clear_orders(session, whose)
        done["customers"] = _clear_customers(session, whose)
    return done


def _ids(session: Session, table: type[t.Ticket] | type[t.Callback], whose: Trace) -> set[int]:
    """Tickets or call-backs of a person, or of their calls: a call-back may be to another number than the one that called."""
    theirs = select(table.id).where(table.phone.in_(whose.numbers) | table.customer_id.in_(whose.customers))
    found, calls = set(session.scalars(theirs)), sorted(whose.calls)
    for place in range(0, len(calls), _CHUNK):
        of_calls = or_(*(_of_call(table.key, call_id) for call_id in calls[place : place + _CHUNK]))
        found |= set(session.scalars(select(table.id).where(of_calls)))
    return found


def _closed(
    session: Session, table: type[t.Ticket] | type[t.Callback], whose: Trace, calls: frozenset[str]
) -> set[int]:
    """Those that are closed, and whose call is not kept for something else."""
    over = t.Ticket.closed_at.is_not(None) if table is t.Ticket else t.Callback.done_at.is_not(None)
    wanted = select(table.id, table.key).where(over, table.id.in_(_ids(session, table, whose)))
    kept = whose.calls - calls
    return {row_id for row_id, key in session.execute(wanted).tuples() if key.partition(":")[0] not in kept}


def _of_call(key: InstrumentedAttribute[str], call_id: str) -> ColumnElement[bool]:
    return key.startswith(f"{call_id}:", autoescape=True)


def _entries(whose: Trace, calls: frozenset[str]) -> ColumnElement[bool]:
    return t.LedgerEntry.customer_id.in_(whose.customers) | t.LedgerEntry.call_id.in_(calls)


def _messages(whose: Trace) -> ColumnElement[bool]:
    return t.Message.customer_id.in_(whose.customers) | t.Message.phone.in_(whose.numbers)


def _delete_contacts(session: Session, whose: Trace, calls: frozenset[str], whole: bool) -> int:
    """Not of calls that stay: by them they are found again. What others claimed of the customer goes with the customer."""
    checked: ColumnElement[bool] = t.Verification.call_id.in_(calls)
    if whole:
        checked |= t.Verification.customer_id.in_(whose.customers)
    contacts = _run(session, delete(t.Contact).where(t.Contact.call_id.in_(calls)))
    return contacts + _run(session, delete(t.Verification).where(checked))


def _clear_tickets(session: Session, whose: Trace, calls: frozenset[str]) -> int:
    """Number, matter and times stay; who it was about and what was written about them go."""
    told = or_(t.Ticket.phone != "", t.Ticket.summary != "")
    closed = t.Ticket.id.in_(_closed(session, t.Ticket, whose, calls))
    ids = session.scalars(select(t.Ticket.id).where(closed, told)).all()
    session.execute(update(t.Ticket).where(t.Ticket.id.in_(ids)).values(phone="", summary=""))
    session.execute(update(t.TicketEntry).where(t.TicketEntry.ticket_id.in_(ids)).values(text=""))
    return len(ids)


def _clear_callbacks(session: Session, whose: Trace, calls: frozenset[str]) -> int:
    closed = t.Callback.id.in_(_closed(session, t.Callback, whose, calls))
    return _run(session, update(t.Callback).where(closed, t.Callback.phone != "").values(phone=""))


def _clear_ledger(session: Session, whose: Trace, calls: frozenset[str]) -> int:
    """Action, order, amount, receipt and times stay; addresses, numbers, notes and what a bank wrote about it go."""
    count, entry = 0, t.LedgerEntry
    named = entry.details["phone"].as_string().in_(whose.numbers)
    over = (_entries(whose, calls) | named) & entry.state.not_in(_OPEN) & entry.call_id.not_in(whose.calls - calls)
    for row in session.scalars(select(entry).where(over)):
        kept = {name: value for name, value in row.details.items() if name in _ACCOUNTING}
        if kept != row.details or row.problem:
            row.details, row.problem, count = kept, None, count + 1
    return count


def _clear_orders(session: Session, whose: Trace) -> int:
    order, theirs = t.Order, t.Order.id.in_(whose.orders)
    personal = or_(*(column != "" for column in (order.recipient, order.phone, order.address, order.note)))
    session.execute(update(t.Invoice).where(t.Invoice.order_id.in_(whose.orders)).values(title=""))
    nobody = {"recipient": "", "phone": "", "address": "", "note": ""}
    return _run(session, update(order).where(theirs, personal).values(**nobody))


def _clear_customers(session: Session, whose: Trace) -> int:
    """The account stays as a number that orders belong to, and as nobody's."""
    for table in (t.Address, t.Phone):
        session.execute(delete(table).where(table.customer_id.in_(whose.customers)))
    nobody = {"name": "", "email": None, "backend_id": None, "elder": False}
    named = t.Customer.id.in_(whose.customers) & (t.Customer.name != "")
    return _run(session, update(t.Customer).where(named).values(**nobody))


def _run(session: Session, statement: Any) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return max(0, result.rowcount)
