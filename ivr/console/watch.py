"""The console's own duty: free what dead workers held, call back whom they lost, know opening hours, end shifts that nobody ended."""

from __future__ import annotations

import asyncio
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ivr.console.callbacks import source
from ivr.console.house import House
from ivr.console.shifts import end_forgotten
from ivr.errors import RecordsError
from ivr.lost_callers import follow_up_all
from ivr.records.queue import SqlQueue
from order_lookup import OrderDeskError

log = structlog.get_logger()
EVERY_SECONDS = 1.5
SHIFTS_EVERY_SECONDS = 60.0


async def watch_over(house: House) -> None:
    """Reap every second and a half until cancelled; what fails is tried again."""
    promises = source(house.settings.orders.system != "sql")
    queue = SqlQueue(house.engine, "console", house.clock, steady=time.monotonic, promises=promises)
    shifts_at = time.monotonic()
    while True:
        try:
            await house.hours.look()
            if time.monotonic() >= shifts_at:
                shifts_at = time.monotonic() + SHIFTS_EVERY_SECONDS
                await house.write(end_forgotten)
            if lost := await queue.reap(house.settings.handoff.wrap_up_seconds):
                await follow_up_all(await house.orders.ready(), queue, lost)
        except (RecordsError, SQLAlchemyError, OrderDeskError) as fault:
            log.warning("console.watch_failed", fault=str(fault))
        except Exception:
            log.exception("console.watch_broke")
        await asyncio.sleep(EVERY_SECONDS)
