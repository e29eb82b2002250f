"""Customers with their phones, addresses and coupons."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from order_lookup.tables.columns import Base, Currency, Id, Minor, Name, Word, link


class Customer(Base):
    """Somebody who orders; `backend_id` is what the shop's own backend calls them."""

    __tablename__ = "shop_customers"
    id: Mapped[Id]
    backend_id: Mapped[str | None] = mapped_column(String(80), unique=True, index=True)
    name: Mapped[Name]
    tier: Mapped[Word]
    language: Mapped[str] = mapped_column(String(8))
    elder: Mapped[bool] = mapped_column(default=False)
    currency: Mapped[Currency]
    spend_year_minor: Mapped[Minor] = mapped_column(default=0)
    email: Mapped[str | None] = mapped_column(String(200))
    messages_refused: Mapped[bool] = mapped_column(default=False)
    frozen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    phones: Mapped[list[Phone]] = relationship(back_populates="customer", lazy="raise")


class Phone(Base):
    """A telephone number, in normal form, of one customer."""

    __tablename__ = "shop_phones"
    id: Mapped[Id]
    customer_id: Mapped[int] = link("customers")
    number: Mapped[str] = mapped_column(String(20), unique=True)
    customer: Mapped[Customer] = relationship(back_populates="phones", lazy="raise")


class Address(Base):
    """Where a customer has things sent."""

    __tablename__ = "shop_addresses"
    id: Mapped[Id]
    customer_id: Mapped[int] = link("customers")
    recipient: Mapped[Name]
    text: Mapped[str] = mapped_column(String(400))


class Coupon(Base):
    """Money off: given to a customer, perhaps because of an order, perhaps meant for one (`intended_order_id`)."""

    __tablename__ = "shop_coupons"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)
    id: Mapped[Id]
    customer_id: Mapped[int] = link("customers")
    order_id: Mapped[int | None] = link("orders")
    intended_order_id: Mapped[int | None] = link("orders")
    code: Mapped[str] = mapped_column(String(40), unique=True)
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    reason: Mapped[Word]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
