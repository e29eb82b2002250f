"""How often somebody may try (pure)."""

from __future__ import annotations

from collections import defaultdict, deque


class Limiter:
    """At most `attempts` within `window_seconds` per key; keys nobody used for a window are forgotten."""

    def __init__(self, attempts: int, window_seconds: float, keys: int = 10_000) -> None:
        self._attempts, self._window, self._keys = attempts, window_seconds, keys
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)

    def allows(self, key: str, now: float) -> bool:
        """Whether this attempt is within the limit; it counts when it is."""
        if len(self._seen) > self._keys:
            self._forget(now)
        seen = self._seen[key]
        while seen and seen[0] <= now - self._window:
            seen.popleft()
        if len(seen) >= self._attempts:
            return False
        seen.append(now)
        return True

    def _forget(self, now: float) -> None:
        for key in [key for key, seen in self._seen.items() if not seen or seen[-1] <= now - self._window]:
            del self._seen[key]
