"""What operations and agents see: everything, without the caller's verification. For the console and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from order_lookup import facts as f
from order_lookup import gathering
from order_lookup import tables as t
from order_lookup.answers import Decision
from order_lookup.decision import decide, not_found
from order_lookup.numbers import digits_only
from order_lookup.phones import normal_phone
from order_lookup.port import OrderSummary
from order_lookup.situations import detect
from order_lookup.sql import SqlOrderSystem
from order_lookup.words import Intent, Level, Situation

_MOST = 200


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its customer and what is unusual about it."""

    order: f.OrderFacts
    customer: f.CustomerFacts | None
    situations: frozenset[Situation]
    contacts: tuple[f.ContactFacts, ...]


@dataclass(frozen=True, slots=True)
class ActionView:
    """A line of the ledger."""

    key: str
    action: str
    state: str
    order_number: str | None
    amount_minor: int
    currency: str
    rule: str
    attempts: int
    planned_at: datetime
    changed_at: datetime
    receipt: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class PromiseView:
    """Something a customer was told; overdue once `due_at` has passed."""

    id: int
    what: str
    phone: str
    order_number: str | None
    made_at: datetime
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with its history, oldest line first."""

    number: str
    category: str
    subcategory: str
    queue: str
    priority: int
    state: str
    summary: str
    phone: str
    order_number: str | None
    opened_at: datetime
    due_at: datetime
    escalated_at: datetime | None
    closed_at: datetime | None
    overdue: bool
    history: tuple[tuple[datetime, str, str, str], ...] = ()


class Clerk:
    """Reads the order desk's database for people who may see it all."""

    def __init__(self, system: SqlOrderSystem) -> None:
        self.system = system

    async def show(self, number: str, now: datetime | None = None) -> OrderView | None:
        """An order by number."""
        moment = now or self.system.now()
        return await self.system.database.read(lambda session: self._view(session, number, moment))

    async def find(
        self, number: str = "", tail: str = "", phone: str = "", item: str = "", day: date | None = None
    ) -> tuple[OrderSummary, ...]:
        """Orders that fit everything given, newest first; at most 200."""
        zone = self.system.policies.values.shop.zone

        def work(session: Session) -> tuple[OrderSummary, ...]:
            wanted = _wanted(digits_only(number), digits_only(tail), normal_phone(phone), item)
            rows = session.scalars(wanted.limit(_MOST)).all()
            return gathering.summaries(
                session, [r for r in rows if day is None or r.placed_at.astimezone(zone).date() == day]
            )

        return await self.system.database.read(work)

    async def decide(
        self, intent: Intent, number: str | None, level: Level = Level.HIGH, now: datetime | None = None
    ) -> Decision:
        """What would be decided for the order's own customer at a level."""
        moment, policies = now or self.system.now(), self.system.policies

        def work(session: Session) -> Decision:
            found = self._facts(session, number, moment)
            return decide(intent, replace(found, level=level), policies) if found else not_found(intent, policies)

        return await self.system.database.read(work)

    async def actions(self, state: str = "", order_number: str = "") -> tuple[ActionView, ...]:
        """The newest lines of the ledger."""
        wanted = select(t.LedgerEntry, t.Order.number).outerjoin(t.Order, t.Order.id == t.LedgerEntry.order_id)
        if state:
            wanted = wanted.where(t.LedgerEntry.state == state)
        if order_number:
            wanted = wanted.where(t.Order.number == order_number)
        wanted = wanted.order_by(t.LedgerEntry.id.desc()).limit(_MOST)

        def work(session: Session) -> tuple[ActionView, ...]:
            return tuple(_action(row, number) for row, number in session.execute(wanted))

        return await self.system.database.read(work)

    async def tickets(self, queue: str = "", overdue: bool = False) -> tuple[TicketView, ...]:
        """Open tickets, the most urgent first."""
        now = self.system.now()
        wanted = select(t.Ticket, t.Order.number).outerjoin(t.Order, t.Order.id == t.Ticket.order_id)
        wanted = wanted.where(t.Ticket.closed_at.is_(None)).order_by(t.Ticket.priority, t.Ticket.due_at).limit(_MOST)
        if queue:
            wanted = wanted.where(t.Ticket.queue == queue)
        if overdue:
            wanted = wanted.where(t.Ticket.due_at < now)

        def work(session: Session) -> tuple[TicketView, ...]:
            return tuple(_ticket(row, number, now) for row, number in session.execute(wanted))

        return await self.system.database.read(work)

    async def ticket(self, number: str) -> TicketView | None:
        """A ticket with its history."""
        now = self.system.now()

        def work(session: Session) -> TicketView | None:
            row = session.scalar(select(t.Ticket).where(t.Ticket.number == number))
            if row is None:
                return None
            order = session.scalar(select(t.Order.number).where(t.Order.id == row.order_id))
            lines = session.scalars(
                select(t.TicketEntry).where(t.TicketEntry.ticket_id == row.id).order_by(t.TicketEntry.id)
            )
            history = tuple((line.at, line.author, line.kind, line.text) for line in lines)
            return replace(_ticket(row, order, now), history=history)

        return await self.system.database.read(work)

    async def promises(self) -> tuple[PromiseView, ...]:
        """Promises not kept yet, the earliest due first: the daily list."""
        now = self.system.now()

        def work(session: Session) -> tuple[PromiseView, ...]:
            rows = session.execute(
                select(t.Promise, t.Order.number, func.min(t.Phone.number))
                .outerjoin(t.Order, t.Order.id == t.Promise.order_id)
                .outerjoin(t.Phone, t.Phone.customer_id == t.Promise.customer_id)
                .where(t.Promise.kept_at.is_(None))
                .group_by(t.Promise.id, t.Order.number)
                .order_by(t.Promise.due_at)
                .limit(_MOST)
            )
            return tuple(
                PromiseView(p.id, p.what, phone or "", number, p.made_at, p.due_at, p.due_at < now)
                for p, number, phone in rows
            )

        return await self.system.database.read(work)

    async def keep_promise(self, promise_id: int) -> bool:
        """Mark a promise as kept; False when there is none open."""
        now = self.system.now()

        def work(session: Session) -> bool:
            row = session.get(t.Promise, promise_id)
            if row is None or row.kept_at is not None:
                return False
            row.kept_at = now
            return True

        return await self.system.database.write(work)

    async def declare(self, name: str, rule: str, starts_at: datetime, ends_at: datetime) -> bool:
        """Declare a special period beside the calendar; False for a rule that isn't in the policies."""
        if rule not in self.system.policies.values.special.rules or ends_at <= starts_at:
            return False

        def work(session: Session) -> bool:
            session.add(t.SpecialPeriod(name=name[:40], rule=rule, starts_at=starts_at, ends_at=ends_at))
            return True

        return await self.system.database.write(work)

    async def counts(self) -> Mapping[str, int]:
        """How much there is of what."""

        def work(session: Session) -> Mapping[str, int]:
            tables = {"customers": t.Customer, "orders": t.Order, "tickets": t.Ticket, "actions": t.LedgerEntry}
            return {
                name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.items()
            }

        return await self.system.database.read(work)

    def _view(self, session: Session, number: str, now: datetime) -> OrderView | None:
        found = self._facts(session, number, now)
        if found is None or found.order is None:
            return None
        situations = detect(found, self.system.policies.values)
        return OrderView(found.order, found.customer, situations, found.contacts)

    def _facts(self, session: Session, number: str | None, now: datetime) -> f.DecisionFacts | None:
        values = self.system.policies.values
        periods = gathering.periods(session, now, values)
        if number is None:
            return f.DecisionFacts(None, None, Level.NONE, now, periods)
        row = gathering.order_row(session, number)
        if row is None:
            return None
        customer = session.get(t.Customer, row.customer_id)
        return f.DecisionFacts(
            order=gathering.order_facts(session, row),
            customer=gathering.customer_facts(session, customer, now, values.shop.zone) if customer else None,
            level=Level.HIGH,
            now=now,
            periods=periods,
            contacts=gathering.contacts(session, "", row.customer_id, now),
        )


