"""The order desk over a shop's own backend: its orders, our decisions and our ledger.

How it works. Before a question is answered the orders it is about are fetched and mirrored into our tables (at most once
in `fresh_seconds`); then SqlOrderSystem answers. Actions go through our ledger, and the backend is their carrier: it gets
each one under the ledger's key. Tickets, callbacks, contacts and promises are ours and work while the backend is down.
"""

from __future__ import annotations

import time
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from order_lookup import finding
from order_lookup.answers import Decision
from order_lookup.backend.carrier import BackendCarrier
from order_lookup.backend.client import BackendClient
from order_lookup.backend.contract import BriefSaid, OrderSaid
from order_lookup.backend.mapping import Mapping, load_mapping
from order_lookup.backend.mirror import Mirror
from order_lookup.backend.reading import listed, order_said, read_as, summary_said
from order_lookup.errors import BrokenError, DownError
from order_lookup.incoming import clean
from order_lookup.numbers import digits_only
from order_lookup.phones import normal_phone
from order_lookup.policies import Policies
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
from order_lookup.sql import Clock, SqlOrderSystem, utc_now

_REMEMBERED = 2000


class HttpOrderSystem:
    """OrderSystem over a REST backend; open it with `await HttpOrderSystem.open(mapping_file, database_url)`."""

    def __init__(
        self,
        mapping: Mapping | Path,
        database_url: str = "sqlite:///var/orders.db",
        policies: Policies | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._mapping = load_mapping(mapping) if isinstance(mapping, Path) else mapping
        self._client = BackendClient(self._mapping)
        self.local = SqlOrderSystem(database_url, policies, clock, BackendCarrier(self._mapping, self._client))
        self._fetched: dict[str, float] = {}

    @classmethod
    async def open(
        cls, mapping: Mapping | Path, database_url: str, policies: Policies | None = None, clock: Clock = utc_now
    ) -> HttpOrderSystem:
        """An order system whose own tables are up to date; the backend is asked when the first caller comes."""
        system = cls(mapping, database_url, policies, clock)
        await system.local.database.prepare()
        return system

    async def caller(self, caller: CallerRef | str) -> CallerFacts:
        """Who is calling."""
        await self._refresh_phone(caller if isinstance(caller, str) else caller.phone)
        return await self.local.caller(caller)

    async def find(self, query: OrderQuery) -> FindResult:
        """The order the caller means."""
        if query.number:
            await self._refresh_order(digits_only(query.number))
        else:
            await self._refresh_phone(query.phone or query.caller.phone)
        return await self.local.find(query)

    async def existing(self, numbers: Sequence[str], caller: CallerRef | None = None) -> MappingType[str, OrderSummary]:
        """Which of these numbers exist."""
        wanted = [n for n in dict.fromkeys(numbers) if n.isascii() and n.isdigit() and len(n) <= 40]
        if not self._mapping.paths.existing or not wanted:
            return await self.local.existing(numbers, caller)
        body = {"numbers": wanted[: finding.MOST_NUMBERS]}
        said = await self._client.post(self._mapping.path("existing"), body)
        mine = await self.local.existing(wanted, caller)
        found = (read_as(BriefSaid, self._mapping.translate("order", one)) for one in listed(said))
        zone = self.local.policies.values.shop.zone
        return {one.number: mine.get(one.number) or summary_said(one, zone) for one in found if one.number in wanted}

    async def verify(self, caller: CallerRef, claim: Claim) -> Verification:
        """Check what the caller says of themselves."""
        if claim.order_number:
            await self._refresh_order(digits_only(claim.order_number))
        else:
            await self._refresh_phone(claim.phone or caller.phone)
        return await self.local.verify(caller, claim)

    async def decide(
        self, intent: str, order_number: str | None, caller: CallerRef, now: datetime | None = None
    ) -> Decision:
        """What is so and what may be done."""
        await self._refresh_order(order_number or "")
        return await self.local.decide(intent, order_number, caller, now)

    async def act(self, request: ActionRequest) -> ActionResult:
        """Do it, once."""
        await self._refresh_order(request.order_number or "")
        try:
            return await self.local.act(request)
        finally:
            self._fetched.pop(f"order:{request.order_number}", None)

    async def open_ticket(self, request: TicketRequest) -> TicketRef:
        """Open a ticket; works while the backend is down."""
        return await self.local.open_ticket(request)

    async def append_ticket(self, number: str, author: str, text: str) -> bool:
        """Add a line to a ticket's history."""
        return await self.local.append_ticket(number, author, text)

    async def book_callback(self, request: CallbackRequest) -> CallbackRef:
        """Book a callback; works while the backend is down."""
        return await self.local.book_callback(request)

    async def take_back_callback(self, call_id: str, queue: str) -> bool:
        """The callback of that call has become needless; works while the backend is down."""
        return await self.local.take_back_callback(call_id, queue)

    async def promise(self, caller: CallerRef, what: str, due_at: datetime, order_number: str | None = None) -> None:
        """Keep what the customer was told would happen."""
        await self.local.promise(caller, what, due_at, order_number)

    async def contact(self, report: ContactReport) -> None:
        """Keep how a call ended."""
        await self.local.contact(report)

    async def close(self) -> None:
        """Let go of connections, once what is under way is written down."""
        await self.local.close()
        await self._client.close()

    async def _refresh_phone(self, text: str) -> None:
        phone = normal_phone(text)
        if not phone or self._is_fresh(f"phone:{phone}"):
            return
        said = await self._client.get(self._mapping.path("orders", phone=phone))
        orders = [order_said(one, self._mapping) for one in listed(said)]
        await self._save(orders)
        self._remember(f"phone:{phone}", *(f"order:{order.number}" for order in orders))

    async def _refresh_order(self, asked: str) -> None:
        number = clean(asked)
        if not number or len(number) > 40 or self._is_fresh(f"order:{number}"):
            return
        said = await self._client.get(self._mapping.path("order", number=number))
        if said is not None:
            order = order_said(said, self._mapping)
            if order.number != number:
                raise BrokenError(f"asked for order {number}, the backend answered with another one")
            await self._save([order])
        self._remember(f"order:{number}")

    async def _save(self, orders: Sequence[OrderSaid]) -> None:
        if not orders:
            return
        now, values = self.local.now(), self.local.policies.values

        def work(session: Session) -> None:
            mirror = Mirror(session, values, now)
            for order in orders:
                mirror.save(order)

        try:
            await self.local.database.write(work)
        except DownError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise BrokenError("the backend uses a reference twice that must be unique") from error
            raise

    def _is_fresh(self, key: str) -> bool:
        fetched = self._fetched.get(key)
        return fetched is not None and time.monotonic() - fetched < self._mapping.backend.fresh_seconds

    def _remember(self, *keys: str) -> None:
        if len(self._fetched) > _REMEMBERED:
            self._fetched.clear()
        self._fetched.update(dict.fromkeys(keys, time.monotonic()))
