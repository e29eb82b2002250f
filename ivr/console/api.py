"""The HTTP API for other systems: calls, queue, agents, orders, and what happens as it happens. Tokens with scopes.

A token is made by `ivr agents token NAME --scope calls`. Supervisors, operations and admins may also use their login, so that the
documentation page can be tried out from the browser.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.accounts import SCOPES, audit, audit_once
from ivr.console import reading
from ivr.console.api_models import AgentOut, CallOut, CallWithLines, HoursOut, Problem, QueueOut
from ivr.console.feed import Happening, Sent, happening
from ivr.console.figures_api import figures_router
from ivr.console.house import House
from ivr.console.tokens import token_of
from ivr.errors import UserError
from ivr.records.tables import EventRow
from ivr.records.vcon import vcon
from order_lookup import OrderDeskError
from order_lookup.http import router

CallId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._@:-]{1,64}$", description="The call's id.")]
_bearer = HTTPBearer(auto_error=False, description="`ivr agents token NAME --scope calls`")
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No token, or an unknown one"},
    403: {"model": Problem, "description": "The token lacks the scope"},
    503: {"model": Problem, "description": "The database is away"},
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such call"}}
_COMMENT_SECONDS = 10.0
ONE_LOOK_SECONDS = 300.0
PAGE = 1000


def api_app(house: House) -> FastAPI:
    """The API with its documentation, to be mounted at /api."""
    app: FastAPI = FastAPIOffline(
        title="Hotline",
        version="1",
        description="Calls, queue, agents and orders of the hotline. Of calls, personal data is masked as it is kept; orders are whole.",
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs-static",
        responses=_PROBLEMS,
    )
    app.router.redirect_slashes = False

    @app.exception_handler(SQLAlchemyError)
    async def database_away(request: Request, fault: Exception) -> Response:
        return JSONResponse({"detail": "The database is away; please try again."}, 503)

    @app.exception_handler(OrderDeskError)
    async def order_desk_away(request: Request, fault: Exception) -> Response:
        return JSONResponse({"detail": "The order desk is away; please try again."}, 503)

    _add_calls(app, house)
    app.include_router(
        router(
            house.orders.own,
            [Depends(_scope(house, "orders", whole_data=True))],
            [Depends(_scope(house, "service", whole_data=True))],
            [Depends(_scope(house, "orders")), Depends(_scope(house, "service"))],
        )
    )
    _add_now(app, house)
    app.include_router(figures_router(house, Depends(_scope(house, "metrics"))))
    _add_events(app, house)
    return app


def _scope(house: House, scope: str, whole_data: bool = False) -> Callable[..., Awaitable[None]]:
    """A dependency that lets pass who may; where names, numbers and addresses are shown in full, the audit says who looked."""
    assert scope in SCOPES

    async def check(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> None:
        if credentials is not None:
            known = await token_of(house, credentials.credentials)
            if known is None:
                raise HTTPException(401, "This token is not known.", {"WWW-Authenticate": "Bearer"})
            if scope not in known.scopes:
                raise HTTPException(403, f"This token lacks the scope `{scope}`.")
            who = f"token {known.name}"
        else:
            viewer = getattr(request.state, "viewer", None)
            if viewer is None:
                raise HTTPException(401, "Send a token: `Authorization: Bearer …`.", {"WWW-Authenticate": "Bearer"})
            if not (viewer.sees_whole_data if whole_data else viewer.sees_all_calls):
                raise HTTPException(
                    403, "Your role may not use this." if whole_data else "Your role may not use the API."
                )
            who = viewer.name
        request.state.who = who
        if whole_data and (scope == "service" or request.method == "GET"):
            await house.write(lambda session, now: _audit(session, who, request, now))

    return check


def _audit(session: Session, who: str, request: Request, now: float) -> None:
    """Who looked at what or changed it; what was searched by is named, and not said."""
    path, searched_by = request.url.path, sorted(name for name, value in request.query_params.items() if value)
    if request.method == "GET":
        audit_once(session, who, "order_data_read", ONE_LOOK_SECONDS, now, path=path, searched_by=searched_by)
    else:
        audit(session, who, "order_data_changed", None, now, path=path)


def _add_calls(app: FastAPI, house: House) -> None:
    allowed = [Depends(_scope(house, "calls"))]

    @app.get("/calls", tags=["calls"], dependencies=allowed)
    async def calls(
        live: Annotated[bool, Query(description="Only calls under way.")] = False,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        before: Annotated[
            float | None,
            Query(ge=0, le=1e11, description="Only calls that began before this moment (seconds since 1970)."),
        ] = None,
    ) -> list[CallOut]:
        """Calls, newest first."""
        found = await house.read(lambda session, _: reading.calls(session, live, limit, before))
        return [CallOut.of(call) for call in found]

    @app.get("/calls/{call_id}", tags=["calls"], dependencies=allowed, responses=_NOT_FOUND)
    async def call(request: Request, call_id: CallId) -> CallWithLines:
        """One call with its transcript."""
        found = await house.read(lambda session, _: reading.call(session, call_id))
        if found is None:
            raise HTTPException(404, "There is no such call.")
        house.seen(request.state.who, "transcript_opened", call_id, ONE_LOOK_SECONDS)
        lines = await house.read(lambda session, _: reading.lines(session, call_id))
        return CallWithLines.of_lines(found, lines)

    @app.get(
        "/calls/{call_id}/vcon",
        tags=["calls"],
        dependencies=allowed,
        responses={**_NOT_FOUND, 200: {"content": {"application/vcon+json": {}}, "description": "The vCon"}},
        response_class=Response,
    )
    async def call_vcon(request: Request, call_id: CallId) -> Response:
        """One call as an IETF vCon."""
        try:
            desk = house.settings.console.url
            container = await house.read(lambda session, _: vcon(session, call_id, house.recordings, desk))
        except UserError:
            raise HTTPException(404, "There is no such call.") from None
        house.seen(request.state.who, "vcon_downloaded", call_id, ONE_LOOK_SECONDS)
        return Response(json.dumps(container, ensure_ascii=False), media_type="application/vcon+json")


def _add_now(app: FastAPI, house: House) -> None:
    @app.get("/queue", tags=["now"], dependencies=[Depends(_scope(house, "queue"))])
    async def queue() -> QueueOut:
        """Who waits and who is being talked to, in the order of service, with the agents by state."""
        waiting = await house.read(reading.queue)
        strip = await house.read(lambda session, _: reading.strip(session))
        return QueueOut.of(strip, waiting)

    @app.get("/hours", tags=["now"], dependencies=[Depends(_scope(house, "queue"))])
    async def hours() -> list[HoursOut]:
        """Which queues are open now, and until when."""
        await house.hours.look()
        standing = ((queue, house.hours.standing(queue)) for queue in sorted(house.hours.queues))
        return [
            HoursOut(queue=queue, open=now.open, until=now.until.timestamp() if now.until else None, by=now.by)
            for queue, now in standing
        ]

    @app.get("/agents", tags=["now"], dependencies=[Depends(_scope(house, "agents"))])
    async def agents() -> list[AgentOut]:
        """Everybody with a telephone, and what they do now."""
        return [AgentOut(**asdict(agent)) for agent in await house.read(lambda session, _: reading.agents(session))]


def _add_events(app: FastAPI, house: House) -> None:
    @app.get(
        "/events",
        tags=["now"],
        dependencies=[Depends(_scope(house, "events"))],
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events"}},
    )
    async def events(
        request: Request,
        seconds: Annotated[float, Query(ge=0.1, le=86_400, description="End the stream after this time.")] = 3600.0,
        last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,15}$")] = None,
    ) -> StreamingResponse:
        """Server-sent events: each has `id`, `event` (its kind) and `data` (JSON). Reconnecting with Last-Event-ID goes on."""
        house.seen(request.state.who, "feed_opened", None, ONE_LOOK_SECONDS)  # what callers say is in it, masked
        after = int(last_event_id) if last_event_id else None
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(house, seconds, after), media_type="text/event-stream", headers=headers)


async def _stream(house: House, seconds: float, after: int | None) -> AsyncIterator[str]:
    ends = asyncio.get_running_loop().time() + seconds
    sent = Sent(house.feed.newest if after is None else after)
    with house.feed.watching() as watcher:
        yield ": welcome\n\n"
        if after is not None:
            async for each in _missed(house, after):
                if sent.fresh(each.id):
                    yield _event(each)
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            try:
                batch = await asyncio.wait_for(watcher.batch(), min(left, _COMMENT_SECONDS))
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if watcher.missed:  # a slow reader is read out of the table what was dropped
                watcher.missed = False
                batch += [each async for each in _missed(house, sent.newest)]
            for each in batch:
                if sent.fresh(each.id):
                    yield _event(each)


async def _missed(house: House, after: int) -> AsyncIterator[Happening]:
    """All that happened after an event, in pages."""

    def page_of(session: Session, _: float) -> list[Happening]:
        wanted = select(EventRow).where(EventRow.id > after).order_by(EventRow.id).limit(PAGE)
        return [happening(row) for row in session.scalars(wanted)]

    while page := await house.read(page_of):
        for each in page:
            yield each
        after = page[-1].id


def _event(told: Happening) -> str:
    kind = "".join(character for character in told.kind if character.isalnum() or character == "_")
    data = json.dumps({"at": told.at, "call_id": told.call_id, **told.data}, ensure_ascii=False)
    return f"id: {told.id}\nevent: {kind}\ndata: {data}\n\n"
