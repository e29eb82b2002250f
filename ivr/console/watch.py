"""The console's own duty: free what dead workers held, and call back whom they lost."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ivr.console.house import House
from ivr.errors import RecordsError
from ivr.records.holding import Lost
from ivr.records.queue import SqlQueue
from order_lookup import OrderDeskError

log = structlog.get_logger()
EVERY_SECONDS = 1.5


async def watch_over(house: House) -> None:
    """Reap every second and a half until cancelled; what fails is tried again."""
    queue = SqlQueue(house.engine, "console", house.clock)
    while True:
        try:
            for lost in await queue.reap(house.settings.handoff.wrap_up_seconds):
                await follow_up(house, queue, lost)
        except (RecordsError, SQLAlchemyError, OrderDeskError) as fault:
            log.warning("console.watch_failed", fault=str(fault))
        except Exception:
            log.exception("console.watch_broke")
        await asyncio.sleep(EVERY_SECONDS)


async def follow_up(house: House, queue: SqlQueue, lost: Lost) -> None:
    """A ticket always, and a callback where the number is known; both are kept once per call by the order desk."""
    number = str(lost.briefing.get("order.number") or "") or None
    summary = f"call lost while a worker failed: {lost.reason}"
    intent = str(lost.briefing.get("intent") or "agent")
    await house.orders.open_ticket(lost.call_id, lost.caller, intent, "other/question", summary, number)
    due_at = None
    if any(character.isdigit() for character in lost.caller):
        due_at = await house.orders.book_callback(lost.call_id, lost.caller, lost.queue)
    await queue.followed_up(lost.handoff, due_at)
    log.info("console.lost_call_followed_up", call_id=lost.call_id, queue=lost.queue)
