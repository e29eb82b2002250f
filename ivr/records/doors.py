"""Opening hours as they stand: those of the settings, and what supervisors said since, which is in the database for all processes.

Asking is a look into memory, for every waiting call does it every second; `look` reads what supervisors said and is due every second.
While the database is away what was read last holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from ivr.config import Settings
from ivr.hours import HouseHours, Override, Standing
from ivr.records.holding import tell
from ivr.records.tables import DoorRow
from ivr.values import Value

FEED_KIND = "hours"


class LiveHours:
    """`ports.Hours` and the order desk's `WorkingTime`, of one process; those waiting are told `last_minutes` before closing."""

    def __init__(
        self,
        engine: Engine,
        house: HouseHours,
        queues: frozenset[str],
        last_minutes: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine, self._house, self.queues, self._clock = engine, house, queues, clock
        self._last = timedelta(minutes=last_minutes)

    @classmethod
    def of(cls, settings: Settings, engine: Engine, queues: frozenset[str]) -> LiveHours:
        """As the settings have them, until `look` has been."""
        house = settings.hours.of_house(settings.time_zone)
        return cls(engine, house, queues, settings.hours.last_minutes)

    def now(self) -> datetime:
        """The moment, by the clock of this process."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def standing(self, queue: str) -> Standing:
        """How the queue stands now."""
        return self._house.standing(queue, self.now())

    def closes_soon(self, queue: str) -> datetime | None:
        """When the queue closes, if that is in the last minutes."""
        now = self.standing(queue)
        return now.until if now.open and now.until and now.until - self.now() <= self._last else None

    def is_open(self, queue: str, at: datetime) -> bool:
        """Whether the queue lets callers in at a moment."""
        return self._house.is_open(queue, at)

    def after(self, queue: str, at: datetime, span: timedelta) -> datetime:
        """The moment at which so much of the queue's time of work has passed."""
        return self._house.after(queue, at, span)

    def facts(self) -> dict[str, Value]:
        """What conversations know of it."""
        return self._house.facts(self.queues, self.now())

    async def look(self) -> None:
        """Read what supervisors said, off the event loop; raises SQLAlchemyError while the database is away."""
        await asyncio.to_thread(self.read)

    def read(self) -> None:
        """The same at once."""
        with Session(self._engine) as session:
            self._house = replace(self._house, overrides=overrides(session, self._clock()))


def overrides(session: Session, now: float) -> dict[str, Override]:
    """What supervisors said and still holds, by queue."""
    rows = session.scalars(select(DoorRow)).all()
    return {row.queue: _override(row) for row in rows if row.until is None or row.until > now}


def _override(row: DoorRow) -> Override:
    return Override(row.open, None if row.until is None else datetime.fromtimestamp(row.until, UTC), row.by)


def say(session: Session, queue: str, opened: bool, until: float | None, by: str, now: float) -> None:
    """Close a queue, or open it, whatever its timetable says; what was said of it before is forgotten."""
    session.merge(DoorRow(queue=queue, open=opened, until=until, by=by[:64], at=now))
    tell(session, now, FEED_KIND, None, queue=queue, open=opened, until=until, by=by)


def take_back(session: Session, queue: str, now: float) -> bool:
    """The timetable counts again; False where nothing else did."""
    row = session.get(DoorRow, queue)
    if row is None:
        return False
    session.execute(delete(DoorRow).where(DoorRow.queue == queue))
    tell(session, now, FEED_KIND, None, queue=queue)
    return True
