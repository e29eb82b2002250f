"""The order desk over HTTP, for the console: a router to be mounted behind the console's own sign-in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, params
from pydantic import BaseModel, BeforeValidator, Field

from order_lookup.answers import Decision
from order_lookup.clerk import Clerk
from order_lookup.listings import ActionView, OrderView, PromiseView, TicketView
from order_lookup.port import OrderSummary
from order_lookup.sql import SqlOrderSystem
from order_lookup.views import plain
from order_lookup.words import LedgerState
from strict_yaml import nearest, told

Number = Annotated[str, Field(min_length=1, max_length=40)]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is none such"}}
_UNREADABLE: dict[int | str, dict[str, Any]] = {400: {"description": "The body isn't UTF-8 text"}}
_NO_RULE: dict[int | str, dict[str, Any]] = {409: {"description": "No such rule, or it ends before it starts"}}


def _written(value: object) -> object:
    """Dates and times are written, not counted: pydantic would take numbers as seconds since 1970."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("write it like 2027-01-31, or 2027-01-31T18:30:00+08:00")
    return value


Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[datetime, BeforeValidator(_written)]


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
    starts_at: Moment
    ends_at: Moment


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


Guards = Sequence[params.Depends]
Desk = Callable[[], Awaitable[SqlOrderSystem]]


def router(
    desk: Desk, reading: Guards = (), changing: Guards = (), declaring: Guards | None = None, prefix: str = "/orders"
) -> APIRouter:
    """The routes over the order system that `desk` opens.

    `reading` guards whatever shows customers' data, and `changing` besides what changes it; `declaring`, by default both, the
    special periods, which show nobody's.
    """
    its = Depends(_clerk_of(desk))
    about_customers = APIRouter(prefix=prefix, tags=["orders"], dependencies=list(reading))
    _add_orders(about_customers, its)
    _add_tickets(about_customers, its, list(changing))
    _add_promises(about_customers, its, list(changing))
    guards = [*reading, *changing] if declaring is None else list(declaring)
    periods = APIRouter(prefix=prefix, tags=["orders"], dependencies=guards)
    _add_periods(periods, its)
    routes = APIRouter()
    routes.include_router(about_customers)
    routes.include_router(periods)
    return routes


def _clerk_of(desk: Desk) -> Callable[[], Awaitable[Clerk]]:
    async def clerk() -> Clerk:
        return Clerk(await desk())

    return clerk


def _add_orders(routes: APIRouter, its: Any) -> None:
    @routes.get("", summary="Orders that fit everything given, newest first")
    async def find(
        number: Annotated[str, Query(max_length=64)] = "",
        tail: Annotated[str, Query(max_length=12)] = "",
        phone: Annotated[str, Query(max_length=80)] = "",
        item: Annotated[str, Query(max_length=60)] = "",
        day: Day | None = None,
        clerk: Clerk = its,
    ) -> list[OrderBody]:
        found: Sequence[OrderSummary] = await clerk.find(number, tail, phone, item, day)
        return [OrderBody.model_validate(plain(order)) for order in found]

    @routes.get("/actions", summary="The newest lines of the action ledger")
    async def actions(state: LedgerState | None = None, order_number: str = "", clerk: Clerk = its) -> list[ActionView]:
        return list(await clerk.actions(state.value if state else "", order_number))

    @routes.get("/{number}", summary="The whole order, and what is unusual about it", responses=NOT_FOUND)
    async def show(number: Number, clerk: Clerk = its) -> dict[str, Any]:
        view: OrderView | None = await clerk.show(number)
        if view is None:
            raise HTTPException(404, "no such order")
        return dict(plain(view))

    @routes.get("/{number}/decisions/{intent}", summary="What would be decided", responses=NOT_FOUND)
    async def decide(number: Number, intent: str, clerk: Clerk = its) -> DecisionBody:
        if intent not in (known := clerk.system.policies.book.intents):
            raise HTTPException(404, told("no such intent", nearest(intent, [*known])))
        decision = await clerk.decide(intent, number)
        if decision.order_number is None:
            raise HTTPException(404, "no such order")
        return DecisionBody.of(decision)


def _add_tickets(routes: APIRouter, its: Any, changing: Guards) -> None:
    @routes.get("/service/tickets", summary="Open tickets, the most urgent first")
    async def tickets(queue: str = "", overdue: bool = False, clerk: Clerk = its) -> list[TicketView]:
        return list(await clerk.tickets(queue, overdue))

    @routes.get("/service/tickets/{number}", summary="A ticket with its history", responses=NOT_FOUND)
    async def ticket(number: str, clerk: Clerk = its) -> TicketView:
        found = await clerk.ticket(number)
        if found is None:
            raise HTTPException(404, "no such ticket")
        return found

    change: dict[str, Any] = {"status_code": 204, "dependencies": changing, "responses": NOT_FOUND | _UNREADABLE}

    @routes.post("/service/tickets/{number}/notes", summary="Add a line to a ticket", **change)
    async def note(number: str, body: NoteBody, clerk: Clerk = its) -> None:
        if not await clerk.system.append_ticket(number, body.author, body.text):
            raise HTTPException(404, "no such ticket")

    @routes.post("/service/tickets/{number}/close", summary="Close a ticket", **change)
    async def close(number: str, body: NoteBody, clerk: Clerk = its) -> None:
        if not await clerk.system.close_ticket(number, body.author, body.text):
            raise HTTPException(404, "no such open ticket")


def _add_promises(routes: APIRouter, its: Any, changing: Guards) -> None:
    @routes.get("/service/promises", summary="Promises not kept yet, the earliest due first")
    async def promises(clerk: Clerk = its) -> list[PromiseView]:
        return list(await clerk.promises())

    change: dict[str, Any] = {"status_code": 204, "dependencies": changing}

    @routes.post("/service/promises/{promise_id}/kept", summary="Mark a promise as kept", responses=NOT_FOUND, **change)
    async def kept(promise_id: Annotated[int, Path(ge=1, lt=2**63)], clerk: Clerk = its) -> None:
        if not await clerk.keep_promise(promise_id):
            raise HTTPException(404, "no such open promise")


def _add_periods(routes: APIRouter, its: Any) -> None:
    answers: dict[str, Any] = {"status_code": 204, "responses": _NO_RULE | _UNREADABLE}

    @routes.post("/service/periods", summary="Declare a special period", **answers)
    async def declare(body: PeriodBody, clerk: Clerk = its) -> None:
        zone = clerk.system.policies.values.shop.zone
        start, end = (at if at.tzinfo else at.replace(tzinfo=zone) for at in (body.starts_at, body.ends_at))
        if not await clerk.declare(body.name, body.rule, start, end):
            raise HTTPException(409, "no such rule, or it ends before it starts")
