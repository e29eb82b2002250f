"""Tail the events table once per process and tell everybody who watches, within a quarter of a second.

Ids are given out in order but become visible out of order when two workers write at once on PostgreSQL: a row may appear behind
one that was read already. So the last seconds are read again each time, and what was told is remembered.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ivr.records.tables import EventRow

log = structlog.get_logger()
EVERY_SECONDS = 0.2
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


class Watcher:
    """One who watches: what happened since the last look, bounded; `missed` says that some was dropped."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[Happening] = asyncio.Queue(LONGEST_QUEUE)
        self.missed = False

    def tell(self, happening: Happening) -> None:
        """Add without waiting."""
        try:
            self.waiting.put_nowait(happening)
        except asyncio.QueueFull:
            self.missed = True

    async def batch(self) -> list[Happening]:
        """Wait for something, then take all there is."""
        happenings = [await self.waiting.get()]
        while not self.waiting.empty():
            happenings.append(self.waiting.get_nowait())
        return happenings


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

    async def run(self) -> None:
        """Tail until cancelled; a database that is away is tried again."""
        await self._begin()
        while True:
            try:
                for happening in await asyncio.to_thread(self._fresh):
                    for watcher in list(self._watchers):
                        watcher.tell(happening)
                self.healthy = True
            except DBAPIError as fault:
                if self.healthy:
                    log.warning("feed.database_away", fault=str(fault.orig))
                self.healthy = False
            await asyncio.sleep(EVERY_SECONDS)

    async def _begin(self) -> None:
        """Nothing that happened before this process is told."""
        while True:
            try:
                rows = await asyncio.to_thread(self._fresh)
                self._told.update(dict.fromkeys(row.id for row in rows))
                return
            except DBAPIError as fault:
                log.warning("feed.database_away", fault=str(fault.orig))
                await asyncio.sleep(1.0)

    def _fresh(self) -> list[Happening]:
        with Session(self._engine) as session:
            if not self._newest:
                self._newest = session.scalar(select(func.max(EventRow.id))) or 0
            since = EventRow.id > self._newest - LOOK_BACK
            rows = session.scalars(select(EventRow).where(since).order_by(EventRow.id)).all()
            fresh = [row for row in rows if row.id not in self._told]
            happenings = [Happening(row.id, row.at, row.kind, row.call_id, row.data) for row in fresh]
        for happening in happenings:
            self._told[happening.id] = None
            self._newest = max(self._newest, happening.id)
        while len(self._told) > 2 * LOOK_BACK:
            self._told.popitem(last=False)
        return happenings


async def stream(feed: Feed) -> AsyncIterator[list[Happening]]:
    """Batches of what happens, for server-sent events."""
    with feed.watching() as watcher:
        while True:
            yield await watcher.batch()
