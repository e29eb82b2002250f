"""What operations and agents see: everything, without the caller's verification. For the console and the command line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from order_lookup import facts as f
from order_lookup import gathering
from order_lookup import tables as t
from order_lookup.answers import Decision
from order_lookup.decision import decide, not_found
from order_lookup.incoming import clean
from order_lookup.listings import ActionView, OrderView, PromiseView, TicketLine, TicketView, action_view, ticket_view
from order_lookup.numbers import digits_only
from order_lookup.phones import normal_phone
from order_lookup.port import OrderSummary
from order_lookup.situations import detect
from order_lookup.sql import SqlOrderSystem
from order_lookup.words import Level

_MOST = 200


class Clerk:
    """Reads the order desk's database for people who may see it all."""

    def __init__(self, system: SqlOrderSystem) -> None:
        self.system = system

    async def show(self, number: str, now: datetime | None = None) -> OrderView | None:
        """An order by number."""
        moment = now or self.system.now()
        return await self.system.database.read(lambda session: self._view(session, clean(number), moment))

    async def find(
        self, number: str = "", tail: str = "", phone: str = "", item: str = "", day: date | None = None
    ) -> tuple[OrderSummary, ...]:
        """Orders that fit everything given, newest first; at most 200. What can't be a number or a phone fits none."""
        given = (number, digits_only(number)), (tail, digits_only(tail)), (phone, normal_phone(phone))
        if any(written and not read for written, read in given):
            return ()
        zone = self.system.policies.values.shop.zone

        def work(session: Session) -> tuple[OrderSummary, ...]:
            wanted = _wanted(given[0][1], given[1][1], given[2][1], clean(item))
            if day is not None:  # a day at DST isn't 24 hours long
                begins, ends = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
                wanted = wanted.where(t.Order.placed_at >= begins, t.Order.placed_at < ends)
            return gathering.summaries(session, list(session.scalars(wanted.limit(_MOST)).all()))

        return await self.system.database.read(work)

    async def decide(
        self, intent: str, number: str | None, level: Level = Level.HIGH, now: datetime | None = None
    ) -> Decision:
        """What would be decided for the order's own customer at a level."""
        moment, policies = now or self.system.now(), self.system.policies

        def work(session: Session) -> Decision:
            found = self._facts(session, clean(number), moment)
            return decide(intent, replace(found, level=level), policies) if found else not_found(intent, policies)

        return await self.system.database.read(work)

    async def actions(self, state: str = "", order_number: str = "") -> tuple[ActionView, ...]:
        """The newest lines of the ledger."""
        wanted = select(t.LedgerEntry, t.Order.number).outerjoin(t.Order, t.Order.id == t.LedgerEntry.order_id)
        if state:
            wanted = wanted.where(t.LedgerEntry.state == state)
        if order_number:
            wanted = wanted.where(t.Order.number == clean(order_number))
        wanted = wanted.order_by(t.LedgerEntry.id.desc()).limit(_MOST)

        def work(session: Session) -> tuple[ActionView, ...]:
            return tuple(action_view(row, number) for row, number in session.execute(wanted))

        return await self.system.database.read(work)

    async def tickets(self, queue: str = "", overdue: bool = False) -> tuple[TicketView, ...]:
        """Open tickets, the most urgent first."""
        now = self.system.now()
        wanted = select(t.Ticket, t.Order.number).outerjoin(t.Order, t.Order.id == t.Ticket.order_id)
        wanted = wanted.where(t.Ticket.closed_at.is_(None)).order_by(t.Ticket.priority, t.Ticket.due_at).limit(_MOST)
        if queue:
            wanted = wanted.where(t.Ticket.queue == clean(queue))
        if overdue:
            wanted = wanted.where(t.Ticket.due_at < now)

        def work(session: Session) -> tuple[TicketView, ...]:
            return tuple(ticket_view(row, number, now) for row, number in session.execute(wanted))

        return await self.system.database.read(work)

    async def late_tickets(self, most: int = _MOST) -> tuple[int, tuple[TicketView, ...]]:
        """How many open tickets are escalated or overdue, and the most urgent of these."""
        now = self.system.now()
        late = t.Ticket.escalated_at.is_not(None) | (t.Ticket.due_at < now)
        return await self.system.database.read(lambda session: _most_urgent(session, late, most, now))

    async def tickets_of(self, queues: Collection[str], most: int = _MOST) -> tuple[int, tuple[TicketView, ...]]:
        """How many tickets are open in these queues, and the most urgent of these."""
        now, theirs = self.system.now(), t.Ticket.queue.in_(queues)
        return await self.system.database.read(lambda session: _most_urgent(session, theirs, most, now))

    async def ticket(self, number: str) -> TicketView | None:
        """A ticket with its history."""
        now = self.system.now()

        def work(session: Session) -> TicketView | None:
            row = session.scalar(select(t.Ticket).where(t.Ticket.number == clean(number)))
            if row is None:
                return None
            order = session.scalar(select(t.Order.number).where(t.Order.id == row.order_id))
            lines = session.scalars(
                select(t.TicketEntry).where(t.TicketEntry.ticket_id == row.id).order_by(t.TicketEntry.id)
            )
            history = tuple(TicketLine(line.at, line.author, line.kind, line.text) for line in lines)
            owner = _owners(session, [row.id]).get(row.id, "")
            return replace(ticket_view(row, order, now), history=history, owner=owner)

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

    async def refuse_messages(self, phone: str, refused: bool) -> bool:
        """Whether the customer of a phone wants no written messages; False when nobody has that phone."""
        number = normal_phone(phone)

        def work(session: Session) -> bool:
            customer = gathering.customer_of_phone(session, number)
            if customer is not None:
                customer.messages_refused = refused
            return customer is not None

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
            customer=gathering.customer_facts(session, customer, now, values) if customer else None,
            level=Level.HIGH,
            now=now,
            periods=periods,
            contacts=gathering.contacts(session, "", row.customer_id, now),
        )


def _most_urgent(
    session: Session, which: ColumnElement[bool], most: int, now: datetime
) -> tuple[int, tuple[TicketView, ...]]:
    """Open tickets: how many, and those to be looked at first."""
    open_ones = (t.Ticket.closed_at.is_(None), which)
    wanted = select(t.Ticket, t.Order.number).outerjoin(t.Order, t.Order.id == t.Ticket.order_id).where(*open_ones)
    rows = session.execute(wanted.order_by(t.Ticket.priority, t.Ticket.due_at).limit(most)).tuples().all()
    number = session.scalar(select(func.count()).select_from(t.Ticket).where(*open_ones)) or 0
    owners = _owners(session, [row.id for row, _ in rows])
    return number, tuple(replace(ticket_view(row, order, now), owner=owners.get(row.id, "")) for row, order in rows)


def _owners(session: Session, tickets: Sequence[int]) -> Mapping[int, str]:
    """Who last wrote something about each; the robot is nobody."""
    line = t.TicketEntry
    by_people = (line.ticket_id.in_(tickets), line.author != "robot")
    wrote = select(line.ticket_id, line.author).where(*by_people).order_by(line.id)
    return {ticket: author for ticket, author in session.execute(wrote).tuples()}


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
