"""The order desk as the agent's desk needs it: the card of an order, offers carried out by the ledger, tickets, callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

import order_lookup as desk
from ivr.config import Settings
from ivr.orders import open_orders
from ivr.records.tables import EventRow, LineRow
from order_lookup.currencies import decimals
from order_lookup.poller import own_tables
from order_lookup.tables import LedgerEntry

log = structlog.get_logger()
Reader = Callable[[Callable[[Session, float], Any]], Awaitable[Any]]
LATEST_ORDERS = 4
TIMELINE = (
    "placed_at", "paid_at", "accepted_at", "dispatched_at", "promised_at", "eta_at", "delivered_at", "cancelled_at",
    "refund_due_at", "refund_arrived_at", "exchange_due_at", "exchange_settled_at", "return_noted_at",
)  # fmt: skip
CATEGORIES = (
    "logistics/late", "logistics/stalled", "logistics/lost", "logistics/not_dispatched", "logistics/courier",
    "logistics/partner", "aftersales/return", "aftersales/exchange", "aftersales/missing", "aftersales/wrong", "aftersales/damaged", "payment/refund",
    "payment/duplicate", "payment/coupon", "quality/food", "service/courier", "service/merchant", "service/complaint",
    "account/stolen", "account/login", "safety/person", "invoice/missing", "other/question",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfferView:
    """Something that can be done with one click and a confirmation."""

    name: str
    action: str
    amount: desk.Money | None
    condition: str
    item: str = ""  # as the order names it
    level_needed: str = "none"
    allowed: bool = True
    item_shown: str = ""  # in the agent's language


@dataclass(frozen=True, slots=True)
class OrderCard:
    """An order as the agent sees it, as far as the caller is verified."""

    number: str
    kind: str
    stage: str
    total: desk.Money
    merchant: str
    items: tuple[str, ...]
    situations: tuple[str, ...]
    timeline: tuple[tuple[str, datetime], ...]
    offers: tuple[OfferView, ...]
    ticket: str
    level: str
    level_needed: str
    exchange: str = ""  # what is exchanged for what


@dataclass(frozen=True, slots=True)
class Done:
    """Something asked for in a call: how far the ledger has it, and the wish it came with."""

    action: str
    state: str
    receipt: str = ""
    wish: str = ""


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """One of the caller's latest orders, to be chosen by a click."""

    number: str
    words: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """What came before this call: (number, category, due) and (at, intent, outcome, solved)."""

    tickets: tuple[tuple[str, str, datetime], ...] = ()
    contacts: tuple[tuple[datetime, str, str, bool], ...] = ()


