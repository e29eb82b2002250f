"""Has the far end gone silent on the network? pjsip has no RTP timeout, so the packet counters are watched.

RTCP counts as life too: a phone with silence suppression sends no RTP while its user listens, but reports go on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MediaWatch:
    """Tells once per outage that nothing came for `limit_seconds`, and again after each further such time."""

    limit_seconds: float
    packets: int = -1
    alive_at: float = 0.0
    told_at: float = 0.0

    def see(self, packets: int, seconds: float) -> float | None:
        """Take a counter's reading at a monotonic time; returns for how long nothing came when that must be told."""
        if packets != self.packets:
            self.packets, self.alive_at, self.told_at = packets, seconds, seconds
            return None
        if self.limit_seconds <= 0 or seconds - self.told_at < self.limit_seconds:
            return None
        self.told_at = seconds
        return seconds - self.alive_at

    def pause(self) -> None:
        """Start over: the leg is on hold, or its streams are new."""
        self.packets = -1
