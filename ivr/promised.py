"""Whether what callers were promised came in time: callbacks and tickets, where they were due (pure).

Judged is a promise once it is due, however early it was kept. A callback is kept when somebody called, answered or not, when the
caller had a human before, or when its ticket was closed; a ticket when it is closed. `early`: by how much those in time were ahead
of their time; `late`: how far behind the others were, those still open until now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that was to be done by a time; `kept_at` is None while it isn't."""

    kind: str
    queue: str
    due_at: float
    kept_at: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Promises that were due, and how they were kept."""

    due: int = 0
    in_time: int = 0
    early_total: float = 0.0
    late_total: float = 0.0

    @property
    def in_time_rate(self) -> float | None:
        """The share that came in time; None where nothing was due."""
        return self.in_time / self.due if self.due else None

    @property
    def early_seconds(self) -> float | None:
        """How much ahead of time those in time were, on average."""
        return self.early_total / self.in_time if self.in_time else None

    @property
    def late_seconds(self) -> float | None:
        """How far behind the others were or are, on average."""
        late = self.due - self.in_time
        return self.late_total / late if late else None


def kept(promises: Iterable[Promise], now: float) -> Kept:
    """What became of the promises that are due by now."""
    due = [promise for promise in promises if promise.due_at <= now]
    gaps = [promise.due_at - (now if promise.kept_at is None else promise.kept_at) for promise in due]
    in_time = [gap for gap, promise in zip(gaps, due, strict=True) if promise.kept_at is not None and gap >= 0]
    late = [-gap for gap, promise in zip(gaps, due, strict=True) if promise.kept_at is None or gap < 0]
    return Kept(len(due), len(in_time), sum(in_time), sum(late))
