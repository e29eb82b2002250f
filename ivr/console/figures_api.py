"""Figures by the HTTP API: what `ivr report figures` and `ivr report stuck` tell, as JSON or as a file for spreadsheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.params import Depends
from pydantic import BaseModel

from ivr.console.house import House
from ivr.records import stuck, traffic
from ivr.records.sheet import Cell, sheet
from ivr.traffic import Grouping, by, count, day_begins, told

MOST_DAYS = 92
First = Annotated[
    date | None, Query(alias="from", description="The first day, in the shop's time zone; today if left out.")
]
Last = Annotated[date | None, Query(alias="to", description="The last day, itself included; the first if left out.")]
_TOO_LONG: dict[int | str, dict[str, Any]] = {
    422: {"description": f"Not a day, the wrong way round, or more than {MOST_DAYS} days"}
}
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

    async def rows(grouping: Grouping | None, first: date | None, last: date | None) -> list[dict[str, Cell]]:
        zone = ZoneInfo(house.settings.time_zone)
        since, before = _period(house, first, last)
        calls = await house.read(lambda session, _: traffic.calls(session, since, before))
        groups = [("", count(calls))] if grouping is None else by(grouping, calls, zone)
        return [{"group": name, **told(figures)} for name, figures in groups]

    @router.get("/figures", responses=_TOO_LONG)
    async def figures(grouping: By = None, first: First = None, last: Last = None) -> list[FiguresOut]:
        """The figures of some days, where each call began; what they mean is in docs/console.md."""
        return [FiguresOut.model_validate(row) for row in await rows(grouping, first, last)]

    @router.get("/figures.csv", responses={**_TOO_LONG, **_CSV}, response_class=Response)
    async def figures_csv(grouping: By = None, first: First = None, last: Last = None) -> Response:
        """The same as a file for spreadsheets."""
        return _file(f"figures-{grouping or 'all'}", await rows(grouping, first, last), list(FiguresOut.model_fields))

    @router.get("/steps", responses=_TOO_LONG)
    async def steps(first: First = None, last: Last = None) -> list[StepOut]:
        """Where callers get stuck: the steps of the dialogue, the most troublesome first."""
        since, before = _period(house, first, last)
        found = await house.read(lambda session, _: stuck.steps(session, since, before))
        return [StepOut(**asdict(step)) for step in found]

    return router


def _period(house: House, first: date | None, last: date | None) -> tuple[float, float]:
    zone = ZoneInfo(house.settings.time_zone)
    begins = first or datetime.fromtimestamp(house.clock(), zone).date()
    ends = last or begins
    if not (begins.year > 1970 and ends.year < 9999 and timedelta(0) <= ends - begins < timedelta(days=MOST_DAYS)):
        raise HTTPException(422, f"`from` comes before `to`, and not more than {MOST_DAYS} days.")
    return day_begins(begins, zone), day_begins(ends + timedelta(days=1), zone)


def _file(name: str, rows: Sequence[dict[str, Cell]], columns: Sequence[str]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(sheet(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)
