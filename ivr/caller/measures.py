"""What a call was like on the wire, computed from times of arrival and sending. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.caller.activity import Span
from ivr.caller.rtp import Arrival, Counters

GAP_SECONDS = 0.040
# A leap of so many packets is a new stream, not a loss.
RESTART = 1000


@dataclass(frozen=True, slots=True)
class Media:
    """One direction of RTP as received: losses by sequence number, gaps by time of arrival, jitter by RFC 3550 §6.4.1."""

    sent: int
    received: int
    lost: int
    late_or_twice: int
    gaps: int
    longest_gap_ms: float
    jitter_ms: float
    dropped_on_purpose: int = 0
    strange: int = 0


def media(arrivals: Sequence[Arrival], counters: Counters, quiet: Sequence[tuple[float, float]] = ()) -> Media:
    """Judge a stream; within the `quiet` stretches (hold) gaps and losses are not counted."""
    lost = disorder = gaps = 0
    longest = jitter = 0.0
    last = arrivals[0] if arrivals else None
    for before, after in itertools.pairwise(arrivals):
        assert last
        gap, step = after.seconds - before.seconds, (after.sequence - last.sequence) & 0xFFFF
        if step == 0 or step > 0x8000:
            disorder += 1
            continue
        if not any(start <= after.seconds and before.seconds <= end for start, end in quiet):
            lost += step - 1 if step < RESTART else 0
            gaps += gap > GAP_SECONDS
            longest = max(longest, gap)
            jitter += (abs(gap - 0.020 * step) - jitter) / 16 if step < RESTART else 0.0
        last = after
    # A packet that came late was first counted as lost.
    lost = max(0, lost - disorder)
    dropped, strange = counters.dropped_on_purpose, counters.strange
    return Media(counters.sent, len(arrivals), lost, disorder, gaps, 1000 * longest, 1000 * jitter, dropped, strange)


def reply_gap(ended: float, heard: Sequence[Span], until: float = float("inf")) -> float | None:
    """Seconds from the end of one's own speech to the first voice of the far end before `until`.

    None when nothing came, or when the far end was speaking all the while: then there was no gap to measure.
    """
    if any(span.start <= ended <= span.end for span in heard):
        return None
    starts = [span.start for span in heard if ended < span.start < until]
    return min(starts) - ended if starts else None


def barge_in_stop(began: float, heard: Sequence[Span]) -> float | None:
    """Seconds from the beginning of one's own speech to the far end's last voiced packet; None when it wasn't speaking."""
    over = next((span for span in heard if span.start <= began <= span.end), None)
    return over.end - began if over else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * len(ordered) * 1000) // 1000) - 1))] if ordered else None
