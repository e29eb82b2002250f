"""Orders with their items, deliveries, payments, refunds and invoices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from order_lookup.tables.columns import Base, Currency, Id, Minor, Name, WideInteger, Word, link


class Merchant(Base):
    """A shop or a restaurant."""

    __tablename__ = "shop_merchants"
    id: Mapped[Id]
    name: Mapped[Name]
    phone: Mapped[str] = mapped_column(String(20))


class Courier(Base):
    """Who carries."""

    __tablename__ = "shop_couriers"
    id: Mapped[Id]
    name: Mapped[Name]
    phone: Mapped[str] = mapped_column(String(20))


class Order(Base):
    """An order of goods (parcel) or of a meal (food)."""

    __tablename__ = "shop_orders"
    # By number; by phone and tail through the customer, newest first.
    __table_args__ = (
        Index("ix_shop_orders_customer_placed", "customer_id", "placed_at"),
        CheckConstraint("total_minor >= 0", name="total_not_negative"),
    )
    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[int] = mapped_column(WideInteger, ForeignKey("shop_customers.id"))
    merchant_id: Mapped[int | None] = link("merchants")
    kind: Mapped[Word]
    stage: Mapped[Word]
    currency: Mapped[Currency]
    total_minor: Mapped[Minor]
    delivery_fee_minor: Mapped[Minor] = mapped_column(default=0)
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    promised_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    opened: Mapped[bool] = mapped_column(default=False)
    recipient: Mapped[Name]
    phone: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(400))
    note: Mapped[str] = mapped_column(String(400), default="")
    items: Mapped[list[Item]] = relationship(lazy="raise")
    shipments: Mapped[list[Shipment]] = relationship(lazy="raise")
    payments: Mapped[list[Payment]] = relationship(lazy="raise")
    refunds: Mapped[list[Refund]] = relationship(lazy="raise")
    invoices: Mapped[list[Invoice]] = relationship(lazy="raise")


class Item(Base):
    """A line of an order; `price_now_minor` is what the shop asks today."""

    __tablename__ = "shop_items"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
    )
    id: Mapped[Id]
    order_id: Mapped[int] = link("orders")
    name: Mapped[Name]
    name_en: Mapped[Name]
    quantity: Mapped[int]
    price_minor: Mapped[Minor]
    price_now_minor: Mapped[Minor]
    fresh: Mapped[bool] = mapped_column(default=False)
    in_stock: Mapped[bool] = mapped_column(default=True)


class Shipment(Base):
    """One delivery of an order, by a carrier or a courier."""

    __tablename__ = "shop_shipments"
    id: Mapped[Id]
    order_id: Mapped[int] = link("orders")
    carrier: Mapped[Name]
    tracking: Mapped[str | None] = mapped_column(String(40), unique=True)
    courier_id: Mapped[int | None] = link("couriers")
    proof: Mapped[Word] = mapped_column(default="none")
    metres_left: Mapped[int | None]
    courier_moved_at: Mapped[datetime | None]
    courier_cancelled_at: Mapped[datetime | None]
    eta_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    scans: Mapped[list[Scan]] = relationship(lazy="raise")


class Scan(Base):
    """A parcel was seen somewhere."""

    __tablename__ = "shop_scans"
    id: Mapped[Id]
    shipment_id: Mapped[int] = link("shipments")
    at: Mapped[datetime]
    code: Mapped[Word]
    place: Mapped[Name]


class Payment(Base):
    """Money that came in."""

    __tablename__ = "shop_payments"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)
    id: Mapped[Id]
    order_id: Mapped[int] = link("orders")
    method: Mapped[Word]
    amount_minor: Mapped[Minor]
    paid_at: Mapped[datetime]
    reference: Mapped[str] = mapped_column(String(64), unique=True)


class Refund(Base):
    """Money that goes back; its state follows the ledger entry that asked for it."""

    __tablename__ = "shop_refunds"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)
    id: Mapped[Id]
    order_id: Mapped[int] = link("orders")
    ledger_id: Mapped[int | None] = link("ledger")
    amount_minor: Mapped[Minor]
    reason: Mapped[Word]
    state: Mapped[Word]
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]
    reference: Mapped[str | None] = mapped_column(String(120))


class Invoice(Base):
    """An invoice somebody asked for."""

    __tablename__ = "shop_invoices"
    id: Mapped[Id]
    order_id: Mapped[int] = link("orders")
    title: Mapped[Name]
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
