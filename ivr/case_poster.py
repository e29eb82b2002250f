"""Tell another system of every case that goes to a human: its vCon, POSTed when the caller enters the queue.

Every worker runs one: the outbox (`records/case_posts.py`) gives each case to one of them, and to another one if that dies.
The receiver knows a repeated post by its `Idempotency-Key`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx
import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.records import case_posts
from ivr.records.case_posts import CasePost
from ivr.records.vcon import vcon

log = structlog.get_logger()
T = TypeVar("T")
EVERY_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0


class CasePoster:
    """Posts what is due until cancelled."""

    def __init__(
        self, engine: Engine, url: str, recordings: Path, desk: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine, self._url, self._recordings, self._desk, self._clock = engine, url, recordings, desk, clock

    async def run(self) -> None:
        """Look every second; a database that is away is asked again."""
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            while True:
                try:
                    due = await self._do(case_posts.claim)
                    await asyncio.gather(*(self._post(client, post) for post in due))
                except Exception:
                    log.exception("case_poster.look_failed")
                await asyncio.sleep(EVERY_SECONDS)

    async def _post(self, client: httpx.AsyncClient, post: CasePost) -> None:
        try:
            container = await self._do(lambda session, _: vcon(session, post.call_id, self._recordings, self._desk))
            headers = {
                "Content-Type": "application/vcon+json",
                "Idempotency-Key": f"{post.call_id}-{post.number}",
            }
            body = json.dumps(container, ensure_ascii=False).encode()
            (await client.post(self._url, content=body, headers=headers)).raise_for_status()
        except Exception as fault:
            await self._failed(post, fault)
        else:
            await self._do(lambda session, now: case_posts.posted(session, post, now))

    async def _failed(self, post: CasePost, fault: Exception) -> None:
        why = _without_address(fault)
        again = await self._do(lambda session, now: case_posts.failed(session, post, why, now))
        say = log.warning if again else log.error
        say("case_poster.post_failed" if again else "case_poster.given_up", call_id=post.call_id, fault=why)

    async def _do(self, what: Callable[[Session, float], T]) -> T:
        return await asyncio.to_thread(self._transact, what)

    def _transact(self, what: Callable[[Session, float], T]) -> T:
        with Session(self._engine) as session, session.begin():
            return what(session, self._clock())


def _without_address(fault: Exception) -> str:
    """What went wrong; httpx would name the webhook's address, which may have a key in it."""
    if isinstance(fault, httpx.HTTPStatusError):
        return f"answered {fault.response.status_code}"
    return type(fault).__name__ if isinstance(fault, httpx.HTTPError | httpx.InvalidURL) else str(fault)