class Orders:
    """Opened at first use and closed with the console; raises OrderDeskError when the system behind it is away."""

    def __init__(self, settings: Settings, working: desk.WorkingTime | None = None) -> None:
        self._settings, self._zone, self._working = settings, ZoneInfo(settings.time_zone), working
        self._system: desk.OrderSystem | None = None
        self._opening = asyncio.Lock()

    async def _opened(self) -> desk.OrderSystem:
        async with self._opening:
            if self._system is None:
                self._system = await open_orders(self._settings, self._working)
            return self._system

    async def own(self) -> desk.SqlOrderSystem:
        """The part of it in our own database: with a shop's own backend, what was mirrored of that."""
        own = own_tables(await self._opened())
        assert own is not None
        return own

    async def ready(self) -> desk.OrderSystem:
        """The order desk, its tables in place."""
        return await self._opened()

    async def close(self) -> None:
        """Let go of connections."""
        if self._system is not None:
            await self._system.close()

    async def card(self, call_id: str, phone: str, number: str, intent: str, language: str) -> OrderCard | None:
        """The order of that number; None when this caller has none such."""
        system, caller = await self._opened(), desk.CallerRef(call_id, phone)
        found = await system.find(desk.OrderQuery(caller, number=number))
        if not isinstance(found, desk.Found):
            return None
        order = found.order
        status = await system.decide("order_status", order.number, caller)
        decision = await self._decision(system, intent, order.number, caller) or status
        return OrderCard(
            order.number,
            order.kind.value,
            order.stage.value,
            order.total,
            order.merchant,
            order.items_en if language == "en" else order.items,
            tuple(sorted(situation.value for situation in status.situations)),
            self._timeline({"placed_at": order.placed_at, **status.facts}),
            _offers(decision, language),
            decision.ticket,
            decision.level.name.lower(),
            decision.level_needed.name.lower(),
            _exchange(status, order, language),
        )

    async def level(self, call_id: str, phone: str, number: str) -> str:
        """How far this caller is verified for an order."""
        decision = await (await self._opened()).decide("order_status", number, desk.CallerRef(call_id, phone))
        return decision.level.name.lower()

    async def latest(self, call_id: str, phone: str, language: str) -> tuple[OwnOrder, ...]:
        """The latest orders of whoever has this number, newest first."""
        if not phone:
            return ()
        facts = await (await self._opened()).caller(desk.CallerRef(call_id, phone))
        return tuple(self._own(order, language) for order in facts.orders[:LATEST_ORDERS])

    def _own(self, order: desk.OrderSummary, language: str) -> OwnOrder:
        items = ("、" if language == "zh" else ", ").join(order.items_en if language == "en" else order.items)
        return OwnOrder(order.number, items or order.merchant, order.placed_at.astimezone(self._zone))

    async def _decision(
        self, system: desk.OrderSystem, intent: str, number: str, caller: desk.CallerRef
    ) -> desk.Decision | None:
        """What is decided for the matter of the call; None where nothing is decided about it ("asked for a person")."""
        try:
            return await system.decide(intent, number, caller) if intent else None
        except desk.MistakeError:
            return None

    def _timeline(self, facts: Mapping[str, Any]) -> tuple[tuple[str, datetime], ...]:
        moments = [(key, facts[key].astimezone(self._zone)) for key in TIMELINE if isinstance(facts.get(key), datetime)]
        return tuple(sorted(moments, key=lambda moment: moment[1]))

    async def earlier(self, call_id: str, phone: str) -> Earlier:
        """Open tickets and the latest contacts of whoever has this number."""
        if not phone:
            return Earlier()
        facts = await (await self._opened()).caller(desk.CallerRef(call_id, phone))
        tickets = tuple(
            (ticket.number, f"{ticket.category}/{ticket.subcategory}", ticket.due_at.astimezone(self._zone))
            for ticket in facts.tickets[:5]
        )
        contacts = tuple(
            (contact.at.astimezone(self._zone), contact.intent, contact.outcome, contact.solved)
            for contact in facts.contacts[:5]
            if contact.call_id != call_id
        )
        return Earlier(tickets, contacts)

    async def verify(self, call_id: str, phone: str, number: str, kind: str, stated: str) -> desk.Verification:
        """Check what the caller told the agent; every attempt is recorded by the order desk."""
        match kind:
            case "name":
                claim = desk.Claim(name=stated, order_number=number)
            case "phone_tail":
                claim = desk.Claim(phone_tail=stated, order_number=number)
            case _:
                places = decimals((await self.own()).policies.values.currency)
                claim = desk.Claim(order_number=number, amount_minor=_minor(stated, places))
        return await (await self._opened()).verify(desk.CallerRef(call_id, phone), claim)

    async def carry_out(
        self, call_id: str, phone: str, intent: str, number: str, offer: OfferView, details: Mapping[str, str]
    ) -> desk.ActionResult:
        """Have an offer done, once, by the ledger; `details` are what it wants to know besides, by the ledger's names."""
        system = await self._opened()
        request = desk.ActionRequest(
            desk.CallerRef(call_id, phone), intent, desk.Action(offer.action), number,
            offer=offer.name, amount=offer.amount, item=offer.item, details=details,
        )  # fmt: skip
        return await system.act(request)

    async def done(self, read: Reader, call_id: str) -> tuple[Done, ...]:
        """Everything asked for in this call; from our own records where a backend keeps the ledger."""
        if self._settings.orders.system != "sql":
            return tuple(await read(lambda session, _: noted_actions(session, call_id)))
        mine = select(LedgerEntry).where(LedgerEntry.call_id == call_id).order_by(LedgerEntry.id)
        return tuple(await read(lambda session, _: [_entered(row) for row in session.scalars(mine)]))

    async def open_ticket(
        self, call_id: str, phone: str, intent: str, category: str, summary: str, number: str | None
    ) -> desk.TicketRef:
        """A ticket for the matter, once per call, intent and order; a later text is added to it."""
        system = await self._opened()
        request = desk.TicketRequest(desk.CallerRef(call_id, phone), intent or "agent", category, summary, number)
        return await system.open_ticket(request)

    async def append_ticket(self, number: str, author: str, text: str) -> None:
        """A line of the ticket's history."""
        await (await self._opened()).append_ticket(number, author, text)


def _exchange(status: desk.Decision, order: desk.OrderSummary, language: str) -> str:
    item, wish = str(status.facts.get("exchange_item", "")), str(status.facts.get("exchange_variant", ""))
    if language == "en" and item in order.items:
        item = order.items_en[order.items.index(item)] or item
    return f"{item}: {wish}" if item else ""


def _entered(row: LedgerEntry) -> Done:
    wish = str(row.details.get("variant") or "") if row.action == desk.Action.EXCHANGE else ""
    return Done(str(row.action), str(row.state), str(row.receipt or ""), wish)


def noted_actions(session: Session, call_id: str) -> list[Done]:
    """What the robot wrote into the transcript as done, then what agents did on the desk."""
    notes = session.scalars(
        select(LineRow.details).where(LineRow.call_id == call_id, LineRow.speaker == "note").order_by(LineRow.position)
    )
    robot = [details for details in notes if details.get("action")]
    offers = select(EventRow.data).where(EventRow.call_id == call_id, EventRow.kind == "offer").order_by(EventRow.id)
    agents = [dict(data) for data in session.scalars(offers)]
    return [_noted(details) for details in robot] + [_noted(data) for data in agents]


def _noted(details: Mapping[str, Any]) -> Done:
    values = details.get("values")
    receipt = values.get("action.receipt") if isinstance(values, Mapping) else details.get("receipt")
    return Done(
        str(details.get("action")), str(details.get("outcome")), str(receipt or ""), str(details.get("wish") or "")
    )


def _offers(decision: desk.Decision, language: str) -> tuple[OfferView, ...]:
    views: list[OfferView] = []
    for offer in decision.offers:
        level, allowed = offer.level_needed.name.lower(), decision.level >= offer.level_needed
        of_items = [(choice.amount, choice.item, choice.item_en) for choice in offer.choices]
        views += (
            OfferView(
                offer.name, offer.action.value, amount, offer.condition, item, level, allowed,
                (item_en if language == "en" else "") or item,
            )
            for amount, item, item_en in of_items or [(offer.amount, "", "")]
        )  # fmt: skip
    return tuple(views)


def _minor(stated: str, places: int = 2) -> int | None:
    """An amount as typed, 33 or 33.50, in minor units of a currency with so many decimals."""
    whole, _, part = stated.strip().strip("¥￥$€£元块 ").replace(",", ".").partition(".")
    digits = whole + part.ljust(places, "0")
    fits = 0 < len(whole) <= 9 and len(part) <= places and digits.isascii() and digits.isdigit()
    return int(digits) if fits else None
