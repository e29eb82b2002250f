"""Sentences as unclean as they arrive: other characters of the same sound (Mandarin), typing errors (English), words lost (pure)."""

from __future__ import annotations

import random

from ivr.dialogue.phonetic_zh import folded, syllable
from ivr.values import Language

_ALIKE: dict[str, list[str]] = {}
_EXACTLY: dict[str, list[str]] = {}


def unclean(text: str, language: Language, rng: random.Random) -> str:
    """The sentence with errors, in normalised text (a blank after each English word)."""
    return _unclean_zh(text, rng) if language == "zh" else _unclean_en(text, rng)


def alike(char: str) -> list[str]:
    """Common characters that sound like one, exactly or with the folds; the character itself if there are none."""
    if not _ALIKE:
        for point in range(0x4E00, 0x9FA5):
            if chr(point).encode("gb2312", "ignore"):
                _ALIKE.setdefault(folded(chr(point)), []).append(chr(point))
                _EXACTLY.setdefault(syllable(chr(point)), []).append(chr(point))
    return _EXACTLY.get(syllable(char)) or _ALIKE.get(folded(char), [char])


def _unclean_zh(text: str, rng: random.Random) -> str:
    """Characters of the same or nearly the same sound in place of some; sometimes one is lost."""
    result = [rng.choice(alike(char)) if rng.random() < 0.15 else char for char in text]
    if len(result) > 4 and rng.random() < 0.3:
        del result[rng.randrange(len(result))]
    return "".join(result)


def _unclean_en(text: str, rng: random.Random) -> str:
    """A typing error, or a small word lost."""
    words = text.split()
    at = rng.randrange(len(words)) if words else 0
    if len(words) > 3 and rng.random() < 0.5:
        del words[at]
    elif words and len(words[at]) > 3 and words[at].isalpha():
        words[at] = _misspelt(words[at], rng)
    return "".join(word + " " for word in words)


def _misspelt(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at] + word[at:],
            word[:at] + rng.choice("aeiourstln") + word[at + 1 :],
        )
    )
