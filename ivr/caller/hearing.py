"""What a party hears of the far end: spans of voice, recognised as they end, and tones."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from ivr.caller.activity import Span
from ivr.caller.child import ChildFailed
from ivr.caller.codec import Samples
from ivr.caller.ear import Ear
from ivr.caller.notes import Notes, Remark
from ivr.caller.phrases import likeness, sounds
from ivr.caller.rtp import Arrival, Stream
from ivr.caller.scenario import Role
from ivr.caller.sound import tonality

# How much of a phrase must be recognised for it to count as heard.
LIKENESS = 0.7
# A tone is there when this share of the energy of half a second lies at its frequency.
TONALITY, TONE_PACKETS = 0.6, 25
EDGE_SECONDS = 0.1


class Hearing:
    """Listens to one stream. `told` is called with each remark; without an ear remarks have no words."""

    def __init__(
        self, role: Role, stream: Stream, notes: Notes, ear: Ear | None, told: Callable[[Remark], None]
    ) -> None:
        self._role, self._stream, self._notes, self._ear, self._told = role, stream, notes, ear, told
        self._begun = 0
        self._working: set[asyncio.Task[None]] = set()

    def move(self, stream: Stream) -> None:
        """Go on listening to another stream, which carries on the spans of this one."""
        self.changed()
        self._stream = stream

    def changed(self) -> None:
        """Begin to recognise the spans that have ended since."""
        for span in self._stream.heard.spans[self._begun :]:
            self._begun += 1
            task = asyncio.get_running_loop().create_task(self._recognise(span, self._audio(span)))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def catch_up(self) -> None:
        """Wait until everything that was said is recognised."""
        self.changed()
        while self._working:
            await asyncio.gather(*self._working)

    def heard(self, phrases: Sequence[str]) -> bool:
        """Whether one of the phrases (anything, without phrases) was said since the last deed, and the far end pauses."""
        recent = self.recent()
        if not recent or self._stream.heard.current is not None:
            return False
        return not phrases or self._ear is None or any(self.matches(phrase, recent) for phrase in phrases)

    def matches(self, phrase: str, remarks: Sequence[Remark]) -> bool:
        """Whether a phrase is somewhere in what was said."""
        known = self._ear.vocabulary(self._role.language) if self._ear else None
        text = " ".join(remark.text for remark in remarks)
        wanted = sounds(phrase, self._role.language, known)
        return likeness(wanted, sounds(text, self._role.language)) >= LIKENESS

    def recent(self) -> list[Remark]:
        """What was said since this party's last deed, or begun during it; what the deed interrupted is old."""
        deed = self._notes.deeds[-1] if self._notes.deeds else None
        fresh = [r for r in self._notes.remarks if deed is None or r.span.end > deed.end or r.span.start > deed.start]
        return sorted(fresh, key=lambda remark: remark.span.start)

    def tone(self, hertz: float, since: float) -> bool:
        """Whether a tone was there for half a second at any time since."""
        arrivals = self._stream.arrivals
        first = bisect_left(arrivals, since, key=lambda arrival: arrival.seconds)
        for place in range(first, len(arrivals) - TONE_PACKETS, 5):
            stretch = arrivals[place : place + TONE_PACKETS]
            if all(item.voiced for item in stretch) and tonality(_joined(stretch), hertz) > TONALITY:
                return True
        return False

    async def _recognise(self, span: Span, samples: Samples) -> None:
        text = ""
        if self._ear:
            try:
                text = await self._ear.hear(samples, self._role.language, self._role.phrases)
            except ChildFailed:
                # What was said stays unknown: expectations about it fail, and say so.
                text = ""
        remark = Remark(span, text)
        self._notes.remarks.append(remark)
        self._told(remark)

    def _audio(self, span: Span) -> Samples:
        """What was heard in a span, with a little before and after it."""
        arrivals = self._stream.arrivals
        first = bisect_left(arrivals, span.start - EDGE_SECONDS, key=lambda arrival: arrival.seconds)
        last = bisect_left(arrivals, span.end + EDGE_SECONDS, key=lambda arrival: arrival.seconds)
        return _joined(arrivals[first:last])


def _joined(arrivals: Sequence[Arrival]) -> Samples:
    pieces = [item.samples for item in arrivals if item.samples is not None]
    return np.concatenate(pieces) if pieces else np.zeros(160, np.int16)
