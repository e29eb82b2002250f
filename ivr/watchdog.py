"""PURE  When a process that gives no sign of life is warned of, and when it is taken to hang. Seconds are a clock's that nobody sets.

    starting ─ ready ─▶ serving ─ alive, alive, … ─▶ silent for half of its limit: `silent`, said once ─▶ for all of it: `hangs`

What starts has `START_SECONDS`: models are loaded, dialplans proved. Time in which the supervisor itself did not run (the machine
slept, was stopped, or had no processor to spare) counts for nobody: `forgive` takes it off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

START_SECONDS, ENDING_SECONDS = 240.0, 25.0
Verdict = Literal["well", "silent", "hangs"]


@dataclass(slots=True)
class Life:
    """The signs of life of one process; with a limit of 0 nobody asks."""

    limit_seconds: float
    heard_at: float
    serves: bool = False
    _warned: bool = False

    def sign(self, now: float) -> None:
        """It said something that only one who works can say."""
        self.heard_at, self._warned = now, False

    def ready(self, now: float) -> None:
        """It serves: from now on its own limit holds."""
        self.serves = True
        self.sign(now)

    def ending(self) -> None:
        """It was asked to end: after its last sign of life it still hangs up, and writes what is left."""
        self.limit_seconds = self.limit_seconds and self.limit_seconds + ENDING_SECONDS

    def forgive(self, seconds: float) -> None:
        """So long the supervisor itself did not run."""
        self.heard_at += seconds

    def silent_seconds(self, now: float) -> float:
        """How long it has said nothing."""
        return max(0.0, now - self.heard_at)

    def judged(self, now: float) -> Verdict:
        """What to make of it now; `silent` is said once per silence."""
        limit = self.limit_seconds and (self.limit_seconds if self.serves else START_SECONDS)
        silent = self.silent_seconds(now)
        if limit and silent >= limit:
            return "hangs"
        if limit and silent >= limit / 2 and not self._warned:
            self._warned = True
            return "silent"
        return "well"
