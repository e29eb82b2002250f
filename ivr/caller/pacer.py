"""One clock for the audio of all calls of a process: every 5 ms a quarter of the streams sends its packet.

Ticks lie on a fixed grid, so a late one is followed by earlier ones and nothing drifts; spreading the calls over four phases
keeps the far end from getting all packets at one instant.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from ivr.caller.rtp import Stream

PHASES = 4
TICK_SECONDS = 0.020 / PHASES
# After a stall longer than this the missed packets are not sent in a burst but left out.
STALL_SECONDS = 0.2


class Pacer:
    """Drives streams while there are any."""

    def __init__(self) -> None:
        self._phases: tuple[list[Stream], ...] = tuple([] for _ in range(PHASES))
        self._timer: asyncio.TimerHandle | None = None
        self._number = 0
        self._start = 0.0
        self.worst_delay_seconds = 0.0

    def add(self, stream: Stream) -> None:
        """Drive a stream from now on."""
        min(self._phases, key=len).append(stream)
        if self._timer is None:
            self._start, self._number = time.monotonic(), 0
            self._arm()

    def remove(self, stream: Stream) -> None:
        """Drive it no more."""
        for phase in self._phases:
            if stream in phase:
                phase.remove(stream)
        if self._timer and not any(self._phases):
            self._timer.cancel()
            self._timer = None

    @property
    def streams(self) -> Iterable[Stream]:
        return [stream for phase in self._phases for stream in phase]

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._start + (self._number + 1) * TICK_SECONDS
        self._timer = loop.call_at(loop.time() + max(0.0, due - time.monotonic()), self._tick)

    def _tick(self) -> None:
        late = time.monotonic() - self._start - (self._number + 1) * TICK_SECONDS
        self.worst_delay_seconds = max(self.worst_delay_seconds, late)
        if late > STALL_SECONDS:
            self._number += int(late / TICK_SECONDS)
        while self._start + (self._number + 1) * TICK_SECONDS <= time.monotonic():
            self._number += 1
            for stream in tuple(self._phases[self._number % PHASES]):
                stream.tick()
        if any(self._phases):
            self._arm()
