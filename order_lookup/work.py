"""Database work done beside the event loop: in threads, in short transactions, tried again where the database says so."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from order_lookup.database import open_engine, upgrade, writing
from order_lookup.errors import DownError

Result = TypeVar("Result")
_log = structlog.get_logger(__name__)

# PostgreSQL: serialization_failure, deadlock_detected, lock_not_available (appendix A of its manual).
_TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})
_TRIES = 6
_TRIES_FOR_A_KEY = 2


class Database:
    """An engine with its threads; every piece of work is one transaction."""

    def __init__(self, url: str, threads: int = 4) -> None:
        self.engine: Engine = open_engine(url, pool_size=threads)
        self._writing = writing(self.engine)
        in_memory = self.engine.dialect.name == "sqlite" and not self.engine.url.database
        self._threads = ThreadPoolExecutor(1 if in_memory else threads, thread_name_prefix="orders")

    async def prepare(self) -> None:
        """Bring the tables up to date."""
        await asyncio.get_running_loop().run_in_executor(self._threads, upgrade, self.engine)

    async def read(self, work: Callable[[Session], Result]) -> Result:
        """Do work that changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work, self.engine)

    async def write(self, work: Callable[[Session], Result]) -> Result:
        """Do work and commit it; done as a whole or not at all, perhaps tried several times."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work, self._writing)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.engine.dispose()

    def _run(self, work: Callable[[Session], Result], engine: Engine) -> Result:
        for attempt in range(1, _TRIES + 1):
            try:
                with Session(engine, expire_on_commit=False) as session, session.begin():
                    return work(session)
            except (DBAPIError, PoolTimeoutError) as error:
                if attempt == _TRIES or not _worth_trying_again(error, attempt):
                    _log.error("order_database_failed", error=_without_data(error), attempt=attempt)
                    raise DownError(f"the order database: {type(error).__name__}") from error
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable")


def _without_data(error: Exception) -> str:
    """What went wrong, in one line: the lines after it show the row, with names and phones (PostgreSQL's DETAIL)."""
    return (str(error).splitlines() or [""])[0][:500]


def _worth_trying_again(error: Exception, attempt: int) -> bool:
    """Whether another try may succeed: somebody was in the way, or wrote the same key a moment before us."""
    if isinstance(error, IntegrityError):
        return attempt <= _TRIES_FOR_A_KEY  # after that it is a row that can never be written
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state in _TRY_AGAIN or "locked" in str(error.orig) or error.connection_invalidated
