"""The figures of today beside those of yesterday and a week ago at this time: reckoned once for all pages that show them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ivr import tally as tally_of
from ivr.config import Settings
from ivr.console import callbacks
from ivr.console.house import House
from ivr.records import stuck, tallies
from ivr.records.agent_figures import agent_figures
from ivr.records.stuck import Step
from ivr.staffing import AgentFigures
from ivr.tally import Tally, tally
from ivr.traffic import Figures, by, same_time

FRESH_SECONDS = 30.0
# Days that are over change only by who comes back, and by what is done late.
WEEK_FRESH_SECONDS = 600.0
WEEK_DAYS = 8
DAYS_BEFORE = (0, 1, 7)
Groups = tuple[tuple[str, Figures], ...]
Week = tuple[tuple[str, Tally], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """Today; `compared` are today, yesterday and a week ago, each until this time of day."""

    compared: tuple[Tally, ...]
    by: dict[str, Groups]
    agents: tuple[AgentFigures, ...]
    steps: tuple[Step, ...]
    callbacks: int
    late_callbacks: int


class DayBook:
    """Reads the day, at most twice a minute."""

    def __init__(self, house: House) -> None:
        self._house, self._lock = house, asyncio.Lock()
        self._day: Day | None = None
        self._read_at = 0.0
        self._week: Week = ()
        self._week_read_at = float("-inf")

    async def today(self) -> Day:
        """As it is now, or was half a minute ago."""
        async with self._lock:
            now = self._house.clock()
            if self._day is None or not 0 <= now - self._read_at < FRESH_SECONDS:
                settings = self._house.settings
                await self._house.orders.ready()
                self._day = await self._house.read(lambda session, now: _read(session, now, settings))
                self._read_at = now
            return self._day

    async def week(self) -> Week:
        """The last seven days and today, the newest first; as it is now, or was ten minutes ago."""
        async with self._lock:
            now = self._house.clock()
            if not 0 <= now - self._week_read_at < WEEK_FRESH_SECONDS:
                settings = self._house.settings
                await self._house.orders.ready()
                self._week = await self._house.read(lambda session, now: _read_week(session, now, settings))
                self._week_read_at = now
            return self._week


def _read_week(session: Session, now: float, settings: Settings) -> Week:
    zone, own = ZoneInfo(settings.time_zone), settings.orders.system != "sql"
    since, _ = same_time(now, zone, WEEK_DAYS - 1)
    facts = tallies.facts(session, since, now, now, settings.figures.first_contact_days, own)
    return tuple(reversed(tally_of.tallies("day", facts, zone)))


def _read(session: Session, now: float, settings: Settings) -> Day:
    zone, own = ZoneInfo(settings.time_zone), settings.orders.system != "sql"
    periods = [same_time(now, zone, days) for days in DAYS_BEFORE]
    window = settings.figures.first_contact_days
    facts = [tallies.facts(session, since, until, now, window, own) for since, until in periods]
    groups = {name: tuple(by(name, facts[0].calls, zone)) for name in ("hour", "queue", "about")}
    steps, agents = tuple(stuck.steps(session, *periods[0])), tuple(agent_figures(session, *periods[0], now))
    return Day(tuple(map(tally, facts)), groups, agents, steps, *callbacks.counts(session, own, now))
