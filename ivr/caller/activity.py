"""Who spoke when, from packets that were voiced or silent: spans of voice with a pause between them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

# A pause within speech is shorter than this: stops and commas stay inside a span.
PAUSE_SECONDS = 0.6
# Who is silent for as long while the other stops speaking has let the other in: what comes next is an answer.
LET_IN_SECONDS = 0.2
# One or two loud packets are a click; voice lasts.
LEAST_PACKETS = 3


# A packet is voice above this level: 45 dB below full scale, well over line noise, well under speech.
VOICED_RMS = 32768 * 10 ** (-45 / 20)
# Over a noisy line it must also stand out from the noise by 12 dB, up to a level that is voice on any line.
ABOVE_FLOOR, SURELY_VOICED_RMS = 4.0, 800.0
# The estimate of the noise falls at once and rises by 4 dB a second; speech dips below it several times a second.
FLOOR_RISE, LEAST_FLOOR = 1.01, 20.0


class Loudness:
    """Decides packet by packet whether a level is voice, knowing the noise of the line."""

    def __init__(self) -> None:
        self._floor = LEAST_FLOOR

    def voiced(self, rms: float) -> bool:
        """Judge one packet of 20 ms."""
        self._floor = max(LEAST_FLOOR, min(rms, self._floor * FLOOR_RISE))
        return rms > max(VOICED_RMS, min(ABOVE_FLOOR * self._floor, SURELY_VOICED_RMS))


@dataclass(frozen=True, slots=True)
class Span:
    """Voice from its first to its last voiced packet, in seconds of the monotonic clock."""

    start: float
    end: float
    packets: int = 1


class Activity:
    """The spans of one direction of a call; fed with packets in the order of their times."""

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        self.pause_seconds = pause_seconds
        self.spans: list[Span] = []
        self._start = self._last = 0.0
        self._packets = 0
        self._answers_from = float("-inf")

    def feed(self, seconds: float, voiced: bool) -> bool:
        """Take one packet; True when it makes a new span of voice certain."""
        if not voiced:
            return False
        answers = self._last <= self._answers_from < seconds
        if self._packets and seconds - self._last > (LET_IN_SECONDS if answers else self.pause_seconds):
            self.close()
        if not self._packets:
            self._start = seconds
        self._last = seconds
        self._packets += 1
        return self._packets == LEAST_PACKETS

    def rest(self, now: float) -> Span | None:
        """The span that a pause has ended by `now`, once."""
        if self._packets and now - self._last > self.pause_seconds:
            return self.close()
        return None

    def other_ended(self, seconds: float) -> None:
        """The other side has stopped speaking: what comes after a moment's silence is an answer, however soon it comes."""
        self._answers_from = seconds

    def close(self) -> Span | None:
        """End the span under way, whatever the silence."""
        span = Span(self._start, self._last, self._packets) if self._packets >= LEAST_PACKETS else None
        if span:
            self.spans.append(span)
        self._packets = 0
        return span

    @property
    def current(self) -> Span | None:
        """The span under way, if it is certain."""
        return Span(self._start, self._last, self._packets) if self._packets >= LEAST_PACKETS else None

    @property
    def all(self) -> tuple[Span, ...]:
        """Finished spans and the one under way."""
        return (*self.spans, self.current) if self.current else tuple(self.spans)
