"""Speech from a voice of another language: sounds mapped to its phones, with lengths and a pitch contour of our own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

TONES = {1: (5, 5), 2: (3, 5), 3: (2, 1), 4: (5, 1), 5: (3, 2), 0: (3, 2.6)}
"""Pitch at the beginning and end of a syllable on Chao's five levels; 0 is a syllable of a language without tones."""
VOWELS = frozenset("iɪeɛæaɑoɔɤʌəɜuʊyʅɿ")
LONG, LONGER = "ː", 1.6
"""The mark of a long sound, and how much longer it is."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One phone of a voice: its name, length in seconds, and pitch in Hz at its beginning and end (0: unvoiced)."""

    phone: str
    seconds: float
    pitch_hz: tuple[float, float] = (0.0, 0.0)


@lru_cache(maxsize=1)
def accents() -> dict[str, dict[str, object]]:
    """The tables of accents.yaml."""
    loaded: dict[str, dict[str, object]] = yaml.safe_load((Path(__file__).parent / "accents.yaml").read_text())
    return loaded


def choose(options: str, random_: random.Random) -> list[str]:
    """One of the alternatives `a|b c` as a list of phones."""
    return random_.choice(options.split("|")).split()


def phones_of(words: list[list[tuple[str, int]]], accent: str, random_: random.Random) -> list[list[str]]:
    """The words as phones of the accent."""
    table = accents()[accent]["phones"]
    assert isinstance(table, dict)
    return [[p for sound, _ in word for p in choose(str(table[sound.rstrip(LONG)]), random_)] for word in words]


def contour(words: list[list[tuple[str, int]]], accent: str, base_hz: float, random_: random.Random) -> list[Segment]:
    """The words as segments: one tempo per utterance, each length varied, pitch falling slowly to the end."""
    table, silence = accents()[accent]["phones"], str(accents()[accent]["silence"])
    assert isinstance(table, dict)
    tempo = random_.uniform(0.5, 1.25)
    step = random_.uniform(1.05, 1.14)
    segments = [Segment(silence, 0.15)]
    for number, word in enumerate(words):
        decline = 1 - 0.12 * number / max(1, len(words))
        for sound, tone in word:
            start, end = TONES[tone]
            pitch = tuple(base_hz * decline * step ** (level - 3 + random_.gauss(0, 0.3)) for level in (start, end))
            vowel = sound[0] in VOWELS
            seconds = tempo * max(0.03, random_.gauss(0.125 if vowel else 0.08, 0.02))
            seconds *= LONGER if sound.endswith(LONG) else 1
            parts = choose(str(table[sound.rstrip(LONG)]), random_)
            segments += [Segment(p, seconds / len(parts) ** 0.5, (pitch[0], pitch[1])) for p in parts]
        if random_.random() < 0.1:
            segments.append(Segment(silence, random_.uniform(0.04, 0.3)))
    return [*segments, Segment(silence, 0.15)]
