"""How often somebody may fail, and how many may be at something at once (pure)."""

from __future__ import annotations

from collections import Counter, defaultdict, deque


class Limiter:
    """At most `failures` within `window_seconds` per key; keys that did not fail for a window are forgotten."""

    def __init__(self, failures: int, window_seconds: float, keys: int = 10_000) -> None:
        self._failures, self._window, self._keys = failures, window_seconds, keys
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)

    def allows(self, key: str, now: float) -> bool:
        """Whether another attempt is within the limit."""
        seen = self._seen.get(key)
        while seen and seen[0] <= now - self._window:
            seen.popleft()
        return seen is None or len(seen) < self._failures

    def failed(self, key: str, now: float) -> None:
        """Count a failure."""
        if len(self._seen) > self._keys:
            self._forget(now)
        self._seen[key].append(now)

    def _forget(self, now: float) -> None:
        for key in [key for key, seen in self._seen.items() if not seen or seen[-1] <= now - self._window]:
            del self._seen[key]


class Places:
    """How many may be at one thing at once: so many per key, and so many altogether."""

    def __init__(self, per_key: int, altogether: int) -> None:
        self._per_key, self._altogether = per_key, altogether
        self._taken: Counter[str] = Counter()

    def free(self, key: str) -> bool:
        """Whether there is a place."""
        return self._taken[key] < self._per_key and self._taken.total() < self._altogether

    def take(self, key: str) -> bool:
        """Take a place; False when there is none."""
        if not self.free(key):
            return False
        self._taken[key] += 1
        return True

    def leave(self, key: str) -> None:
        """Give a place back."""
        self._taken[key] -= 1
        if self._taken[key] <= 0:
            del self._taken[key]
