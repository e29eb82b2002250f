"""What is said in the training and test material, before and after it became sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

RATE_HZ = 8000
"""All speech of the recipe is kept at the telephone's rate."""


@dataclass(frozen=True, slots=True)
class Script:
    """One line for a voice to say: `words` as the recogniser should write them, `phones` of each word in order.

    `readings` holds what the engines need to say each word: Mandarin syllables in pinyin with tone digits, or the
    English word itself. `kind` is digits, phrase, sentence, isolated or noise; it decides how a test counts it.
    """

    kind: str
    words: tuple[str, ...]
    readings: tuple[tuple[str, ...], ...]
    phones: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Recording:
    """A script as sound: 16-bit mono at `RATE_HZ`, and the voice or person who said it."""

    script: Script
    speaker: str
    samples: Samples
