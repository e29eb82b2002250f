"""The figures of today beside those of yesterday and a week ago at this time: reckoned once for all pages that show them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ivr.console import callbacks
from ivr.console.house import House
from ivr.records import stuck, traffic
from ivr.records.stuck import Step
from ivr.traffic import CallFacts, Figures, by, count, same_time

FRESH_SECONDS = 30.0
DAYS_BEFORE = (0, 1, 7)
Groups = tuple[tuple[str, Figures], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """Today; `compared` are today, yesterday and a week ago, each until this time of day."""

    compared: tuple[Figures, ...]
    by: dict[str, Groups]
    steps: tuple[Step, ...]
    callbacks: int
    late_callbacks: int


class DayBook:
    """Reads the day, at most twice a minute."""

    def __init__(self, house: House) -> None:
        self._house, self._lock = house, asyncio.Lock()
        self._day: Day | None = None
        self._read_at = 0.0

    async def today(self) -> Day:
        """As it is now, or was half a minute ago."""
        async with self._lock:
            now = self._house.clock()
            if self._day is None or not 0 <= now - self._read_at < FRESH_SECONDS:
                own = self._house.settings.orders.system != "sql"
                if not own:
                    await self._house.orders.ready()
                zone = ZoneInfo(self._house.settings.time_zone)
                self._day = await self._house.read(lambda session, now: _read(session, now, zone, own))
                self._read_at = now
            return self._day


def _read(session: Session, now: float, zone: ZoneInfo, own: bool) -> Day:
    periods = [same_time(now, zone, days) for days in DAYS_BEFORE]
    calls: list[list[CallFacts]] = [traffic.calls(session, since, until) for since, until in periods]
    groups = {name: tuple(by(name, calls[0], zone)) for name in ("hour", "queue", "about")}
    steps = tuple(stuck.steps(session, *periods[0]))
    return Day(tuple(count(each) for each in calls), groups, steps, *callbacks.counts(session, own, now))
