"""Tail the events table once per process and tell everybody who watches, within a quarter of a second.

Ids are given out in order but become visible out of order when two workers write at once on PostgreSQL: a row may appear behind
one that was read already. So the last seconds are read again each time, and what was told is remembered.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.records.tables import EventRow

log = structlog.get_logger()
EVERY_SECONDS = 0.2
# After a fault of ours, which the log need not have five times a second.
REST_SECONDS = 5.0
# How many ids behind the newest a slow writer's row may appear.
LOOK_BACK = 200
LONGEST_QUEUE = 1000


@dataclass(frozen=True, slots=True)
class Happening:
    """A row of the feed."""

    id: int
    at: float
    kind: str
    call_id: str | None
    data: dict[str, Any] = field(default_factory=dict)


def happening(row: EventRow) -> Happening:
    """What a row says."""
    return Happening(row.id, row.at, row.kind, row.call_id, row.data)


class Watcher:
    """One who watches: what happened since the last look, bounded; `missed` says that some was dropped."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[Happening | None] = asyncio.Queue(LONGEST_QUEUE)
        self.missed = False

    def tell(self, told: Happening | None) -> None:
        """Add without waiting; None only wakes: the database went or came back."""
        try:
            self.waiting.put_nowait(told)
        except asyncio.QueueFull:
            self.missed = True

    async def batch(self) -> list[Happening]:
        """Wait for something, then take all there is; empty when it was only woken."""
        taken = [await self.waiting.get()]
        while not self.waiting.empty():
            taken.append(self.waiting.get_nowait())
        return [each for each in taken if each is not None]


class Feed:
    """Everything that happens in the hotline, as it happens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watchers: set[Watcher] = set()
        self._newest = 0
        self._told: OrderedDict[int, None] = OrderedDict()
        self.healthy = True

    @contextlib.contextmanager
    def watching(self) -> Iterator[Watcher]:
        """Watch from now on."""
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    @property
    def newest(self) -> int:
        """The id of the newest event that was told."""
        return self._newest

    async def run(self) -> None:
        """Tail until cancelled; a database that is away is tried again."""
        await self._begin()
        while True:
            try:
                for fresh in await asyncio.to_thread(self._fresh):
                    self._tell(fresh)
                self._turned(healthy=True)
            except SQLAlchemyError as fault:
                if self.healthy:
                    log.warning("feed.database_away", fault=str(fault))
                self._turned(healthy=False)
            except Exception:
                # Nobody would see it: every page would just stand still.
                log.exception("feed.broke")
                self._turned(healthy=False)
                await asyncio.sleep(REST_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)

    def _tell(self, told: Happening | None) -> None:
        for watcher in list(self._watchers):
            watcher.tell(told)

    def _turned(self, healthy: bool) -> None:
        """Whoever watches looks again when the database goes, and when it is back."""
        if healthy != self.healthy:
            self.healthy = healthy
            self._tell(None)

    async def _begin(self) -> None:
        """Nothing that happened before this process is told."""
        while True:
            try:
                rows = await asyncio.to_thread(self._fresh)
                self._told.update(dict.fromkeys(row.id for row in rows))
                return
            except SQLAlchemyError as fault:
                log.warning("feed.database_away", fault=str(fault))
                await asyncio.sleep(1.0)

    def _fresh(self) -> list[Happening]:
        with Session(self._engine) as session:
            if not self._newest:
                self._newest = session.scalar(select(func.max(EventRow.id))) or 0
            since = EventRow.id > self._newest - LOOK_BACK
            rows = session.scalars(select(EventRow).where(since).order_by(EventRow.id)).all()
            fresh = [row for row in rows if row.id not in self._told]
            happenings = [happening(row) for row in fresh]
        for each in happenings:
            self._told[each.id] = None
            self._newest = max(self._newest, each.id)
        while len(self._told) > 2 * LOOK_BACK:
            self._told.popitem(last=False)
        return happenings


class Sent:
    """Which events a stream has sent: the same may come from the table and from the feed. Old ones are forgotten."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self._ids: set[int] = set()

    def fresh(self, number: int) -> bool:
        """Whether it is to be sent now, which counts as sent."""
        if number in self._ids:
            return False
        self._ids.add(number)
        self.newest = max(self.newest, number)
        if len(self._ids) > 4 * LONGEST_QUEUE:
            self._ids = {each for each in self._ids if each > self.newest - 2 * LONGEST_QUEUE}
        return True
