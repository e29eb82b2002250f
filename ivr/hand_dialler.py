"""Agents' own calls to customers who were promised one: a worker with room claims what is asked for on a desk, and makes the call.

It asks the database twice a second while it has room for two more legs; who has none claims nothing, and where nobody does the desk
says so. What came of a call is written down however long the database is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.config import Settings
from ivr.dialogue.library import DialplanLibrary
from ivr.legs import LegEnded, LegEvent
from ivr.records import by_hand
from ivr.services import Services
from ivr.tasks import Tasks
from ivr.transfer.by_hand import HandCall, Seconds, Wanted

log = structlog.get_logger()
T = TypeVar("T")
LOOK_SECONDS, PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 0.5, 5.0


class HandDialler:
    """The agents' calls of one worker; `calls` are those under way, by their ids."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        worker: str,
        clock: Callable[[], float],
        services: Services,
        library: DialplanLibrary,
        has_room: Callable[[], bool],
        on_over: Callable[[], None],
    ) -> None:
        self._settings, self._engine, self._worker, self._clock = settings, engine, worker, clock
        self._services, self._library = services, library
        self._has_room, self._on_over = has_room, on_over
        self.calls: dict[str, HandCall] = {}
        self._legs: dict[int, HandCall] = {}
        self._order = asyncio.Lock()
        self._tasks = Tasks()

    @property
    def seats(self) -> int:
        """How many callers' places these calls take."""
        return len(self.calls)

    async def run(self) -> None:
        """Look for calls to make, until cancelled; none where no address is set to dial."""
        while self._settings.callbacks.dial:
            await asyncio.sleep(LOOK_SECONDS)
            if self._has_room():
                await self._look()

    async def _look(self) -> None:
        try:
            claimed = await asyncio.to_thread(self._transact, by_hand.claim, self._worker)
        except Exception as fault:
            log.warning("hand_dialler.database_unreachable", fault=str(fault))
            return
        if claimed and self._has_room():
            self._begin(claimed)
        elif claimed:  # a caller came in between
            await self._written(by_hand.unclaim, claimed.handoff)

    def _begin(self, claimed: by_hand.Claimed) -> None:
        promise, settings = claimed.promise, self._settings
        address = settings.callbacks.dial.replace("{number}", promise.number)
        wanted = Wanted(
            claimed.handoff, claimed.call_id, promise.name, claimed.agent, claimed.agent_uri, promise.number, address,
            promise.queue, promise.language, claimed.case,
        )  # fmt: skip
        seconds = Seconds(settings.handoff.ring_seconds, settings.callbacks.ring_seconds)
        try:
            dialogue = self._library.dialogue(promise.language)
            call = HandCall(
                wanted,
                self._services,
                dialogue,
                seconds,
                self._legs.__setitem__,
                self._connected,
                self._over,
            )
        except Exception:
            log.exception("hand_dialler.not_begun", promise=promise.name)
            self._tasks.spawn(self._written(by_hand.over, claimed.handoff, "failed"))
            return
        self.calls[claimed.call_id] = call
        log.info("hand_dialler.begun", call_id=claimed.call_id, agent=claimed.agent, promise=promise.name)
        call.begin()

    def owns(self, leg: int) -> bool:
        """Whether a leg is one of these calls'."""
        return leg in self._legs

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on one of these calls' legs."""
        call = self._legs.pop(event.leg) if isinstance(event, LegEnded) else self._legs[event.leg]
        call.on_leg(event)

    def stop(self) -> None:
        """No phone rings on; talks do."""
        for call in list(self.calls.values()):
            call.stop()

    async def settled(self) -> None:
        """Return once what came of all calls is written down."""
        await self._tasks.done()

    def _connected(self, call: HandCall) -> None:
        self._tasks.spawn(self._written(by_hand.connected, call.wanted.handoff))

    def _over(self, call: HandCall, outcome: str) -> None:
        self.calls.pop(call.call_id, None)
        log.info("hand_dialler.over", call_id=call.call_id, outcome=outcome)
        self._tasks.spawn(self._written(by_hand.over, call.wanted.handoff, outcome))
        self._on_over()

    async def _written(self, what: Callable[..., None], *told: object) -> None:
        """In the order in which it happened: nothing of a call is written before what came before is."""
        pause_seconds = PAUSE_SECONDS
        async with self._order:
            while True:
                try:
                    return await asyncio.to_thread(self._transact, what, *told)
                except Exception as fault:
                    log.warning("hand_dialler.not_written", what=what.__name__, fault=str(fault))
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(LONGEST_PAUSE_SECONDS, 2 * pause_seconds)

    def _transact(self, what: Callable[..., T], *told: object) -> T:
        with Session(self._engine) as session, session.begin():
            return what(session, *told, self._clock())
