"""Actions that end, or don't, when nobody is on the line any more: each becomes somebody's matter, once.

The caller was told that a human follows up, or the line died while they waited. A refusal that only the night watch hears,
and a bank or shop that answers nothing for an hour, would otherwise stand in the ledger and nowhere else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import service
from order_lookup import tables as t
from order_lookup.money import Money
from order_lookup.policies import ShopPolicies
from order_lookup.port import CallerRef, TicketRef, TicketRequest

PATIENCE = timedelta(hours=1)


def refused(session: Session, row: t.LedgerEntry, now: datetime, policies: ShopPolicies) -> None:
    """It was declined at last: a ticket, or a line on the one about its silence."""
    text = f"未办成，顾客可能还不知道 / declined, the customer may not know: {row.problem or ''}"
    ticket = _ticket(session, row, text, now, policies)
    if ticket.repeated:
        service.append_ticket(session, ticket.number, "robot", text, now)


def silent(session: Session, row: t.LedgerEntry, now: datetime, policies: ShopPolicies) -> None:
    """Nobody has answered yet: a ticket after an hour."""
    if now - row.planned_at >= PATIENCE:
        _ticket(session, row, f"结果未知，款项已预留 / no answer, still asked: {row.problem or ''}", now, policies)


def settled(session: Session, row: t.LedgerEntry, now: datetime) -> None:
    """It was done after all: whoever has the ticket about its silence reads so."""
    number = session.scalar(
        select(t.Ticket.number).where(t.Ticket.key == service.ticket_key(_request(session, row, "")))
    )
    if number is not None:
        service.append_ticket(session, number, "robot", f"已办成 / done: {row.receipt or ''}", now)


def _ticket(session: Session, row: t.LedgerEntry, text: str, now: datetime, policies: ShopPolicies) -> TicketRef:
    amount = f" {Money(row.amount_minor, row.currency)}" if row.amount_minor else ""
    return service.open_ticket(session, _request(session, row, f"{row.action}{amount}: {text}"), now, policies)


def _request(session: Session, row: t.LedgerEntry, summary: str) -> TicketRequest:
    """A ticket of its own, beside those that were opened in the call."""
    number = session.scalar(select(t.Order.number).where(t.Order.id == row.order_id)) if row.order_id else None
    caller = CallerRef(row.call_id, str(row.details.get("phone_of_caller", "")))
    category = str(row.details.get("ticket", "")) or "other/question"
    return TicketRequest(caller, f"{row.intent}/{row.action}", category, summary, number)
