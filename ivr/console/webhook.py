"""Tell another system of every case that goes to a human: its vCon, POSTed when the caller enters the queue."""

from __future__ import annotations

import asyncio
import json

import httpx
import structlog

from ivr.console.house import House
from ivr.errors import HotlineError
from ivr.records.vcon import vcon

log = structlog.get_logger()
PAUSES_SECONDS = (0.0, 2.0, 6.0)
TIMEOUT_SECONDS = 5.0
AT_ONCE = 4


async def post_cases(house: House, url: str) -> None:
    """Follow the feed until cancelled; a slow receiver delays its own cases and nothing else."""
    room, running = asyncio.Semaphore(AT_ONCE), set[asyncio.Task[None]]()
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
        with house.feed.watching() as watcher:
            while True:
                for happening in await watcher.batch():
                    if happening.kind == "queue" and happening.data.get("state") == "waiting" and happening.call_id:
                        task = asyncio.create_task(_post(house, client, room, url, happening.call_id))
                        running.add(task)
                        task.add_done_callback(running.discard)


async def _post(house: House, client: httpx.AsyncClient, room: asyncio.Semaphore, url: str, call_id: str) -> None:
    async with room:
        for pause_seconds in PAUSES_SECONDS:
            await asyncio.sleep(pause_seconds)
            try:
                container = await house.read(lambda session, _: vcon(session, call_id, house.recordings))
                body = json.dumps(container, ensure_ascii=False).encode()
                answer = await client.post(url, content=body, headers={"Content-Type": "application/vcon+json"})
                answer.raise_for_status()
            except (httpx.HTTPError, HotlineError) as fault:
                log.warning("console.webhook_failed", call_id=call_id, fault=str(fault))
            except Exception:
                log.exception("console.webhook_broke", call_id=call_id)
            else:
                return
    log.error("console.webhook_given_up", call_id=call_id)
