"""What time alone brings about: reminders, escalation, and warnings ahead of special periods. Kept in the database, so it
survives any restart. Nobody is reminded in their sleep: outside a queue's time of work its tickets wait for the morning, but those
that the policy counts by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.policies import ShopPolicies, SpecialRule
from order_lookup.posting import put

SUPERVISOR = "senior"
_BATCH = 50


def waiting(session: Session, now: datetime, policies: ShopPolicies) -> bool:
    """Whether there is a ticket to chase or a period to warn of; asked first, so that a quiet round writes nothing."""
    silent = select(t.Ticket.id).where(t.Ticket.closed_at.is_(None), t.Ticket.remind_at <= now)
    return session.scalar(silent.limit(1)) is not None or bool(_ahead(session, now, policies))


def chase(session: Session, now: datetime, policies: ShopPolicies) -> int:
    """Remind the owners of silent tickets, hand those silent for longer to the supervisor; how many were touched."""
    silent = select(t.Ticket).where(t.Ticket.closed_at.is_(None), t.Ticket.remind_at <= now)
    rows = session.scalars(silent.order_by(t.Ticket.remind_at).limit(_BATCH).with_for_update(skip_locked=True)).all()
    for ticket in rows:
        by_clock = _by_clock(ticket, policies)
        if (begins := policies.due(ticket.queue, now, timedelta(), by_clock)) > now:
            ticket.remind_at = begins
        elif (
            policies.due(ticket.queue, ticket.opened_at, _patience(ticket, policies), by_clock) <= now
            or ticket.due_at <= now
        ):
            _escalate(session, ticket, now, policies)
        else:
            _remind(session, ticket, now, policies)
    return len(rows)


def warn(session: Session, now: datetime, policies: ShopPolicies) -> int:
    """Warn staff, and merchants with a telephone, of special periods that begin soon; of how many it was done just now."""
    ahead = _ahead(session, now, policies)
    for key, rule in ahead:
        put(session, f"{key}:staff", "staff:all", "warn", "zh", rule.warn_zh, now)
        for merchant in session.scalars(select(t.Merchant).where(t.Merchant.phone != "")):
            english = merchant.name.isascii()
            body = rule.warn_en if english else rule.warn_zh
            put(session, f"{key}:{merchant.id}", merchant.phone, "warn", "en" if english else "zh", body, now)
    return len(ahead)


def _ahead(session: Session, now: datetime, policies: ShopPolicies) -> list[tuple[str, SpecialRule]]:
    """The periods that begin within their time of warning, under the key of their messages; not those warned of already."""
    found = {}
    for name, rule_name, starts_at in [*_calendar(policies), *_declared(session, now)]:
        rule = policies.special.rules.get(rule_name)
        if rule is not None and now < starts_at <= now + timedelta(hours=rule.warn_hours):
            found[f"warn:{name}:{starts_at:%Y%m%d%H}"] = rule
    staff = [f"{key}:staff" for key in found]
    told = set(session.scalars(select(t.Message.key).where(t.Message.key.in_(staff)))) if staff else set()
    return [(key, rule) for key, rule in found.items() if f"{key}:staff" not in told]


def _patience(ticket: t.Ticket, policies: ShopPolicies) -> timedelta:
    """How long a ticket may go without an answer before the supervisor has it: a serious one as long as its call back."""
    category = policies.tickets.categories.get(ticket.category)
    serious = category is not None and category.serious
    limits = policies.tickets
    return timedelta(minutes=limits.serious_callback_minutes if serious else limits.supervisor_minutes)


def _by_clock(ticket: t.Ticket, policies: ShopPolicies) -> bool:
    category = policies.tickets.categories.get(ticket.category)
    return category is not None and category.by_clock


def _remind(session: Session, ticket: t.Ticket, now: datetime, policies: ShopPolicies) -> None:
    text = f"工单 {ticket.number} 等待处理 / ticket {ticket.number} is waiting"
    _note(session, ticket, now, "reminder", text, ticket.queue)
    patience = timedelta(minutes=policies.tickets.supervisor_minutes)
    ticket.remind_at = policies.due(ticket.queue, ticket.opened_at, patience, _by_clock(ticket, policies))


def _escalate(session: Session, ticket: t.Ticket, now: datetime, policies: ShopPolicies) -> None:
    """To the supervisor, once; from then on a reminder a day until somebody answers."""
    if ticket.escalated_at is None:
        ticket.escalated_at = now
        if ticket.queue not in ("safety", "account"):  # theirs is to answer themselves, only sooner
            ticket.queue = SUPERVISOR
        ticket.priority = max(0, ticket.priority - 1)
    text = f"工单 {ticket.number} 超时未处理，请主管跟进 / ticket {ticket.number} is overdue"
    _note(session, ticket, now, "escalated", text, SUPERVISOR)
    ticket.remind_at = policies.due(ticket.queue, now + timedelta(days=1), timedelta(), _by_clock(ticket, policies))


def _note(session: Session, ticket: t.Ticket, now: datetime, kind: str, text: str, queue: str) -> None:
    session.add(t.TicketEntry(ticket_id=ticket.id, at=now, author="robot", kind=kind, text=text))
    put(session, f"ticket:{ticket.number}:{kind}:{now:%Y%m%d%H%M}", f"staff:{queue}", kind, "zh", text, now)


def _calendar(policies: ShopPolicies) -> list[tuple[str, str, datetime]]:
    zone = policies.shop.zone
    return [
        (entry.name, entry.rule, datetime(entry.first.year, entry.first.month, entry.first.day, tzinfo=zone))
        for entry in policies.special.calendar
    ]


def _declared(session: Session, now: datetime) -> list[tuple[str, str, datetime]]:
    rows = session.scalars(select(t.SpecialPeriod).where(t.SpecialPeriod.starts_at > now))
    return [(row.name, row.rule, row.starts_at) for row in rows]
