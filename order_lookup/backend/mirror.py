"""What the backend says, written into our tables; what we know ourselves (ledger, tickets, contacts) stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.backend.contract import CustomerSaid, OrderSaid, RefundSaid, ShipmentSaid
from order_lookup.errors import BrokenError
from order_lookup.phones import normal_phone
from order_lookup.policies import ShopPolicies
from order_lookup.words import Action, LedgerState, Stage


class Mirror:
    """Writes one order; times without a zone are the shop's."""

    def __init__(self, session: Session, policies: ShopPolicies, now: datetime) -> None:
        self._session, self._policies, self._now = session, policies, now
        self._zone: ZoneInfo = policies.shop.zone

    def save(self, said: OrderSaid) -> None:
        """Take over an order with everything that hangs on it."""
        customer = self._customer(said.customer, said.currency)
        merchant_id = self._merchant(said.merchant)
        order = self._session.scalar(select(t.Order).where(t.Order.number == said.number).with_for_update())
        if order is None:
            order = t.Order(number=said.number)
        with self._session.no_autoflush:
            self._fill(order, said, customer)
        order.merchant_id = merchant_id
        self._session.add(order)
        self._session.flush()
        self._replace_parts(order, said)
        self._refunds(order, said.refunds)
        self._coupons(order, said, customer)

    def _customer(self, said: CustomerSaid, currency: str) -> t.Customer:
        phones = list(dict.fromkeys(phone for text in said.phones if (phone := normal_phone(text))))
        if not phones:
            raise BrokenError("the backend's customer has no phone that could be one")
        customer = self._known(said.id, phones)
        if customer is None:
            customer = t.Customer(created_at=self._now)
            self._session.add(customer)
        customer.backend_id = said.id or customer.backend_id
        customer.name, customer.tier, customer.language = said.name, said.tier.value, said.language
        customer.elder, customer.messages_refused = said.elder, customer.messages_refused or said.messages_refused
        customer.currency, customer.spend_year_minor = currency, said.spend_year_minor
        self._session.flush()
        if said.id:
            held = t.Phone.number.in_(phones) & (t.Phone.customer_id != customer.id)
            left = t.Phone.number.not_in(phones) & (t.Phone.customer_id == customer.id)
            self._session.execute(delete(t.Phone).where(held | left))
        known = set(self._session.scalars(select(t.Phone.number).where(t.Phone.number.in_(phones))))
        self._session.add_all(t.Phone(customer_id=customer.id, number=n) for n in phones if n not in known)
        return customer

    def _known(self, backend_id: str, phones: list[str]) -> t.Customer | None:
        """The customer of an id; else of a phone, unless the backend knows that one by another id."""
        owner = select(t.Customer).join(t.Phone).where(t.Phone.number.in_(phones)).order_by(t.Customer.id)
        if backend_id:
            row = self._session.scalar(select(t.Customer).where(t.Customer.backend_id == backend_id))
            if row is not None:
                return row
            owner = owner.where(t.Customer.backend_id.is_(None))
        return self._session.scalars(owner.limit(1)).first()

    def _fill(self, order: t.Order, said: OrderSaid, customer: t.Customer) -> None:
        plain = said.model_dump(
            include={"currency", "total_minor", "delivery_fee_minor", "opened", "recipient", "address", "note"}
        )
        for name, value in plain.items():
            setattr(order, name, value)
        for name in ("placed", "paid", "accepted", "promised", "dispatched", "delivered", "cancelled"):
            setattr(order, f"{name}_at", self._at(getattr(said, f"{name}_at")))
        order.customer_id, order.kind = customer.id, said.kind.value
        order.phone = normal_phone(said.phone)
        if not self._cancelled_here(order):
            order.stage = said.stage.value

    def _cancelled_here(self, order: t.Order) -> bool:
        """Whether we have cancelled it: a backend that lags behind doesn't bring it back to life."""
        if order.id is None or order.stage != Stage.CANCELLED:
            return False
        done = select(t.LedgerEntry.id).where(
            t.LedgerEntry.order_id == order.id,
            t.LedgerEntry.action == Action.CANCEL.value,
            t.LedgerEntry.state == LedgerState.DONE.value,
        )
        return self._session.scalar(done.limit(1)) is not None

    def _merchant(self, name: str) -> int | None:
        if not name:
            return None
        row = self._session.scalars(select(t.Merchant).where(t.Merchant.name == name).limit(1)).first()
        if row is None:
            row = t.Merchant(name=name, phone="")
            self._session.add(row)
            self._session.flush()
        return row.id

    def _replace_parts(self, order: t.Order, said: OrderSaid) -> None:
        """Parts that only the backend knows are taken over as a whole."""
        shipments = select(t.Shipment.id).where(t.Shipment.order_id == order.id)
        self._session.execute(delete(t.Scan).where(t.Scan.shipment_id.in_(shipments)))
        for table in (t.Item, t.Shipment, t.Payment, t.Invoice):
            self._session.execute(delete(table).where(table.order_id == order.id))
        for item in said.items:
            values = item.model_dump() | {"name_en": item.name_en or item.name}
            values["price_now_minor"] = item.price_minor if item.price_now_minor is None else item.price_now_minor
            self._session.add(t.Item(order_id=order.id, **values))
        for payment in said.payments:
            values = payment.model_dump() | {"paid_at": self._at(payment.paid_at)}
            self._session.add(t.Payment(order_id=order.id, **values))
        for invoice in said.invoices:
            asked = self._at(invoice.requested_at) or self._now
            due = self._at(invoice.due_at) or asked + timedelta(days=self._policies.situations.invoice_days)
            issued = self._at(invoice.issued_at)
            self._session.add(
                t.Invoice(order_id=order.id, title=invoice.title, requested_at=asked, due_at=due, issued_at=issued)
            )
        if said.shipment is not None:
            self._shipment(order, said.shipment)

    def _shipment(self, order: t.Order, said: ShipmentSaid) -> None:
        row = t.Shipment(
            order_id=order.id,
            carrier=said.carrier,
            tracking=said.tracking,
            proof=said.proof,
            metres_left=said.metres_left,
            courier_id=self._courier(said.courier),
            courier_moved_at=self._at(said.courier_moved_at),
            courier_cancelled_at=self._at(said.courier_cancelled_at),
            eta_at=self._at(said.eta_at),
            created_at=self._now,
        )
        row.scans = [t.Scan(at=self._at(scan.at), code=scan.code, place=scan.place) for scan in said.scans]
        self._session.add(row)

    def _courier(self, name: str | None) -> int | None:
        if not name:
            return None
        row = self._session.scalars(select(t.Courier).where(t.Courier.name == name).limit(1)).first()
        if row is None:
            row = t.Courier(name=name, phone="")
            self._session.add(row)
            self._session.flush()
        return row.id

    def _refunds(self, order: t.Order, said: list[RefundSaid]) -> None:
        """Theirs are taken over; ours stay, and learn from theirs (by the receipt) when the money has arrived."""
        theirs = (t.Refund.order_id == order.id) & t.Refund.ledger_id.is_(None)
        self._session.execute(delete(t.Refund).where(theirs))
        ours = {
            row.reference: row
            for row in self._session.scalars(select(t.Refund).where(t.Refund.order_id == order.id))
            if row.reference
        }
        for refund in said:
            asked = self._at(refund.requested_at) or self._now
            due = self._at(refund.due_at) or asked + timedelta(days=self._policies.situations.refund_days)
            arrived = self._at(refund.arrived_at)
            if refund.reference in ours:
                ours[refund.reference].arrived_at = arrived
                ours[refund.reference].due_at = due
                continue
            row = t.Refund(order_id=order.id, amount_minor=refund.amount_minor, reason=refund.reason)
            row.state, row.requested_at, row.due_at = refund.state, asked, due
            row.arrived_at, row.reference = arrived, refund.reference
            self._session.add(row)

    def _coupons(self, order: t.Order, said: OrderSaid, customer: t.Customer) -> None:
        for coupon in said.coupons:
            row = self._session.scalar(select(t.Coupon).where(t.Coupon.code == coupon.code))
            if row is None:
                row = t.Coupon(code=coupon.code, customer_id=customer.id, intended_order_id=order.id)
                row.amount_minor, row.currency, row.reason = coupon.amount_minor, said.currency, "promotion"
                row.issued_at = row.expires_at = self._now
                self._session.add(row)
            row.expires_at = self._at(coupon.expires_at) or self._now
            row.used_at = (row.used_at or self._now) if coupon.used else None

    def _at(self, moment: datetime | None) -> Any:
        if moment is None or moment.tzinfo is not None:
            return moment
        return moment.replace(tzinfo=self._zone)
