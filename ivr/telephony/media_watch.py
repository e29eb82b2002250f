"""Has the far end gone silent on the network? pjsip has no RTP timeout, so the packet counters are watched.

RTCP counts as life too: a phone with silence suppression sends no RTP while its user listens, but reports go on. On hold a phone
may send nothing at all, so that one that is gone can't be told from one that waits: holding has a limit of its own. A leg whose
streams never began (an ACK without the answer to our offer, RFC 3261 §13.2.1) waits only as long as one whose RTP dried up.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MediaWatch:
    """Tells once per outage that nothing came for `limit_seconds`, and again after each further such time."""

    limit_seconds: float
    hold_limit_seconds: float = 0.0
    flowed: bool = False
    held_at: float | None = None
    packets: int = -1
    alive_at: float = 0.0
    told_at: float = 0.0

    def see(self, packets: int, seconds: float) -> float | None:
        """Take a counter's reading at a monotonic time; returns for how long nothing came when that must be told."""
        self.flowed, self.held_at = True, None
        if packets != self.packets:
            self.packets, self.alive_at, self.told_at = packets, seconds, seconds
            return None
        if self.limit_seconds <= 0 or seconds - self.told_at < self.limit_seconds:
            return None
        self.told_at = seconds
        return seconds - self.alive_at

    def see_held(self, seconds: float) -> float | None:
        """The leg has no stream both ways now; returns for how long it has had none when that must be told."""
        if self.held_at is None:
            self.held_at = self.told_at = seconds
        limit_seconds = self.hold_limit_seconds if self.flowed else self.limit_seconds
        if limit_seconds <= 0 or seconds - self.told_at < limit_seconds:
            return None
        self.told_at = seconds
        return seconds - self.held_at

    def pause(self) -> None:
        """Start over: the leg is on hold, or its streams are new."""
        self.packets = -1
