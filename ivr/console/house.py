"""What every page and route of the console works with, opened once per process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.config import Settings
from ivr.console.answers import Faq
from ivr.console.feed import Feed
from ivr.console.limits import Places
from ivr.console.looks import Look, Looks
from ivr.console.orders import Orders
from ivr.household import Household
from ivr.records.agents import enrol
from ivr.records.database import open_database
from ivr.records.database_clock import DatabaseClock
from ivr.records.doors import LiveHours

T = TypeVar("T")
log = structlog.get_logger()
LISTENERS_PER_CALL, LISTENERS = 3, 20
# Whoever waits for a lock waits in one of these threads: what is only read, goes on.
WRITERS = 4


@dataclass(slots=True)
class House:
    """The settings, the database, the live feed, the order desk, answers to common questions, opening hours, and who listens in.

    `household` is what the supervisor told last, where there is one.
    """

    settings: Settings
    engine: Engine
    feed: Feed
    orders: Orders
    faq: Faq
    hours: LiveHours
    clock: Callable[[], float] = field(default=time.time)
    household: Household | None = None
    listeners: Places = field(default_factory=lambda: Places(LISTENERS_PER_CALL, LISTENERS))
    _writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WRITERS, "write"))
    _later: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    looks: Looks = field(init=False)

    def __post_init__(self) -> None:
        self.looks = Looks(self.write)

    def seen(self, account: str, what: str, call_id: str | None = None, once_in_seconds: float = 0.0) -> None:
        """Have it written down, behind what is shown, that somebody opened something."""
        self.looks.add(Look(account, what, call_id, self.clock(), once_in_seconds))

    async def read(self, what: Callable[[Session, float], T]) -> T:
        """Run a query off the event loop."""
        return await asyncio.to_thread(self._in_session, what)

    async def write(self, what: Callable[[Session, float], T]) -> T:
        """Run a change off the event loop, in threads of its own: however long it waits, nobody's reading waits for it."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, self._in_session, what)

    def write_later(self, name: str, what: Callable[[Session, float], None]) -> None:
        """Have a small change made behind a request, one of a name at a time; one that can't be made is logged, and that is all."""
        if name not in self._later:
            self._later[name] = task = asyncio.create_task(self._try_to_write(name, what))
            task.add_done_callback(lambda _: self._later.pop(name, None))

    async def _try_to_write(self, name: str, what: Callable[[Session, float], None]) -> None:
        try:
            await self.write(what)
        except SQLAlchemyError as fault:
            log.warning("console.not_written", what=name, fault=str(fault))

    def _in_session(self, what: Callable[[Session, float], T]) -> T:
        with Session(self.engine) as session, session.begin():
            return what(session, self.clock())

    def close(self) -> None:
        """Let go of the database; what is being written is written before the process ends."""
        self._writers.shutdown(wait=False)
        self.engine.dispose()

    @property
    def recordings(self) -> Path:
        """Where recordings are."""
        return self.settings.path(self.settings.records.recordings)


def open_house(settings: Settings) -> House:
    """Open the database and bring config.yaml's agents into it."""
    engine = open_database(settings.database_url)
    enrol(engine, settings.agents)
    faq = Faq(settings.path(settings.dialplan.prompts), {"shop": settings.shop, "shop_en": settings.shop_en})
    hours = LiveHours.of(settings, engine, settings.queues | frozenset(settings.hours.queues))
    return House(settings, engine, Feed(engine), Orders(settings, hours), faq, hours, DatabaseClock(engine))
