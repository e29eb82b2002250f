"""Figures by the HTTP API: what `ivr report figures` and `ivr report stuck` tell, as JSON or as a file for spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from fastapi.params import Depends
from pydantic import BaseModel, BeforeValidator

from ivr.console.house import House
from ivr.records import stuck
from ivr.records import tallies as tallies_of
from ivr.records.agent_figures import agent_figures
from ivr.records.sheet import Cell, sheet
from ivr.staffing import told_of_agent
from ivr.tally import Facts, tallies, tally, told
from ivr.traffic import Grouping, day_begins

MOST_DAYS = 92
EARLIEST, LATEST = date(1971, 1, 1), date(9000, 1, 1)


def _as_written(day: object) -> object:
    """A day, and not the seconds since 1970 that pydantic would take, too."""
    if isinstance(day, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        raise ValueError("write it like 2027-01-31")
    return day


First = Annotated[
    date | None,
    BeforeValidator(_as_written),
    Query(alias="from", description="The first day, in the shop's time zone; today if left out."),
]
Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="How many days, the first among them.")]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A CSV file"}
}


By = Annotated[Grouping | None, Query(alias="by", description="A row for each of these; without it, one for all.")]


class FiguresOut(BaseModel):
    """A row: counts, and rates and means, which are null where there is nothing to take them of."""

    group: str
    calls: int
    judged: int
    self_served: int
    with_human: int
    said_nothing: int
    line_lost: int
    asked: int
    answered: int
    in_time: int
    gave_up: int
    gave_up_at_once: int
    out_of_hours: int
    handled: int
    scores: int
    low_scores: int
    self_service_rate: float | None
    service_level: float | None
    abandonment_rate: float | None
    speed_of_answer_seconds: float | None
    handle_seconds: float | None
    satisfaction: float | None
    first_contacts: int
    resolved: int
    first_contact_resolution: float | None
    low_robot: int
    low_agent: int
    low_policy: int
    low_goods: int
    low_delivery: int
    low_other: int
    signed_in_seconds: float
    ready_seconds: float
    handling_seconds: float
    missed_by_agents: int
    occupancy: float | None
    utilisation: float | None
    callbacks_due: int
    callbacks_in_time: int
    callbacks_in_time_rate: float | None
    callbacks_early_seconds: float | None
    callbacks_late_seconds: float | None
    callbacks_needless: int
    tickets_due: int
    tickets_in_time: int
    tickets_in_time_rate: float | None
    tickets_early_seconds: float | None
    tickets_late_seconds: float | None


class AgentFiguresOut(BaseModel):
    """What one agent did; of calls that began in the time."""

    agent: str
    available_seconds: float
    ringing_seconds: float
    on_call_seconds: float
    wrap_up_seconds: float
    away_seconds: float
    signed_in_seconds: float
    ready_seconds: float
    talks: int
    passed_on: int
    missed: int
    scores: int
    occupancy: float | None
    utilisation: float | None
    handle_seconds: float | None
    satisfaction: float | None


class StepOut(BaseModel):
    """A step of the dialogue, and what came of it."""

    name: str
    understood: int
    not_understood: int
    silent: int
    to_human: int
    hung_up: int


def figures_router(house: House, allowed: Depends) -> APIRouter:
    """The routes, for whoever is allowed to see figures."""
    router = APIRouter(tags=["figures"], dependencies=[allowed])

    async def rows(grouping: Grouping | None, first: date | None, days: int) -> list[dict[str, Cell]]:
        zone = ZoneInfo(house.settings.time_zone)
        since, before = _period(house, first, days)
        facts = await facts_of(house, since, before)
        groups = [("", tally(facts))] if grouping is None else tallies(grouping, facts, zone)
        return [{"group": name, **told(counted)} for name, counted in groups]

    @router.get("/figures")
    async def figures(grouping: By = None, first: First = None, days: Days = 1) -> list[FiguresOut]:
        """The figures of some days, where each call began; what they mean is in docs/console.md."""
        return [FiguresOut.model_validate(row) for row in await rows(grouping, first, days)]

    @router.get("/figures.csv", responses=_CSV, response_class=Response)
    async def figures_csv(grouping: By = None, first: First = None, days: Days = 1) -> Response:
        """The same as a file for spreadsheets."""
        return _file(f"figures-{grouping or 'all'}", await rows(grouping, first, days), list(FiguresOut.model_fields))

    async def of_agents(first: date | None, days: int) -> list[dict[str, Cell]]:
        since, before = _period(house, first, days)
        found = await house.read(lambda session, now: agent_figures(session, since, before, now))
        return [told_of_agent(each) for each in found]

    @router.get("/figures/agents")
    async def agents(first: First = None, days: Days = 1) -> list[AgentFiguresOut]:
        """What each agent did in some days: time by state, talks, missed calls, satisfaction."""
        return [AgentFiguresOut.model_validate(row) for row in await of_agents(first, days)]

    @router.get("/figures/agents.csv", responses=_CSV, response_class=Response)
    async def agents_csv(first: First = None, days: Days = 1) -> Response:
        """The same as a file for spreadsheets."""
        return _file("agents", await of_agents(first, days), list(AgentFiguresOut.model_fields))

    @router.get("/steps")
    async def steps(first: First = None, days: Days = 1) -> list[StepOut]:
        """Where callers get stuck: the steps of the dialogue, the most troublesome first."""
        since, before = _period(house, first, days)
        found = await house.read(lambda session, _: stuck.steps(session, since, before))
        return [StepOut(**asdict(step)) for step in found]

    return router


async def facts_of(house: House, since: float, before: float) -> Facts:
    """What happened from a moment on and before another."""
    await house.orders.ready()  # its tables are counted from, too
    settings = house.settings
    days, own = settings.figures.first_contact_days, settings.orders.system != "sql"
    return await house.read(lambda session, now: tallies_of.facts(session, since, before, now, days, own))


def _period(house: House, first: date | None, days: int) -> tuple[float, float]:
    zone = ZoneInfo(house.settings.time_zone)
    wanted = first or datetime.fromtimestamp(house.clock(), zone).date()
    begins = min(max(wanted, EARLIEST), LATEST)  # what no clock can tell has no calls either
    return day_begins(begins, zone), day_begins(begins + timedelta(days=days), zone)


def _file(name: str, rows: Sequence[dict[str, Cell]], columns: Sequence[str]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(sheet(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)
