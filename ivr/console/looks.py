"""Who looked at what, written down behind the request: a masked transcript is read on while nothing can be written.

What can't be written yet waits, and is in the log if the console ends before it can. Numbers in full and recordings are another
matter: they are shown only once the audit says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.accounts import audit, audit_once

log = structlog.get_logger()
RETRY_SECONDS = 5.0
Write = Callable[[Callable[[Session, float], None]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Look:
    """One look; with `once_in_seconds` another one by the same account at the same is the same look."""

    account: str
    what: str
    call_id: str | None
    at: float
    once_in_seconds: float = 0.0


class Looks:
    """Those that are still to be written down, in order."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[Look] = []
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def add(self, look: Look) -> None:
        """Have a look written down soon; a program that asks again and again while none can be adds one."""
        if look.once_in_seconds and any(self._same(look, other) for other in self._waiting):
            return
        self._waiting.append(look)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all())

    async def close(self) -> None:
        """Write what waits, once more; what still can't be written is told to the log."""
        self._closing.set()
        if self._task:
            await asyncio.gather(
                self._task, return_exceptions=True
            )  # not cancelled: it would not know what it has written
        if self._waiting and not await self._written():
            for look in self._waiting:
                log.error("console.audit_lost", account=look.account, what=look.what, call_id=look.call_id, at=look.at)

    async def _write_all(self) -> None:
        while not await self._written() and not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), RETRY_SECONDS)

    async def _written(self) -> bool:
        """Whether all were written that wait, in one transaction; more may have come meanwhile."""
        while batch := tuple(self._waiting):
            try:
                await self._write(lambda session, _, looks=batch: _write(session, looks))  # type: ignore[misc]
            except SQLAlchemyError as fault:
                log.warning("console.audit_waits", lines=len(batch), fault=str(fault))
                return False
            del self._waiting[: len(batch)]
        return True

    def _same(self, look: Look, other: Look) -> bool:
        return (look.account, look.what, look.call_id) == (other.account, other.what, other.call_id)


def _write(session: Session, looks: tuple[Look, ...]) -> None:
    for look in looks:
        if look.once_in_seconds:
            audit_once(session, look.account, look.what, look.once_in_seconds, look.at, look.call_id)
        else:
            audit(session, look.account, look.what, look.call_id, look.at)
        session.flush()
