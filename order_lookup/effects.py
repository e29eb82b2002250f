"""What an action changes in the database, written in the transaction that marks it done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import service
from order_lookup import tables as t
from order_lookup.phones import normal_phone
from order_lookup.policies import ShopPolicies
from order_lookup.port import CallbackRequest, CallerRef, TicketRequest
from order_lookup.words import Action, Stage


@dataclass(frozen=True, slots=True)
class Work:
    """An entry whose time has come, with the order and customer it is about."""

    session: Session
    entry: t.LedgerEntry
    order: t.Order | None
    customer: t.Customer | None
    now: datetime
    policies: ShopPolicies

    def detail(self, name: str) -> str:
        """A detail the caller gave."""
        return str(self.entry.details.get(name, ""))


def write(work: Work) -> None:
    """The effects of an entry."""
    if (effect := _EFFECTS.get(Action(work.entry.action))) is not None:
        effect(work)


def _cancel(work: Work) -> None:
    if work.order is not None:
        work.order.stage = Stage.CANCELLED.value
        work.order.cancelled_at = work.now


def _coupon(work: Work) -> None:
    if work.customer is None:
        return
    if work.detail("offer") == "coupon_again":
        _use_up(work)
    reasons = {"coupon_late": "late", "coupon_goodwill": "goodwill", "coupon_again": "not_applied"}
    work.session.add(
        t.Coupon(
            customer_id=work.customer.id,
            order_id=work.order.id if work.order is not None else None,
            code=f"C{work.entry.id:08d}",
            amount_minor=work.entry.amount_minor,
            currency=work.entry.currency,
            reason=reasons.get(work.detail("offer"), "goodwill"),
            issued_at=work.now,
            expires_at=work.now + timedelta(days=work.policies.compensation.coupon_days),
        )
    )


def _use_up(work: Work) -> None:
    """The coupon that wasn't taken off: the new one is given instead of it, not besides."""
    if work.order is None:
        return
    meant = select(t.Coupon).where(t.Coupon.intended_order_id == work.order.id, t.Coupon.used_at.is_(None))
    if (old := work.session.scalars(meant.order_by(t.Coupon.amount_minor.desc())).first()) is not None:
        old.used_at = work.now


def _reship(work: Work) -> None:
    if work.order is None:
        return
    work.session.add(t.Shipment(order_id=work.order.id, carrier="reship", created_at=work.now))
    order = work.order
    if order.promised_at is not None:  # it takes as long as the first time, and isn't late before that
        order.promised_at = work.now + max(order.promised_at - order.placed_at, timedelta())
    order.stage, order.accepted_at = Stage.ACCEPTED.value, work.now
    order.delivered_at = order.dispatched_at = None


def _change_address(work: Work) -> None:
    if work.order is not None:
        work.order.address = work.detail("address")


def _change_phone(work: Work) -> None:
    if work.order is not None:
        work.order.phone = normal_phone(work.detail("phone"))


def _change_note(work: Work) -> None:
    if work.order is not None:
        work.order.note = work.detail("note")


def _invoice(work: Work) -> None:
    if work.order is None or work.customer is None:
        return
    asked = select(t.Invoice).where(t.Invoice.order_id == work.order.id)
    known = work.session.scalars(asked.order_by(t.Invoice.requested_at.desc())).first()
    if known is not None:  # asked for before: issued now, or sent once more
        known.issued_at = known.issued_at or work.now
        return
    title = work.detail("title") or work.customer.name
    work.session.add(
        t.Invoice(order_id=work.order.id, title=title[:120], requested_at=work.now, due_at=work.now, issued_at=work.now)
    )


def _freeze(work: Work) -> None:
    if work.customer is not None and work.customer.frozen_at is None:
        work.customer.frozen_at = work.now


def _ticket(work: Work) -> None:
    summary = work.detail("summary") or f"{work.entry.intent}: {work.entry.rule}"
    request = TicketRequest(_caller(work), work.entry.intent, work.detail("ticket"), summary, _number(work))
    work.entry.receipt = service.open_ticket(work.session, request, work.now, work.policies).number


def _exchange(work: Work) -> None:
    """A ticket of its own, beside one of the same call: what the warehouse and whoever arranges the pick-up go by."""
    summary = f"{work.detail('item')}: {work.detail('variant')}"
    request = TicketRequest(_caller(work), "exchange", "aftersales/exchange", summary, _number(work))
    work.entry.receipt = service.open_ticket(work.session, request, work.now, work.policies).number


def _callback(work: Work) -> None:
    request = CallbackRequest(_caller(work), work.detail("queue"), None, _number(work), work.detail("phone"))
    work.entry.receipt = str(service.book_callback(work.session, request, work.now, work.policies).id)


def _caller(work: Work) -> CallerRef:
    return CallerRef(work.entry.call_id, work.detail("phone_of_caller"))


def _number(work: Work) -> str | None:
    return work.order.number if work.order is not None else None


_EFFECTS: dict[Action, Callable[[Work], None]] = {
    Action.CANCEL: _cancel,
    Action.ISSUE_COUPON: _coupon,
    Action.RESHIP: _reship,
    Action.CHANGE_ADDRESS: _change_address,
    Action.CHANGE_PHONE: _change_phone,
    Action.CHANGE_NOTE: _change_note,
    Action.SEND_INVOICE: _invoice,
    Action.FREEZE_ACCOUNT: _freeze,
    Action.OPEN_TICKET: _ticket,
    Action.EXCHANGE: _exchange,
    Action.BOOK_CALLBACK: _callback,
}
