"""Doubtful sound is heard again, slower and quicker, and the readings are put together (pure).

Who is unlike the voices a model learnt from is often more like them at another speed: played slower, a voice is deeper, its
vocal tract longer and its tongue slower, all at once, and the other way round (cf. the warped copies of Jaitly and Hinton
2013). No speed is right for everybody, but what is heard at several of them was probably said (cf. ROVER, Fiscus 1997): each
hearing has one vote, which it splits between its readings by their raw confidences, so a reading's new confidence is the mean
of those it had, 0 where it was not heard.

Only what is doubtful is heard again, about one utterance in eight, so it costs a third more decoding at most and not twice
more. Silence and `[unk]` are not: who hears often enough hears words in noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ivr.events import Hypothesis
from ivr.speech.vosk_results import uncut

SPEEDS = (0.85, 1.15)
"""How long the sound lasts at each further hearing, 1 being as it was."""
DOUBT = 0.85
"""Below this raw confidence a best reading is doubtful."""
LONGEST_SECONDS = 8.0
"""More than that, a remark rather than an answer, isn't heard again: the caller waits."""


def doubtful(readings: Sequence[Hypothesis]) -> bool:
    """Whether something was heard, and none of it surely; `readings` are best first, with raw confidences."""
    return bool(readings) and readings[0].confidence < DOUBT


def combined(hearings: Sequence[tuple[float, Sequence[Hypothesis]]], most: int) -> tuple[Hypothesis, ...]:
    """The N-best of several (speed, readings) of one sound; word times are of the sound at speed 1."""
    votes: dict[str, Hypothesis] = {}
    for speed, readings in hearings:
        for reading in readings:
            share = reading.confidence / len(hearings)
            said = uncut(reading.text)
            known = votes.get(said) or replace(_at_speed_one(reading, speed), confidence=0.0)
            votes[said] = replace(known, confidence=known.confidence + share)
    return tuple(sorted(votes.values(), key=lambda reading: -reading.confidence)[:most])


def _at_speed_one(reading: Hypothesis, speed: float) -> Hypothesis:
    words = (
        replace(word, start_seconds=word.start_seconds / speed, end_seconds=word.end_seconds / speed)
        for word in reading.words
    )
    return replace(reading, words=tuple(words))
