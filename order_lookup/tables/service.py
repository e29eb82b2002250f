"""What passed between us and the customers: contacts, tickets, callbacks, promises, verifications, special periods."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from order_lookup.tables.columns import Base, Id, Name, Word, link


class Contact(Base):
    """A call, and how it ended."""

    __tablename__ = "shop_contacts"
    __table_args__ = (Index("ix_shop_contacts_phone_at", "phone", "at"),)
    id: Mapped[Id]
    call_id: Mapped[str] = mapped_column(String(80), unique=True)
    customer_id: Mapped[int | None] = link("customers")
    order_id: Mapped[int | None] = link("orders")
    phone: Mapped[str] = mapped_column(String(20))
    intent: Mapped[Word]
    outcome: Mapped[Word]
    solved: Mapped[bool]
    at: Mapped[datetime]


class Ticket(Base):
    """A matter that somebody owns until it is closed."""

    __tablename__ = "shop_tickets"
    __table_args__ = (Index("ix_shop_tickets_state_due", "state", "due_at"),)
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    customer_id: Mapped[int | None] = link("customers")
    order_id: Mapped[int | None] = link("orders")
    phone: Mapped[str] = mapped_column(String(20))
    category: Mapped[Word]
    subcategory: Mapped[Word]
    queue: Mapped[Word]
    priority: Mapped[int]
    state: Mapped[Word]
    summary: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None] = mapped_column(index=True)
    escalated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    entries: Mapped[list[TicketEntry]] = relationship(lazy="raise")


class TicketEntry(Base):
    """A line of a ticket's history; never changed."""

    __tablename__ = "shop_ticket_entries"
    id: Mapped[Id]
    ticket_id: Mapped[int] = link("tickets")
    at: Mapped[datetime]
    author: Mapped[Name]
    kind: Mapped[Word]
    text: Mapped[str] = mapped_column(Text)


class Callback(Base):
    """We call back."""

    __tablename__ = "shop_callbacks"
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    customer_id: Mapped[int | None] = link("customers")
    order_id: Mapped[int | None] = link("orders")
    ticket_id: Mapped[int | None] = link("tickets")
    phone: Mapped[str] = mapped_column(String(20))
    queue: Mapped[Word]
    due_at: Mapped[datetime] = mapped_column(index=True)
    booked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Promise(Base):
    """Something a customer was told would happen by a time."""

    __tablename__ = "shop_promises"
    __table_args__ = (Index("ix_shop_promises_open", "kept_at", "due_at"),)
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    call_id: Mapped[str] = mapped_column(String(80))
    customer_id: Mapped[int | None] = link("customers")
    order_id: Mapped[int | None] = link("orders")
    what: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    kept_at: Mapped[datetime | None]


class Verification(Base):
    """An attempt to show who is calling; `about`: the order that was named, whether it exists or not."""

    __tablename__ = "shop_verifications"
    __table_args__ = (Index("ix_shop_verifications_phone_at", "phone", "at"),)
    id: Mapped[Id]
    call_id: Mapped[str] = mapped_column(String(80), index=True)
    phone: Mapped[str] = mapped_column(String(20))
    customer_id: Mapped[int | None] = link("customers")
    about: Mapped[str] = mapped_column(String(40), default="", server_default="", index=True)
    claimed: Mapped[str] = mapped_column(String(80))
    passed: Mapped[bool]
    level: Mapped[int]
    at: Mapped[datetime]


class SpecialPeriod(Base):
    """A storm, a sale, a holiday declared by operations beside the calendar of policies.yaml."""

    __tablename__ = "shop_special_periods"
    id: Mapped[Id]
    name: Mapped[Word]
    rule: Mapped[Word]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
