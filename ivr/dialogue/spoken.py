"""Numbers found in an utterance, whatever the language (pure)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """A stretch of text that is a number: as digits one by one, and as a quantity where it can be one.

    `start` and `end` are offsets in the text that was searched. "一零五" is digits "105" and no quantity said as such
    (value None); "一百零五" is digits "105" and value 105.
    """

    start: int
    end: int
    text: str
    digits: str
    value: int | None


@dataclass(frozen=True, slots=True)
class DigitReading:
    """One way to take an utterance as digits; cost is how far-fetched it is (0: as plainly said)."""

    digits: str
    cost: float
