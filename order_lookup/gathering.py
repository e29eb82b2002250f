"""From rows to facts: everything known of an order, a customer, a caller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from order_lookup import facts as f
from order_lookup import tables as t
from order_lookup.allowances import given_since, refunded_since
from order_lookup.goods_back import ExchangeFacts, ReturnFacts
from order_lookup.money import Money
from order_lookup.policies import ShopPolicies
from order_lookup.port import OrderSummary
from order_lookup.words import Action, Kind, Stage, Tier

CONTACTS_KEPT_IN_VIEW = timedelta(days=30)
_DAY = timedelta(hours=24)


def customer_of_phone(session: Session, phone: str) -> t.Customer | None:
    """The customer a phone number (in normal form) belongs to."""
    if not phone:
        return None
    return session.scalar(select(t.Customer).join(t.Phone).where(t.Phone.number == phone))


def customer_facts(session: Session, row: t.Customer, now: datetime, policies: ShopPolicies) -> f.CustomerFacts:
    """A customer, with what was given to them this calendar month (of the shop's zone) and what went back within a day."""
    month = now.astimezone(policies.shop.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return f.CustomerFacts(
        id=row.id,
        name=row.name,
        tier=Tier(row.tier),
        language=row.language,
        elder=row.elder,
        spend_year=Money(row.spend_year_minor, row.currency),
        compensated=Money(given_since(session, row.id, month, policies.currency), policies.currency),
        frozen=row.frozen_at is not None,
        refunded_today=Money(refunded_since(session, row.id, now - _DAY, policies.currency), policies.currency),
    )


def order_row(session: Session, number: str, lock: bool = False) -> t.Order | None:
    """The order of a number; with `lock` nobody else changes it until the transaction ends."""
    query = select(t.Order).where(t.Order.number == number)
    return session.scalar(query.with_for_update() if lock else query)


def order_facts(session: Session, row: t.Order) -> f.OrderFacts:
    """Everything known of an order."""
    currency = row.currency
    merchant = session.scalar(select(t.Merchant.name).where(t.Merchant.id == row.merchant_id))
    return f.OrderFacts(
        number=row.number,
        kind=Kind(row.kind),
        stage=Stage(row.stage),
        total=Money(row.total_minor, currency),
        placed_at=row.placed_at,
        delivery_fee=Money(row.delivery_fee_minor, currency),
        merchant=merchant or "",
        paid_at=row.paid_at,
        accepted_at=row.accepted_at,
        promised_at=row.promised_at,
        dispatched_at=row.dispatched_at,
        delivered_at=row.delivered_at,
        cancelled_at=row.cancelled_at,
        opened=row.opened,
        recipient=row.recipient,
        phone=row.phone,
        address=row.address,
        note=row.note,
        items=_items(session, row),
        shipment=_shipment(session, row),
        payments=_payments(session, row),
        refunds=_refunds(session, row),
        coupons=_coupons(session, row),
        invoices=_invoices(session, row),
        promises=_promises(session, row),
        tickets=tickets(session, t.Ticket.order_id == row.id),
        actions=_actions(session, row),
        exchanges=_exchanges(session, row),
        returns=_returns(session, row),
    )


def contacts(session: Session, phone: str, customer_id: int | None, now: datetime) -> tuple[f.ContactFacts, ...]:
    """Earlier calls of a customer or, for a stranger, of a phone; newest first."""
    whose = t.Contact.customer_id == customer_id if customer_id is not None else t.Contact.phone == phone
    if customer_id is None and not phone:
        return ()
    rows = session.execute(
        select(t.Contact, t.Order.number)
        .outerjoin(t.Order, t.Order.id == t.Contact.order_id)
        .where(whose, t.Contact.at >= now - CONTACTS_KEPT_IN_VIEW)
        .order_by(t.Contact.at.desc())
        .limit(20)
    )
    return tuple(f.ContactFacts(c.call_id, c.intent, c.outcome, c.solved, c.at, number) for c, number in rows)


def tickets(session: Session, *conditions: object) -> tuple[f.TicketFacts, ...]:
    """Open tickets, newest first."""
    rows = session.execute(
        select(t.Ticket, t.Order.number)
        .outerjoin(t.Order, t.Order.id == t.Ticket.order_id)
        .where(t.Ticket.closed_at.is_(None), *conditions)  # type: ignore[arg-type]
        .order_by(t.Ticket.opened_at.desc())
        .limit(20)
    )
    return tuple(
        f.TicketFacts(row.number, row.category, row.subcategory, row.queue, row.state, row.due_at, number)
        for row, number in rows
    )


def periods(session: Session, now: datetime, policies: ShopPolicies) -> frozenset[str]:
    """The special rules in force: from the calendar and from what operations declared."""
    today = now.astimezone(policies.shop.zone).date()
    planned = {entry.rule for entry in policies.special.calendar if entry.first <= today <= entry.last}
    declared = session.scalars(
        select(t.SpecialPeriod.rule).where(t.SpecialPeriod.starts_at <= now, t.SpecialPeriod.ends_at > now)
    )
    return frozenset(planned | set(declared)) & policies.special.rules.keys()


def summaries(session: Session, rows: Sequence[t.Order], mine: Iterable[int] = ()) -> tuple[OrderSummary, ...]:
    """Orders in a line each, in the order given."""
    if not rows:
        return ()
    ids = [row.id for row in rows]
    owners = set(mine)
    names: dict[int, list[tuple[str, str]]] = {}
    for order_id, name, name_en in session.execute(
        select(t.Item.order_id, t.Item.name, t.Item.name_en).where(t.Item.order_id.in_(ids)).order_by(t.Item.id)
    ):
        names.setdefault(order_id, []).append((name, name_en))
    merchants = _merchants(session, {row.merchant_id for row in rows if row.merchant_id is not None})
    return tuple(
        OrderSummary(
            number=row.number,
            kind=Kind(row.kind),
            stage=Stage(row.stage),
            placed_at=row.placed_at,
            total=Money(row.total_minor, row.currency),
            merchant=merchants.get(row.merchant_id or 0, ""),
            items=tuple(zh for zh, _ in names.get(row.id, [])),
            items_en=tuple(en for _, en in names.get(row.id, [])),
            mine=row.customer_id in owners,
        )
        for row in rows
    )


def _merchants(session: Session, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(session.execute(select(t.Merchant.id, t.Merchant.name).where(t.Merchant.id.in_(ids))).tuples().all())


def _items(session: Session, row: t.Order) -> tuple[f.ItemFacts, ...]:
    rows = session.scalars(select(t.Item).where(t.Item.order_id == row.id).order_by(t.Item.id))
    return tuple(
        f.ItemFacts(
            i.name,
            i.name_en,
            i.quantity,
            Money(i.price_minor, row.currency),
            Money(i.price_now_minor, row.currency),
            i.fresh,
            i.in_stock,
        )
        for i in rows
    )


def _shipment(session: Session, row: t.Order) -> f.ShipmentFacts | None:
    found = session.execute(
        select(t.Shipment, t.Courier.name)
        .outerjoin(t.Courier, t.Courier.id == t.Shipment.courier_id)
        .options(selectinload(t.Shipment.scans))
        .where(t.Shipment.order_id == row.id)
        .order_by(t.Shipment.created_at.desc(), t.Shipment.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    s, courier = found
    scans = sorted(s.scans, key=lambda scan: scan.at)
    return f.ShipmentFacts(
        carrier=s.carrier,
        proof=s.proof,
        tracking=s.tracking,
        courier=courier,
        metres_left=s.metres_left,
        courier_moved_at=s.courier_moved_at,
        courier_cancelled_at=s.courier_cancelled_at,
        eta_at=s.eta_at,
        scans=tuple(f.ScanFacts(scan.at, scan.code, scan.place) for scan in scans),
    )


def _payments(session: Session, row: t.Order) -> tuple[f.PaymentFacts, ...]:
    rows = session.scalars(select(t.Payment).where(t.Payment.order_id == row.id).order_by(t.Payment.paid_at))
    return tuple(f.PaymentFacts(p.method, Money(p.amount_minor, row.currency), p.paid_at) for p in rows)


def _refunds(session: Session, row: t.Order) -> tuple[f.RefundFacts, ...]:
    rows = session.scalars(select(t.Refund).where(t.Refund.order_id == row.id).order_by(t.Refund.requested_at))
    return tuple(
        f.RefundFacts(Money(r.amount_minor, row.currency), r.reason, r.state, r.requested_at, r.due_at, r.arrived_at)
        for r in rows
    )


def _coupons(session: Session, row: t.Order) -> tuple[f.CouponFacts, ...]:
    of_it = (t.Coupon.order_id == row.id) | (t.Coupon.intended_order_id == row.id)
    rows = session.scalars(select(t.Coupon).where(of_it).order_by(t.Coupon.issued_at))
    return tuple(
        f.CouponFacts(
            c.code,
            Money(c.amount_minor, c.currency),
            c.reason,
            c.expires_at,
            c.intended_order_id == row.id,
            c.used_at is not None,
        )
        for c in rows
    )


def _invoices(session: Session, row: t.Order) -> tuple[f.InvoiceFacts, ...]:
    rows = session.scalars(select(t.Invoice).where(t.Invoice.order_id == row.id).order_by(t.Invoice.requested_at))
    return tuple(f.InvoiceFacts(i.title, i.requested_at, i.due_at, i.issued_at) for i in rows)


def _promises(session: Session, row: t.Order) -> tuple[f.PromiseFacts, ...]:
    rows = session.scalars(select(t.Promise).where(t.Promise.order_id == row.id).order_by(t.Promise.made_at))
    return tuple(f.PromiseFacts(p.what, p.made_at, p.due_at, p.kept_at) for p in rows)


def _actions(session: Session, row: t.Order) -> tuple[f.ActionFacts, ...]:
    entry = t.LedgerEntry
    rows = session.execute(select(entry.action, entry.state, entry.details).where(entry.order_id == row.id)).tuples()
    return tuple(
        f.ActionFacts(action, state, str(details.get("offer", "")), str(details.get("item", "")))
        for action, state, details in rows
    )


def _returns(session: Session, row: t.Order) -> tuple[ReturnFacts, ...]:
    entry = t.LedgerEntry
    of_goods = entry.order_id == row.id, entry.action == Action.START_RETURN.value
    rows = session.scalars(select(entry).where(*of_goods).order_by(entry.id))
    return tuple(ReturnFacts(Money(made.amount_minor, row.currency), made.state, made.planned_at) for made in rows)


def _exchanges(session: Session, row: t.Order) -> tuple[ExchangeFacts, ...]:
    entry = t.LedgerEntry
    rows = session.execute(
        select(entry, t.Ticket.due_at, t.Ticket.answered_at, t.Ticket.closed_at)
        .outerjoin(t.Ticket, t.Ticket.number == entry.receipt)
        .where(entry.order_id == row.id, entry.action == Action.EXCHANGE.value)
        .order_by(entry.id)
    ).tuples()
    return tuple(
        ExchangeFacts(
            str(made.details.get("item", "")),
            str(made.details.get("variant", "")),
            made.state,
            made.planned_at,
            *times,
        )
        for made, *times in rows
    )
