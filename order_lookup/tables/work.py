"""What is to be done once: the action ledger and the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from order_lookup.tables.columns import Base, Currency, Id, Minor, Word, link


class LedgerEntry(Base):
    """An action and how far it has come; the key makes it once."""

    __tablename__ = "shop_ledger"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        Index("ix_shop_ledger_state_changed", "state", "changed_at"),
    )
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    call_id: Mapped[str] = mapped_column(String(80), index=True)
    intent: Mapped[Word]
    action: Mapped[Word]
    order_id: Mapped[int | None] = link("orders")
    customer_id: Mapped[int | None] = link("customers")
    amount_minor: Mapped[Minor] = mapped_column(default=0)
    currency: Mapped[Currency]
    details: Mapped[dict[str, Any]]
    state: Mapped[Word]
    rule: Mapped[str] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    planned_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    receipt: Mapped[str | None] = mapped_column(String(120))
    problem: Mapped[str | None] = mapped_column(Text)


class Message(Base):
    """A written confirmation on its way to a customer."""

    __tablename__ = "shop_outbox"
    __table_args__ = (Index("ix_shop_outbox_state_next", "state", "next_at"),)
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    customer_id: Mapped[int | None] = link("customers")
    phone: Mapped[str] = mapped_column(String(60))  # or whom of the staff it is for: staff:after_sales
    template: Mapped[Word]
    language: Mapped[str] = mapped_column(String(8))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)
