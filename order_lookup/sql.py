"""The order desk on our own database: SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import effects, finding, gathering, ledger, loose_ends, outbox, planning, service, verifying
from order_lookup import tables as t
from order_lookup.answers import Decision
from order_lookup.carrier import Carried, Carrier, Declined, InHouse, Job
from order_lookup.errors import DownError
from order_lookup.incoming import clean
from order_lookup.money import Money
from order_lookup.phones import normal_phone
from order_lookup.policies import Policies, load_policies
from order_lookup.port import (
    ActionRequest,
    ActionResult,
    CallbackRef,
    CallbackRequest,
    CallerFacts,
    CallerRef,
    Claim,
    ContactReport,
    FindResult,
    OrderQuery,
    OrderSummary,
    TicketRef,
    TicketRequest,
    Verification,
)
from order_lookup.words import OPEN_STATES, Action, LedgerState, Level
from order_lookup.work import Database

_log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]
CARRIER_SECONDS = 8.0


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class SqlOrderSystem:
    """OrderSystem over a database; open it with `await SqlOrderSystem.open(url)`."""

    def __init__(
        self,
        database_url: str,
        policies: Policies | None = None,
        clock: Clock = utc_now,
        carrier: Carrier | None = None,
        threads: int = 4,
    ) -> None:
        self.policies = policies or load_policies()
        self.database = Database(database_url, threads)
        self._clock = clock
        self._carrier = carrier or InHouse()
        self._acting: set[asyncio.Task[ActionResult]] = set()

    @classmethod
    async def open(cls, database_url: str, policies: Policies | None = None, clock: Clock = utc_now) -> Self:
        """An order system whose tables are up to date."""
        system = cls(database_url, policies, clock)
        await system.database.prepare()
        return system

    def now(self) -> datetime:
        """What time it is for this order desk."""
        return self._clock()

    async def caller(self, caller: CallerRef | str) -> CallerFacts:
        """Who is calling."""
        who = clean(CallerRef("", caller) if isinstance(caller, str) else caller)
        return await self.database.read(lambda session: self._caller(session, who))

    async def find(self, query: OrderQuery) -> FindResult:
        """The order the caller means."""
        return await self.database.read(lambda session: finding.find(session, clean(query), self.policies.values))

    async def existing(self, numbers: Sequence[str], caller: CallerRef | None = None) -> Mapping[str, OrderSummary]:
        """Which of these numbers exist."""
        return await self.database.read(lambda session: finding.existing(session, numbers, clean(caller)))

    async def verify(self, caller: CallerRef, claim: Claim) -> Verification:
        """Check what the caller says of themselves."""
        now = self._clock()
        return await self.database.write(
            lambda session: verifying.verify(session, clean(caller), clean(claim), now, self.policies.values)
        )

    async def decide(
        self, intent: str, order_number: str | None, caller: CallerRef, now: datetime | None = None
    ) -> Decision:
        """What is so and what may be done."""
        moment = now or self._clock()

        def work(session: Session) -> Decision:
            found = planning.case(session, clean(caller), clean(order_number), moment, self.policies)
            return planning.decision(found, intent, self.policies)

        return await self.database.read(work)

    async def act(self, request: ActionRequest) -> ActionResult:
        """Do it, once; goes on even if the caller hangs up meanwhile."""
        task = asyncio.ensure_future(self._act(clean(request)))
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)
        return await asyncio.shield(task)

    async def open_ticket(self, request: TicketRequest) -> TicketRef:
        """Open a ticket, once per call, intent and order."""
        now, values = self._clock(), self.policies.values
        return await self.database.write(lambda session: service.open_ticket(session, clean(request), now, values))

    async def append_ticket(self, number: str, author: str, text: str) -> bool:
        """Add a line to a ticket's history."""
        now = self._clock()
        return await self.database.write(
            lambda session: service.append_ticket(session, clean(number), clean(author), clean(text), now)
        )

    async def close_ticket(self, number: str, author: str, text: str) -> bool:
        """Close a ticket."""
        now = self._clock()
        return await self.database.write(
            lambda session: service.close_ticket(session, clean(number), clean(author), clean(text), now)
        )

    async def book_callback(self, request: CallbackRequest) -> CallbackRef:
        """Book a callback, once per call and queue."""
        now, values = self._clock(), self.policies.values
        return await self.database.write(lambda session: service.book_callback(session, clean(request), now, values))

    async def take_back_callback(self, call_id: str, queue: str) -> bool:
        """The callback of that call has become needless."""
        now = self._clock()
        return await self.database.write(
            lambda session: service.take_back_callback(session, clean(call_id), clean(queue), now)
        )

    async def promise(self, caller: CallerRef, what: str, due_at: datetime, order_number: str | None = None) -> None:
        """Keep what the customer was told would happen."""
        now = self._clock()
        await self.database.write(
            lambda session: service.promise(session, clean(caller), clean(what), due_at, clean(order_number), now)
        )

    async def contact(self, report: ContactReport) -> None:
        """Keep how a call ended."""
        now = self._clock()
        await self.database.write(lambda session: service.contact(session, clean(report), now))

    async def finish(self, untouched_seconds: float = 60.0) -> list[ActionResult]:
        """Go on with actions left over from a crash or without an answer."""
        before = self._clock() - timedelta(seconds=untouched_seconds)
        keys = await self.database.read(lambda session: ledger.unfinished(session, before))
        return [await self._carry_out(key, in_call=False) for key in keys]

    async def close(self) -> None:
        """Let go of connections, once what is under way is written down."""
        await asyncio.gather(*self._acting, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(None, self.database.close)

    def _caller(self, session: Session, caller: CallerRef) -> CallerFacts:
        now, values = self._clock(), self.policies.values
        phone = normal_phone(caller.phone)
        heard = verifying.customers_heard(session, caller)
        row = gathering.customer_of_phone(session, phone)
        rules = [values.special.rules[name] for name in sorted(gathering.periods(session, now, values))]
        if row is None and len(heard) == 1:
            row = session.get(t.Customer, next(iter(heard)))
        return CallerFacts(
            customer=gathering.customer_facts(session, row, now, values) if row is not None else None,
            orders=finding.recent(session, list(heard)),
            tickets=gathering.tickets(session, t.Ticket.customer_id == row.id) if row is not None else (),
            contacts=gathering.contacts(session, phone, row.id if row is not None else None, now),
            level=heard.get(row.id, Level.NONE) if row is not None else Level.NONE,
            announcements_zh=tuple(rule.announcement_zh for rule in rules),
            announcements_en=tuple(rule.announcement_en for rule in rules),
        )

    async def _act(self, request: ActionRequest) -> ActionResult:
        now = self._clock()
        planned = await self.database.write(lambda session: planning.plan(session, request, now, self.policies))
        if isinstance(planned, ActionResult):
            return planned
        carried = await self._carry_out(planned.key)
        # An entry found half-way goes on as it was asked for the first time, whatever the amount is now.
        return replace(carried, repeated=carried.repeated or not planned.fresh)

    async def _carry_out(self, key: str, in_call: bool = True) -> ActionResult:
        """From planned, sent or unknown to the end, as far as it goes; `in_call`: somebody is there to hear of it."""
        job = await self.database.write(lambda session: self._send(session, key))
        if isinstance(job, ActionResult):
            return job
        try:
            outcome = await asyncio.wait_for(self._carrier.carry(job), CARRIER_SECONDS)
        except (
            Exception
        ) as error:  # whatever broke, it may have been done; a fault of the carrier's own comes with its trace
            problem, told = f"{type(error).__name__}: {error}", isinstance(error, DownError | TimeoutError)
            _log.warning("action_unknown", key=key, problem=problem, exc_info=None if told else error)
            return await self.database.write(lambda session: self._unanswered(session, key, problem, in_call))
        return await self.database.write(lambda session: self._settle(session, key, outcome, in_call))

    def _send(self, session: Session, key: str) -> Job | ActionResult:
        row = self._locked(session, key)
        if LedgerState(row.state) not in OPEN_STATES:
            return ledger.result(session, row, repeated=True)
        ledger.move(session, row, LedgerState.SENT, self._clock())
        number = session.scalar(select(t.Order.number).where(t.Order.id == row.order_id))
        payments = session.execute(
            select(t.Payment.reference, t.Payment.amount_minor).where(t.Payment.order_id == row.order_id)
        ).tuples()
        return Job(
            key=key,
            action=Action(row.action),
            order_number=number,
            amount=Money(row.amount_minor, row.currency) if row.amount_minor else None,
            payments=tuple((reference, Money(amount, row.currency)) for reference, amount in payments),
            details={name: str(value) for name, value in row.details.items()},
        )

    def _unanswered(self, session: Session, key: str, problem: str, in_call: bool) -> ActionResult:
        row, now = self._locked(session, key), self._clock()
        if LedgerState(row.state) in OPEN_STATES:
            row.problem = problem[:1000]
            ledger.move(session, row, LedgerState.UNKNOWN, now)
            if not in_call:
                loose_ends.silent(session, row, now, self.policies.values)
        return ledger.result(session, row, repeated=False)

    def _settle(self, session: Session, key: str, outcome: Carried | Declined, in_call: bool) -> ActionResult:
        row = self._locked(session, key)
        if LedgerState(row.state) not in OPEN_STATES:
            return ledger.result(session, row, repeated=True)
        now = self._clock()
        match outcome:
            case Declined(reason):
                row.problem = reason[:1000]
                ledger.move(session, row, LedgerState.FAILED, now)
                if not in_call:
                    loose_ends.refused(session, row, now, self.policies.values)
            case Carried(receipt):
                row.receipt = receipt[:120]
                ledger.move(session, row, LedgerState.DONE, now)
                self._effects(session, row, now)
                if not in_call:
                    loose_ends.settled(session, row, now)
        return ledger.result(session, row, repeated=False)

    def _effects(self, session: Session, row: t.LedgerEntry, now: datetime) -> None:
        order = session.get(t.Order, row.order_id) if row.order_id is not None else None
        customer = session.get(t.Customer, row.customer_id) if row.customer_id is not None else None
        work = effects.Work(session, row, order, customer, now, self.policies.values)
        effects.write(work)
        outbox.confirm(work)

    def _locked(self, session: Session, key: str) -> t.LedgerEntry:
        """The entry, its order locked first: everybody takes the locks in this order."""
        order_id = session.scalar(select(t.LedgerEntry.order_id).where(t.LedgerEntry.key == key))
        if order_id is not None:
            session.execute(select(t.Order.id).where(t.Order.id == order_id).with_for_update())
        row = ledger.entry(session, key, lock=True)
        if row is None:
            raise DownError(f"the ledger has lost {key}")
        return row
