"""What a worker does beside its calls, on the database: renewing what it holds, seeing to the lost, the night watch, posting cases,
and writing what others of its host that ended could not write.

Each chore goes on until it is cancelled. While the database is away it is tried again: none of them may end a worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr.case_poster import CasePoster
from ivr.config import Settings
from ivr.errors import RecordsError
from ivr.lost_callers import follow_up_all
from ivr.night_watch import keep_watch
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue
from order_lookup import OrderDeskError, OrderSystem

log = structlog.get_logger()
HEARTBEAT_SECONDS = 2.0
SPOOL_SECONDS = 30.0
# One worker finishes open actions, chases tickets, sends letters, writes what is in the spool and forgets for all.
WATCHMAN = "worker-0"


class Chores:
    """Those of one worker, by name."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        engine: Engine,
        queue: SqlQueue,
        orders: OrderSystem,
        records: SqlRecords,
    ) -> None:
        self._settings, self._name, self._engine = settings, name, engine
        self._queue, self._orders, self._records = queue, orders, records

    @property
    def all(self) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        """To be run side by side."""
        return self._beat, self._look_after_the_lost, self._watch, self._take_over, self._post_cases

    async def _beat(self) -> None:
        """Nothing else is done here: whoever renews too late is taken for dead."""
        while True:
            await patiently(self._queue.heartbeat())
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _look_after_the_lost(self) -> None:
        """Free what dead workers held, and see to those who were lost with them."""
        while True:
            await patiently(self._follow_up())
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _follow_up(self) -> None:
        lost = await self._queue.reap(self._settings.handoff.wrap_up_seconds)
        await follow_up_all(self._orders, self._queue, lost)

    async def _watch(self) -> None:
        if self._name == WATCHMAN:
            await keep_watch(self._settings, self._orders, self._engine)

    async def _take_over(self) -> None:
        """One worker only: entries of a call stay in their order."""
        while self._name == WATCHMAN:
            await asyncio.sleep(SPOOL_SECONDS)
            await patiently(asyncio.to_thread(self._records.take_over, SPOOL_SECONDS))

    async def _post_cases(self) -> None:
        """Every worker looks; the outbox gives each case to one of them."""
        webhook, recordings = self._settings.handoff.webhook, self._settings.path(self._settings.records.recordings)
        if webhook:
            await CasePoster(self._engine, webhook, recordings, self._settings.console.url).run()


async def patiently(work: Awaitable[None]) -> None:
    """Do it; what fails is told, and is tried again by whoever does it regularly. What is no fault of the database is ours."""
    try:
        await work
    except (RecordsError, SQLAlchemyError, OrderDeskError) as fault:
        log.warning("worker.database_unreachable", fault=str(fault))
    except Exception:
        log.exception("worker.chore_failed")