def _wanted(number: str, tail: str, phone: str, item: str) -> Select[tuple[t.Order]]:
    wanted = select(t.Order).order_by(t.Order.placed_at.desc())
    if number:
        wanted = wanted.where(t.Order.number == number)
    if phone:
        wanted = wanted.where(t.Order.customer_id.in_(select(t.Phone.customer_id).where(t.Phone.number == phone)))
    if tail:
        wanted = wanted.where(t.Order.number.endswith(tail))
    if item:
        named = t.Item.name.contains(item, autoescape=True) | t.Item.name_en.icontains(item, autoescape=True)
        wanted = wanted.where(t.Order.id.in_(select(t.Item.order_id).where(named)))
    return wanted


def _action(row: t.LedgerEntry, number: str | None) -> ActionView:
    return ActionView(
        row.key,
        row.action,
        row.state,
        number,
        row.amount_minor,
        row.currency,
        row.rule,
        row.attempts,
        row.planned_at,
        row.changed_at,
        row.receipt,
        row.problem,
    )


def _ticket(row: t.Ticket, number: str | None, now: datetime) -> TicketView:
    return TicketView(
        row.number,
        row.category,
        row.subcategory,
        row.queue,
        row.priority,
        row.state,
        row.summary,
        row.phone,
        number,
        row.opened_at,
        row.due_at,
        row.escalated_at,
        row.closed_at,
        overdue=row.closed_at is None and row.due_at < now,
    )
