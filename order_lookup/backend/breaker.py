"""A circuit breaker: after so many failures in a row nothing is asked for a while, then one question tries (pure).

closed     → open       `failures` failures in a row
open       → half open  `open_seconds` have passed: one question is let through
half open  → closed     it was answered
half open  → open       it wasn't
"""

from __future__ import annotations


class Breaker:
    """Counts failures; time comes in as seconds of a monotonic clock."""

    def __init__(self, failures: int, open_seconds: float) -> None:
        self._limit, self._open_seconds = failures, open_seconds
        self._failed = 0
        self._open_until: float | None = None
        self._trying = False

    def allows(self, now_seconds: float) -> bool:
        """Whether a question may be asked now; while half open, only the first."""
        if self._open_until is None:
            return True
        if now_seconds < self._open_until or self._trying:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """It was answered."""
        self._failed, self._open_until, self._trying = 0, None, False

    def failed(self, now_seconds: float) -> None:
        """It wasn't."""
        self._failed += 1
        if self._trying or self._failed >= self._limit:
            self._open_until, self._trying = now_seconds + self._open_seconds, False

    def abandoned(self) -> None:
        """The question was given up by the one who asked: it says nothing of the backend."""
        self._trying = False
