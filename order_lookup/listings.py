"""What the clerk shows: orders, actions, promises and tickets, as frozen rows of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from order_lookup import facts as f
from order_lookup import tables as t
from order_lookup.words import Situation


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its customer and what is unusual about it."""

    order: f.OrderFacts
    customer: f.CustomerFacts | None
    situations: frozenset[Situation]
    contacts: tuple[f.ContactFacts, ...]


@dataclass(frozen=True, slots=True)
class ActionView:
    """A line of the ledger."""

    key: str
    action: str
    state: str
    order_number: str | None
    amount_minor: int
    currency: str
    rule: str
    attempts: int
    planned_at: datetime
    changed_at: datetime
    receipt: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class PromiseView:
    """Something a customer was told; overdue once `due_at` has passed."""

    id: int
    what: str
    phone: str
    order_number: str | None
    made_at: datetime
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class TicketLine:
    """What was done about a ticket: `kind` is opened, note, reminder, escalated or closed."""

    at: datetime
    author: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with its history, oldest line first."""

    number: str
    category: str
    subcategory: str
    queue: str
    priority: int
    state: str
    summary: str
    phone: str
    order_number: str | None
    opened_at: datetime
    due_at: datetime
    escalated_at: datetime | None
    closed_at: datetime | None
    overdue: bool
    history: tuple[TicketLine, ...] = ()
    owner: str = ""  # who wrote the last line that a person wrote


def action_view(row: t.LedgerEntry, number: str | None) -> ActionView:
    """A row of the ledger."""
    return ActionView(
        row.key,
        row.action,
        row.state,
        number,
        row.amount_minor,
        row.currency,
        row.rule,
        row.attempts,
        row.planned_at,
        row.changed_at,
        row.receipt,
        row.problem,
    )


def ticket_view(row: t.Ticket, number: str | None, now: datetime) -> TicketView:
    """A ticket without its history."""
    return TicketView(
        row.number,
        row.category,
        row.subcategory,
        row.queue,
        row.priority,
        row.state,
        row.summary,
        row.phone,
        number,
        row.opened_at,
        row.due_at,
        row.escalated_at,
        row.closed_at,
        overdue=row.closed_at is None and row.due_at < now,
    )
