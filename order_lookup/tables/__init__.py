"""The tables of the order desk, all named shop_…, beside whatever else lives in the same database."""

from order_lookup.tables.columns import Base, UtcTime
from order_lookup.tables.customers import Address, Coupon, Customer, Phone
from order_lookup.tables.orders import Courier, Invoice, Item, Merchant, Order, Payment, Refund, Scan, Shipment
from order_lookup.tables.service import Callback, Contact, Promise, SpecialPeriod, Ticket, TicketEntry, Verification
from order_lookup.tables.work import LedgerEntry, Message

__all__ = [
    "Address",
    "Base",
    "Callback",
    "Contact",
    "Coupon",
    "Courier",
    "Customer",
    "Invoice",
    "Item",
    "LedgerEntry",
    "Merchant",
    "Message",
    "Order",
    "Payment",
    "Phone",
    "Promise",
    "Refund",
    "Scan",
    "Shipment",
    "SpecialPeriod",
    "Ticket",
    "TicketEntry",
    "UtcTime",
    "Verification",
]
