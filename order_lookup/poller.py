"""The order desk's night watch: goes on with open actions, chases tickets, sends messages, warns of special periods.

All it needs is in the database, so it may be stopped and started at any moment, and several may run at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

import structlog

from order_lookup import overdue, posting
from order_lookup.backend import HttpOrderSystem
from order_lookup.errors import OrderDeskError
from order_lookup.messengers import FileMessenger, Messenger
from order_lookup.port import OrderSystem
from order_lookup.sql import SqlOrderSystem

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    actions: int
    tickets: int
    warnings: int
    messages: int


class Poller:
    """Runs rounds until told to stop."""

    def __init__(self, system: SqlOrderSystem, messenger: Messenger, every_seconds: float = 15.0) -> None:
        self._system, self._messenger, self._every = system, messenger, every_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """A round every so often; a database or gateway that is down is waited for."""
        while not stop.is_set():
            try:
                await self.round()
            except OrderDeskError as error:
                _log.warning("order_round_failed", problem=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._every)

    async def round(self, untouched_seconds: float = 60.0) -> Round:
        """One round."""
        system = self._system
        now, values = system.now(), system.policies.values
        finished = await system.finish(untouched_seconds)
        tickets = warnings = 0
        if await system.database.read(lambda session: overdue.waiting(session, now, values)):
            tickets = await system.database.write(lambda session: overdue.chase(session, now, values))
            warnings = await system.database.write(lambda session: overdue.warn(session, now, values))
        return Round(len(finished), tickets, warnings, await posting.post(system.database, self._messenger, now))


async def watch(system: OrderSystem, messages: Path) -> None:
    """Watch over an order system until cancelled; written confirmations go into a file, a line of JSON each."""
    local = system.local if isinstance(system, HttpOrderSystem) else system
    if isinstance(local, SqlOrderSystem):
        await Poller(local, FileMessenger(messages)).run(asyncio.Event())
