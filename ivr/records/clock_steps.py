"""When the clock on the wall was set, or the machine slept: times written before say nothing for a while."""

from __future__ import annotations

from collections.abc import Callable

import structlog

log = structlog.get_logger()
# What is neither rounding nor a clock that is set right slowly (adjtime: half a millisecond a second).
STEP_SECONDS = 2.0


class ClockSteps:
    """Compares the clock with one that nobody sets, at each look."""

    def __init__(self, clock: Callable[[], float], steady: Callable[[], float], rest_seconds: float) -> None:
        self._clock, self._steady, self._rest_seconds = clock, steady, rest_seconds
        self._ahead_seconds = clock() - steady()
        self._rests_until = float("-inf")

    def lately(self) -> bool:
        """Whether the clock was set within the last `rest_seconds`, as far as looks like this one can tell."""
        steady = self._steady()
        ahead_seconds = self._clock() - steady
        if abs(step := ahead_seconds - self._ahead_seconds) > STEP_SECONDS:
            log.warning("clock.stepped", seconds=round(step, 1))
            self._rests_until = steady + self._rest_seconds
        self._ahead_seconds = ahead_seconds
        return steady < self._rests_until
