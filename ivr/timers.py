"""The named timers of one call: starting one again restarts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Calls `on_fired` with the name of a timer that ran out; needs a running loop."""

    def __init__(self, on_fired: Callable[[str], None]) -> None:
        self._on_fired = on_fired
        self._running: dict[str, asyncio.TimerHandle] = {}

    def start(self, name: str, seconds: float) -> None:
        """Have it run out in so many seconds from now, whether or not it was running."""
        self.stop(name)
        self._running[name] = asyncio.get_running_loop().call_later(seconds, self._ran_out, name)

    def stop(self, name: str) -> None:
        """Forget it; nothing happens if it isn't running."""
        if timer := self._running.pop(name, None):
            timer.cancel()

    def stop_all(self) -> None:
        """Forget them all."""
        for name in list(self._running):
            self.stop(name)

    def _ran_out(self, name: str) -> None:
        del self._running[name]
        self._on_fired(name)
