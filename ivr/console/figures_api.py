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
from ivr.records import stuck, traffic
from ivr.records.sheet import Cell, sheet
from ivr.traffic import Grouping, by, count, day_begins, told

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
        calls = await house.read(lambda session, _: traffic.calls(session, since, before))
        groups = [("", count(calls))] if grouping is None else by(grouping, calls, zone)
        return [{"group": name, **told(figures)} for name, figures in groups]

    @router.get("/figures")
    async def figures(grouping: By = None, first: First = None, days: Days = 1) -> list[FiguresOut]:
        """The figures of some days, where each call began; what they mean is in docs/console.md."""
        return [FiguresOut.model_validate(row) for row in await rows(grouping, first, days)]

    @router.get("/figures.csv", responses=_CSV, response_class=Response)
    async def figures_csv(grouping: By = None, first: First = None, days: Days = 1) -> Response:
        """The same as a file for spreadsheets."""
        return _file(f"figures-{grouping or 'all'}", await rows(grouping, first, days), list(FiguresOut.model_fields))

    @router.get("/steps")
    async def steps(first: First = None, days: Days = 1) -> list[StepOut]:
        """Where callers get stuck: the steps of the dialogue, the most troublesome first."""
        since, before = _period(house, first, days)
        found = await house.read(lambda session, _: stuck.steps(session, since, before))
        return [StepOut(**asdict(step)) for step in found]

    return router


def _period(house: House, first: date | None, days: int) -> tuple[float, float]:
    zone = ZoneInfo(house.settings.time_zone)
    wanted = first or datetime.fromtimestamp(house.clock(), zone).date()
    begins = min(max(wanted, EARLIEST), LATEST)  # what no clock can tell has no calls either
    return day_begins(begins, zone), day_begins(begins + timedelta(days=days), zone)


def _file(name: str, rows: Sequence[dict[str, Cell]], columns: Sequence[str]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(sheet(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)
