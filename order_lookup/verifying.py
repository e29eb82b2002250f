"""Who may hear and do what: verification attempts kept in the database, and the level they add up to."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.claims import Proof, claimed, level, proven
from order_lookup.gathering import customer_of_phone, order_facts, order_row
from order_lookup.phones import normal_phone
from order_lookup.policies import ShopPolicies
from order_lookup.port import CallerRef, Claim, Verification
from order_lookup.words import Level

_ORDERS_LOOKED_AT = 10
# One customer's data must not be guessed from many phones either.
_TARGET_FACTOR = 3


def customers_heard(session: Session, caller: CallerRef) -> dict[int, Level]:
    """The customers this caller may hear of, with the level reached for each."""
    phone = normal_phone(caller.phone)
    own = customer_of_phone(session, phone)
    levels = {own.id: Level.LOW} if own is not None else {}
    for customer_id in session.scalars(
        select(t.Verification.customer_id).where(t.Verification.call_id == caller.call_id).distinct()
    ):
        if customer_id is not None:
            mine = own is not None and own.id == customer_id
            reached = level(mine, _shown(session, caller.call_id, customer_id))
            if reached > Level.NONE:
                levels[customer_id] = max(levels.get(customer_id, Level.NONE), reached)
    return levels


def level_for(session: Session, caller: CallerRef, customer_id: int) -> Level:
    """How sure we are that the caller is this customer."""
    return customers_heard(session, caller).get(customer_id, Level.NONE)


def verify(session: Session, caller: CallerRef, claim: Claim, now: datetime, policies: ShopPolicies) -> Verification:
    """Check a claim, keep the attempt, say the level; after too many failures nothing is checked any more."""
    phone = normal_phone(caller.phone)
    target = _target(session, phone, claim)
    # One after the other, or many lines at once would all guess before the first failure counts. Asked for nobody, too.
    session.execute(select(t.Customer.id).where(t.Customer.id == (target.id if target else 0)).with_for_update())
    rules = policies.verification
    since = now - timedelta(hours=rules.window_hours)
    failures = _failures(session, caller.call_id, phone, since)
    about = claim.order_number[:40] or f"phone:{normal_phone(claim.phone)}"[: 40 * bool(claim.phone)]
    own = target is not None and customer_of_phone(session, phone) is target
    # Who calls from the customer's own number has that number's failures to answer for, and no stranger's.
    attacked = not own and _attacked(session, target, about, claim, since, rules.failures)
    closed = failures >= rules.failures or attacked
    if closed or not claimed(claim):
        before = level(own, _shown(session, caller.call_id, target.id)) if target else Level.NONE
        return Verification(before, passed=False, failures_left=max(0, rules.failures - failures), exhausted=closed)
    shown = _prove(session, target, claim, policies) if target is not None else frozenset()
    passed = shown == claimed(claim)
    earlier = _shown(session, caller.call_id, target.id) if target is not None else frozenset()
    reached = level(own, earlier | shown if passed else earlier)
    session.add(
        t.Verification(
            call_id=caller.call_id,
            phone=phone,
            customer_id=target.id if target is not None else None,
            about=about,
            claimed=",".join(sorted(claimed(claim))),
            passed=passed,
            level=int(reached),
            at=now,
        )
    )
    failures += not passed
    return Verification(reached, passed, max(0, rules.failures - failures), exhausted=failures >= rules.failures)


def _target(session: Session, phone: str, claim: Claim) -> t.Customer | None:
    """Whom the claim is about: the owner of the order or of the phone that was named, or of the phone that calls."""
    if claim.order_number:
        row = order_row(session, claim.order_number[:40])
        return session.get(t.Customer, row.customer_id) if row is not None else None
    return customer_of_phone(session, normal_phone(claim.phone) if claim.phone else phone)


def _prove(session: Session, target: t.Customer, claim: Claim, policies: ShopPolicies) -> frozenset[Proof]:
    phones = session.scalars(select(t.Phone.number).where(t.Phone.customer_id == target.id)).all()
    wanted = select(t.Order).where(t.Order.customer_id == target.id).order_by(t.Order.placed_at.desc())
    if claim.order_number:
        wanted = wanted.where(t.Order.number == claim.order_number[:40])
    rows = session.scalars(wanted.limit(_ORDERS_LOOKED_AT)).all() if Proof.FACT in claimed(claim) else []
    orders = [order_facts(session, row) for row in rows]
    return proven(claim, phones, [target.name], orders, policies.shop.zone)


def _shown(session: Session, call_id: str, customer_id: int) -> frozenset[Proof]:
    rows = session.scalars(
        select(t.Verification.claimed).where(
            t.Verification.call_id == call_id, t.Verification.customer_id == customer_id, t.Verification.passed
        )
    )
    return frozenset(Proof(part) for row in rows for part in row.split(","))


def _failures(session: Session, call_id: str, phone: str, since: datetime) -> int:
    """Failures of this call and, unless it was withheld, of this phone."""
    whose = t.Verification.call_id == call_id
    if phone:
        whose = whose | (t.Verification.phone == phone)
    counted = select(func.count()).where(whose, ~t.Verification.passed, t.Verification.at >= since)
    return session.scalar(counted) or 0


def _attacked(
    session: Session, target: t.Customer | None, about: str, claim: Claim, since: datetime, failures: int
) -> bool:
    """Whether what is claimed of this customer or this order was guessed at too often, from whatever phones.

    Guessed telephone numbers leave the way by the name open, and the other way round. An order that doesn't exist is counted like one
    that does: that guessing ends early must tell nobody which it is.
    """
    whose = [t.Verification.about == about] if about else []
    whose += [t.Verification.customer_id == target.id] if target is not None else []
    if not whose:
        return False
    alike = [t.Verification.claimed.contains(str(proof)) for proof in sorted(claimed(claim))] or [false()]
    counted = select(func.count()).where(or_(*whose), or_(*alike), ~t.Verification.passed, t.Verification.at >= since)
    return (session.scalar(counted) or 0) >= failures * _TARGET_FACTOR
