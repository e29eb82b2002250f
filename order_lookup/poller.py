"""The order desk's night watch: goes on with open actions, chases tickets, sends messages, warns of special periods, forgets.

All it needs is in the database, so it may be stopped and started at any moment, and several may run at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from order_lookup import overdue, posting
from order_lookup.backend import HttpOrderSystem
from order_lookup.errors import OrderDeskError
from order_lookup.messengers import Messenger
from order_lookup.port import OrderSystem
from order_lookup.sql import SqlOrderSystem

_log = structlog.get_logger(__name__)


Chore = Callable[[datetime], Awaitable[Mapping[str, int]]]
CHORES_EVERY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did; `chores`: how much of what, where they were due."""

    actions: int
    tickets: int
    warnings: int
    messages: int
    chores: Mapping[str, int] = field(default_factory=dict)


class Poller:
    """Runs rounds until told to stop; chores (retention) are done at the start and then every six hours."""

    def __init__(
        self, system: SqlOrderSystem, messenger: Messenger, every_seconds: float = 15.0, chores: Sequence[Chore] = ()
    ) -> None:
        self._system, self._messenger, self._every, self._chores = system, messenger, every_seconds, chores
        self._chores_due: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """A round every so often; a database or gateway that is down is waited for, and so is anything else."""
        while not stop.is_set():
            try:
                await self.round()
            except OrderDeskError as error:
                _log.warning("order_round_failed", problem=str(error))
            except Exception:
                _log.exception("order_round_failed")
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
        sent = await posting.post(system.database, self._messenger, now)
        return Round(len(finished), tickets, warnings, sent, await self._do_chores(now))

    async def _do_chores(self, now: datetime) -> Mapping[str, int]:
        if self._chores_due is not None and now < self._chores_due:
            return {}
        self._chores_due = now + CHORES_EVERY  # first of all: one that fails isn't tried every few seconds
        done: dict[str, int] = {}
        for chore in self._chores:
            done |= await chore(now)
        if done:
            _log.info("chores_done", **{name.replace(" ", "_"): count for name, count in done.items()})
        return done


async def watch(system: OrderSystem, messenger: Messenger, chores: Sequence[Chore] = ()) -> None:
    """Watch over an order system until cancelled."""
    if (local := own_tables(system)) is not None:
        await Poller(local, messenger, chores=chores).run(asyncio.Event())


def own_tables(system: OrderSystem) -> SqlOrderSystem | None:
    """The part of an order system that is in our own database."""
    local = system.local if isinstance(system, HttpOrderSystem) else system
    return local if isinstance(local, SqlOrderSystem) else None
