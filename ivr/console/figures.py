"""`/metrics` for Prometheus and `/healthz` for whoever restarts things; read from the database at the moment of asking,
but for the processes of this host, of which the supervisor tells."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.accounts import digest
from ivr.console import reading, upkeep
from ivr.console.house import House
from ivr.console.tokens import token_of
from ivr.records import lost_calls
from ivr.records.doors import LiveHours
from ivr.records.outcomes import outcomes
from ivr.records.tables import CallRow, HandoffRow, WrapUpRow


def figures_route(house: House) -> APIRouter:
    """The two routes; figures need a token with the scope `metrics`, or a login that sees all calls."""
    router = APIRouter(include_in_schema=False)

    known: set[str] = set()

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        token = digest(_token(request))
        try:
            if not await _allowed(house, request):
                known.discard(token)
                return PlainTextResponse("Send a token with the scope `metrics`.", 401, {"WWW-Authenticate": "Bearer"})
            known.add(token)
            families = await _of_the_database(house)
        except SQLAlchemyError:  # then of all times one wants to know how the house does
            if token not in known:
                raise
            families = []
        families += [upkeep.database(bool(families)), *await asyncio.to_thread(_of_this_host, house)]
        registry = CollectorRegistry()
        registry.register(_Collected(families))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/healthz")
    async def healthz() -> Response:
        known = house.household
        told = {"unwritten": known.unwritten, "missing": known.missing} if known else {}
        try:
            await house.read(lambda session, _: session.execute(text("SELECT 1")))
        except SQLAlchemyError:
            return JSONResponse({"database": "away", **told}, 503)
        return JSONResponse({"database": "ok", "feed": "ok" if house.feed.healthy else "away", **told})

    return router


async def _of_the_database(house: House) -> list[Metric]:
    await house.hours.look()
    families = await house.read(lambda session, now: [*figures(session, now), *upkeep.outboxes(session, now)])
    return [*families, queues_open(house.hours)]


def _of_this_host(house: House) -> list[Metric]:
    """What the database doesn't know."""
    told = upkeep.processes(house.household) if house.household else ()
    return [*told, *upkeep.spool(house.recordings), *upkeep.supplies(house.settings)]


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _allowed(house: House, request: Request) -> bool:
    if token := _token(request):
        found = await token_of(house, token)
        return found is not None and "metrics" in found.scopes
    viewer = request.state.viewer
    return viewer is not None and bool(viewer.sees_all_calls)


class _Collected:
    """Families that were made beforehand, as a prometheus collector."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def figures(session: Session, now: float) -> list[Metric]:
    """Queue, agents, calls and how they ended."""
    strip = reading.strip(session)
    waiting = GaugeMetricFamily("hotline_queue_waiting", "Calls that wait for an agent", strip.waiting)
    longest_seconds = max(0.0, now - strip.longest_since) if strip.longest_since else 0.0
    longest = GaugeMetricFamily("hotline_queue_longest_wait_seconds", "The longest wait now", longest_seconds)
    agents = GaugeMetricFamily("hotline_agents", "Agents by state", labels=["state"])
    for state, number in strip.agents.items():
        agents.add_metric([state], number)
    live = GaugeMetricFamily("hotline_calls_live", "Calls under way", reading.live_count(session))
    ended = CounterMetricFamily("hotline_calls", "Calls by how they ended", labels=["disposition"])
    by_disposition = select(CallRow.disposition, func.count()).where(CallRow.ended_at.is_not(None))
    for disposition, number in session.execute(by_disposition.group_by(CallRow.disposition)):
        ended.add_metric([disposition or "unknown"], number)
    served = CounterMetricFamily(
        "hotline_self_service", "Calls, by whether the robot served them alone", labels=["alone"]
    )
    judged = outcomes(session)
    served.add_metric(["yes"], judged.self_served)
    served.add_metric(["no"], judged.judged - judged.self_served)
    handoffs = CounterMetricFamily("hotline_handoffs", "Handoffs by outcome", labels=["outcome"])
    # Who was lost with the robot never asked for a human; how these calls ended is counted among the calls.
    asked = (HandoffRow.state == "ended", HandoffRow.outcome != lost_calls.DISPOSITION)
    by_outcome = select(HandoffRow.outcome, func.count()).where(*asked)
    for outcome, number in session.execute(by_outcome.group_by(HandoffRow.outcome)):
        handoffs.add_metric([outcome or "unknown"], number)
    return [waiting, longest, agents, live, ended, served, handoffs, _talk_seconds(session)]


def queues_open(hours: LiveHours) -> Metric:
    """Which queues let callers in."""
    opened = GaugeMetricFamily("hotline_queue_open", "Whether the queue is open now", labels=["queue"])
    for queue in sorted(hours.queues):
        opened.add_metric([queue], float(hours.standing(queue).open))
    return opened


def _talk_seconds(session: Session) -> Metric:
    total = session.scalar(select(func.sum(WrapUpRow.talk_seconds))) or 0.0
    return CounterMetricFamily("hotline_talk_seconds", "Seconds agents talked", float(total))
