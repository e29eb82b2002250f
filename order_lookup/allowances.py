"""What a customer was given and sent back lately: what is left of the limits of a month and of a day is reckoned from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.compensation import GIVEN_FOR, OFFERS
from order_lookup.words import OPEN_STATES, REFUNDS, Action, LedgerState


def refunded_since(session: Session, customer_id: int, since: datetime, currency: str) -> int:
    """What the ledger sent back to a customer, or still may, in minor units."""
    entry = t.LedgerEntry
    amounts = session.scalars(
        select(entry.amount_minor).where(
            entry.customer_id == customer_id,
            entry.planned_at > since,
            entry.currency == currency,
            entry.state != LedgerState.FAILED.value,
            entry.action.in_(sorted(REFUNDS)),
        )
    )
    return sum(amounts, 0)


def given_since(session: Session, customer_id: int, since: datetime, currency: str) -> int:
    """Compensation in coupons that are there and in actions that are under way, in minor units."""
    given = session.scalars(
        select(t.Coupon.amount_minor).where(
            t.Coupon.customer_id == customer_id,
            t.Coupon.issued_at >= since,
            t.Coupon.currency == currency,
            t.Coupon.reason.in_(sorted(GIVEN_FOR)),
        )
    )
    entry = t.LedgerEntry
    coming = session.execute(
        select(entry.amount_minor, entry.details).where(
            entry.customer_id == customer_id,
            entry.action == Action.ISSUE_COUPON.value,
            entry.currency == currency,
            entry.state.in_([state.value for state in OPEN_STATES]),
        )
    ).tuples()
    return sum(given, 0) + sum(int(amount) for amount, details in coming if details.get("offer") in OFFERS)
