"""The robot keeps promised calls: dials whom it promised one, and gives who answers to the worker as a call of its own.

How it works: every two seconds, while this worker has nobody on the line, the database is asked for a promise to keep now
(`records/callbacks.py`; who and when: `handoff/calling_back.py`). One that is taken is dialled. Nobody answers within
`callbacks.ring_seconds`, or the phone refuses: that is noted, and tried again later. Somebody answers: the call begins like any
other, with `callback.queue` known, so that the dialplan asks whether it is a good time and brings in a colleague. When a
colleague has talked to them, or they want no more of it, every promise to that number is kept. A worker that is to end lets a
phone that rings go, and ends when what came of its calls is written down.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.config import CallbackSettings, Settings
from ivr.errors import PhoneError
from ivr.handoff.calling_back import PUT_OFF, TALKED, UNWANTED, Limits, Promise
from ivr.legs import LegAnswered, LegEnded, LegEvent
from ivr.ports import Phone
from ivr.records import callbacks
from ivr.tasks import Tasks

log = structlog.get_logger()

LOOK_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 5.0
_BUSY, _DECLINED = (486, 600), 603


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody we called back has picked up: the leg, the promise, and what is known from the call in which it was made."""

    leg: int
    promise: Promise
    case: Mapping[str, Any]


class Dialler:
    """The promised calls of one worker, one at a time."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        phone: Phone,
        idle: Callable[[], bool],
        begin: Callable[[Answered], str],
        clock: Callable[[], float] = time.time,
        is_open: Callable[[str], bool] = lambda queue: True,
    ) -> None:
        self._settings, self._engine, self._phone = settings.callbacks, engine, phone
        self._own, self._zone = settings.orders.system == "http", ZoneInfo(settings.time_zone)
        self._limits = limits_of(settings.callbacks)
        self._idle, self._begin, self._clock, self._is_open = idle, begin, clock, is_open
        self._leg: int | None = None
        self._promise: Promise | None = None
        self._case: Mapping[str, Any] = {}
        self._calls: dict[str, Promise] = {}
        self._ringing: asyncio.TimerHandle | None = None
        self._tasks = Tasks()

    @property
    def busy(self) -> bool:
        """Whether a phone is being dialled, which takes the place of a caller."""
        return self._promise is not None

    async def run(self) -> None:
        """Look for promises to keep, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._idle() and not self.busy:
                # Seen to its end though we are cancelled meanwhile: a promise that was taken must be put back.
                await asyncio.shield(self._tasks.spawn(self._look()))

    async def _look(self) -> None:
        try:
            await self._next()
        except SQLAlchemyError as fault:
            log.warning("dialler.database_unreachable", fault=str(fault))
        except Exception:
            log.exception("dialler.look_failed")

    async def _next(self) -> None:
        taken = await asyncio.to_thread(self._take)
        if taken is None:
            return
        self._promise, self._case = taken
        if self._idle():
            self._dial(self._promise)
        else:  # a caller came in between
            self._failed(PUT_OFF)

    def _take(self) -> tuple[Promise, Mapping[str, Any]] | None:
        hour = datetime.fromtimestamp(self._clock(), self._zone).hour
        with Session(self._engine) as session, session.begin():
            promise = callbacks.take(session, self._own, self._clock(), hour, self._limits, self._is_open)
            return (promise, callbacks.case_of(session, promise)) if promise else None

    def _dial(self, promise: Promise) -> None:
        try:
            self._leg = self._phone.dial(self._settings.dial.replace("{number}", promise.number))
        except PhoneError as fault:
            log.error("dialler.not_dialled", promise=promise.name, fault=str(fault))
            self._failed("not_dialled")
            return
        log.info("dialler.dialling", promise=promise.name, queue=promise.queue)
        self._ringing = asyncio.get_running_loop().call_later(self._settings.ring_seconds, self._give_up)

    def owns(self, leg: int) -> bool:
        """Whether a leg is that of the phone being dialled."""
        return leg == self._leg

    def on_leg(self, event: LegEvent) -> None:
        """The phone being dialled was answered, or was not."""
        match event:
            case LegAnswered() if self._promise is not None:
                self._answered(Answered(event.leg, self._promise, self._case))
            case LegEnded():
                self._failed(_outcome(event.status))
            case _:
                pass

    def _answered(self, answered: Answered) -> None:
        self._clear()
        try:
            self._calls[self._begin(answered)] = answered.promise
        except Exception:  # a line on which nobody speaks must not stay
            log.exception("dialler.not_begun", promise=answered.promise.name)
            self._phone.hang_up(answered.leg)
            self._tasks.spawn(self._written(answered.promise, "failed", ""))

    def over(self, call_id: str, disposition: str, talked: bool) -> None:
        """A call is over, somehow, and a colleague had `talked` to them or not; if it was one of ours, that is written down."""
        if promise := self._calls.pop(call_id, None):
            self._tasks.spawn(self._written(promise, TALKED if talked else disposition, call_id))

    def stop(self) -> None:
        """A phone that rings is let go: nobody will be there to talk to them."""
        self._give_up()
        self._failed("broken_off")

    async def settled(self) -> None:
        """Return once what came of all calls is written down."""
        await self._tasks.done()

    def _give_up(self) -> None:
        if self._leg is not None:
            self._phone.hang_up(self._leg)

    def _failed(self, outcome: str) -> None:
        promise = self._promise
        self._clear()
        if promise is not None:
            log.info("dialler.not_reached", promise=promise.name, outcome=outcome)
            self._tasks.spawn(self._written(promise, outcome, ""))

    def _clear(self) -> None:
        if self._ringing:
            self._ringing.cancel()
        self._leg, self._promise, self._case, self._ringing = None, None, {}, None

    async def _written(self, promise: Promise, outcome: str, call_id: str) -> None:
        """What came of it, written down however long the database is away: whoever was called must not be called again."""
        pause_seconds = 0.5
        while True:
            try:
                return await asyncio.to_thread(self._write, promise, outcome, call_id)
            except Exception as fault:
                log.warning("dialler.not_written", promise=promise.name, outcome=outcome, fault=str(fault))
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(LONGEST_PAUSE_SECONDS, 2 * pause_seconds)

    def _write(self, promise: Promise, outcome: str, call_id: str) -> None:
        with Session(self._engine) as session, session.begin():
            callbacks.note(session, promise.name, outcome, call_id, self._clock())
            if outcome in (TALKED, UNWANTED):
                callbacks.keep(session, promise, self._clock())


def limits_of(settings: CallbackSettings) -> Limits:
    """The settings as the plan wants them."""
    return Limits(
        settings.numbers,
        settings.from_hour,
        settings.until_hour,
        settings.attempts,
        settings.again_minutes * 60,
        settings.an_hour,
    )


def _outcome(status: int) -> str:
    if status in _BUSY:
        return "busy"
    return "declined" if status == _DECLINED else "no_answer"
