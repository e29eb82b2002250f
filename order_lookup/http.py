"""The order desk over HTTP, for the console: a router to be mounted behind the console's own sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, params
from pydantic import BaseModel, Field

from order_lookup.answers import Decision
from order_lookup.clerk import Clerk
from order_lookup.listings import ActionView, OrderView, PromiseView, TicketView
from order_lookup.port import OrderSummary
from order_lookup.sql import SqlOrderSystem
from order_lookup.views import plain
from order_lookup.words import Intent, LedgerState

Number = Annotated[str, Field(min_length=1, max_length=40)]


class MoneyBody(BaseModel):
    """An amount in minor units of an ISO 4217 currency."""

    minor_units: int
    currency: str


class OfferBody(BaseModel):
    """Something that may be done."""

    name: str
    action: str
    amount: MoneyBody | None
    condition: str
    needs_confirmation: bool
    level_needed: str
    choices: list[dict[str, Any]]


class HandoffBody(BaseModel):
    """A human is needed."""

    queue: str
    priority: int
    reason: str


class DecisionBody(BaseModel):
    """What is so, what may be offered, and by which rule."""

    intent: str
    order_number: str | None
    reason: str
    situations: list[str]
    facts: dict[str, MoneyBody | int | str]
    offers: list[OfferBody]
    handoff: HandoffBody | None
    level: str
    level_needed: str
    withheld: list[str]
    refuses: bool
    ticket: str
    announcements: list[str]

    @classmethod
    def of(cls, decision: Decision) -> DecisionBody:
        """A decision for the wire."""
        return cls.model_validate(plain(decision))


class NoteBody(BaseModel):
    """A line for a ticket's history."""

    author: Annotated[str, Field(min_length=1, max_length=120)]
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class PeriodBody(BaseModel):
    """A special period to declare; `rule` as in policies.yaml."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    rule: str
    starts_at: datetime
    ends_at: datetime


class OrderBody(BaseModel):
    """An order in a line."""

    number: str
    kind: str
    stage: str
    placed_at: datetime
    total: MoneyBody
    merchant: str
    items: list[str]
    items_en: list[str]


def router(system: SqlOrderSystem, prefix: str = "/orders", dependencies: Sequence[params.Depends] = ()) -> APIRouter:
    """The routes over one order system; `dependencies` guard every one of them."""
    clerk = Clerk(system)
    routes = APIRouter(prefix=prefix, tags=["orders"], dependencies=list(dependencies))
    _add_orders(routes, clerk)
    _add_service(routes, clerk)
    return routes


def _add_orders(routes: APIRouter, clerk: Clerk) -> None:
    @routes.get("", summary="Orders that fit everything given, newest first")
    async def find(
        number: Annotated[str, Query(max_length=64)] = "",
        tail: Annotated[str, Query(max_length=12)] = "",
        phone: Annotated[str, Query(max_length=80)] = "",
        item: Annotated[str, Query(max_length=60)] = "",
        day: date | None = None,
    ) -> list[OrderBody]:
        found: Sequence[OrderSummary] = await clerk.find(number, tail, phone, item, day)
        return [OrderBody.model_validate(plain(order)) for order in found]

    @routes.get("/actions", summary="The newest lines of the action ledger")
    async def actions(state: LedgerState | None = None, order_number: str = "") -> list[ActionView]:
        return list(await clerk.actions(state.value if state else "", order_number))

    @routes.get("/{number}", summary="The whole order, and what is unusual about it")
    async def show(number: Number) -> dict[str, Any]:
        view: OrderView | None = await clerk.show(number)
        if view is None:
            raise HTTPException(404, "no such order")
        return dict(plain(view))

    @routes.get("/{number}/decisions/{intent}", summary="What would be decided")
    async def decide(number: Number, intent: Intent) -> DecisionBody:
        decision = await clerk.decide(intent, number)
        if decision.order_number is None:
            raise HTTPException(404, "no such order")
        return DecisionBody.of(decision)


def _add_service(routes: APIRouter, clerk: Clerk) -> None:
    @routes.get("/service/tickets", summary="Open tickets, the most urgent first")
    async def tickets(queue: str = "", overdue: bool = False) -> list[TicketView]:
        return list(await clerk.tickets(queue, overdue))

    @routes.get("/service/tickets/{number}", summary="A ticket with its history")
    async def ticket(number: str) -> TicketView:
        found = await clerk.ticket(number)
        if found is None:
            raise HTTPException(404, "no such ticket")
        return found

    @routes.post("/service/tickets/{number}/notes", status_code=204, summary="Add a line to a ticket")
    async def note(number: str, body: NoteBody) -> None:
        if not await clerk.system.append_ticket(number, body.author, body.text):
            raise HTTPException(404, "no such ticket")

    @routes.post("/service/tickets/{number}/close", status_code=204, summary="Close a ticket")
    async def close(number: str, body: NoteBody) -> None:
        if not await clerk.system.close_ticket(number, body.author, body.text):
            raise HTTPException(404, "no such open ticket")

    @routes.get("/service/promises", summary="Promises not kept yet, the earliest due first")
    async def promises() -> list[PromiseView]:
        return list(await clerk.promises())

    @routes.post("/service/promises/{promise_id}/kept", status_code=204, summary="Mark a promise as kept")
    async def kept(promise_id: int) -> None:
        if not await clerk.keep_promise(promise_id):
            raise HTTPException(404, "no such open promise")

    @routes.post("/service/periods", status_code=204, summary="Declare a special period")
    async def declare(body: PeriodBody) -> None:
        zone = clerk.system.policies.values.shop.zone
        start, end = (at if at.tzinfo else at.replace(tzinfo=zone) for at in (body.starts_at, body.ends_at))
        if not await clerk.declare(body.name, body.rule, start, end):
            raise HTTPException(422, "no such rule, or it ends before it starts")
