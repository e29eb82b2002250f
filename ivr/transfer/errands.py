"""What queue and order desk are asked for: one thing after another, in the order of the machine's commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

import structlog

from ivr.handoff import commands as do
from ivr.tasks import Tasks
from ivr.transfer.place import QueuePlace
from ivr.transfer.promises import Promises

log = structlog.get_logger()

Errand = (
    do.EnterQueue | do.ReserveAgent | do.ReleaseAgent | do.NoteConnected | do.NoteHeld | do.BookCallback | do.OpenTicket
)


class Errands:
    """Run behind the call; one that fails is told to `on_failed`, and the next one is run all the same."""

    def __init__(self, place: QueuePlace, promises: Promises, on_failed: Callable[[do.HandoffCommand], None]) -> None:
        self._place, self._promises, self._on_failed = place, promises, on_failed
        self._order = asyncio.Lock()
        self._tasks = Tasks()

    def run(self, errand: Errand) -> None:
        """Have it done after everything asked for before."""
        self._tasks.spawn(self._one(errand))

    def leave(self, outcome: do.Outcome) -> None:
        """The handoff is over; after everything asked for before, releasing the agent among it."""
        self._tasks.spawn(self._leave(outcome))

    async def _one(self, errand: Errand) -> None:
        async with self._order:
            try:
                await self._ask(errand)
            except Exception:
                self._on_failed(errand)

    async def _ask(self, errand: Errand) -> None:
        match errand:
            case do.EnterQueue():
                await self._place.enter(errand)
            case do.ReserveAgent():
                await self._place.reserve(errand)
            case do.ReleaseAgent():
                await self._place.release(errand)
            case do.NoteConnected():
                await self._place.connected()
            case do.NoteHeld():
                await self._place.held(errand.on)
            case do.BookCallback():
                if due_at := await self._promises.book_callback(errand):
                    await self._place.promised(due_at)
            case do.OpenTicket():
                await self._promises.open_ticket(errand)
            case _:
                assert_never(errand)

    async def _leave(self, outcome: do.Outcome) -> None:
        async with self._order:
            try:
                await self._place.leave(outcome)
            except Exception:
                # The lease runs out, and whoever reaps next ends the place.
                log.exception("transfer.place_not_left", outcome=outcome)
