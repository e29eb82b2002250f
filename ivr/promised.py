"""Whether what callers were promised came in time: callbacks and tickets, where they were due (pure).

Judged is a promise once it is due, however early it was kept. A callback is kept when somebody called, answered or not, or when its
ticket was closed; a ticket when it is closed. Whoever rang again and had a human before the callback was due made it needless: it is
counted by itself, for we neither kept nor broke it. Who had to ring after that time was let down, and is late until then.
`early`: by how much those in time were ahead of their time; `late`: how far behind the others were, those still open until now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that was to be done by a time; `kept_at` is None while it isn't, `by_them`: because they reached us first."""

    kind: str
    queue: str
    due_at: float
    kept_at: float | None
    by_them: bool = False

    @property
    def needless(self) -> bool:
        """Whether it was nobody's to keep any more when it fell due."""
        return self.by_them and self.kept_at is not None and self.kept_at <= self.due_at


@dataclass(frozen=True, slots=True)
class Kept:
    """Promises that were due, and how they were kept; `needless` are not among them."""

    due: int = 0
    in_time: int = 0
    early_total: float = 0.0
    late_total: float = 0.0
    needless: int = 0

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
    judged = [promise for promise in promises if promise.due_at <= now]
    due = [promise for promise in judged if not promise.needless]
    gaps = [promise.due_at - (now if promise.kept_at is None else promise.kept_at) for promise in due]
    in_time = [gap for gap, promise in zip(gaps, due, strict=True) if promise.kept_at is not None and gap >= 0]
    late = [-gap for gap, promise in zip(gaps, due, strict=True) if promise.kept_at is None or gap < 0]
    return Kept(len(due), len(in_time), sum(in_time), sum(late), len(judged) - len(due))
