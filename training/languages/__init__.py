"""What the recipe must know of a language: its phones, its words, and how an engine is told to say them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Protocol

from training.utterances import Script


class Language(Protocol):
    """A language of the recipe; adding one means writing this, its text templates and its profile."""

    code: str
    phones: tuple[str, ...]
    digits: tuple[str, ...]

    def pronunciations(self, word: str) -> list[tuple[str, ...]]:
        """All ways the recogniser accepts `word`, as base phones; empty when it cannot be pronounced."""
        ...

    def script(self, kind: str, words: Sequence[str], random_: random.Random) -> Script | None:
        """The words as one way of saying them, or None when a word cannot be pronounced."""
        ...

    def segment(self, text: str, vocabulary: Iterable[str]) -> list[str]:
        """Text as a list of vocabulary words."""
        ...

    def sounds(self, script: Script, random_: random.Random) -> list[list[tuple[str, int]]]:
        """Each word as IPA-like sounds with tone (0: none), for engines of other languages."""
        ...


def language(code: str) -> Language:
    """The language `zh` or `en`."""
    if code == "zh":
        from training.languages.mandarin import Mandarin

        return Mandarin()
    if code == "en":
        from training.languages.english import English

        return English()
    raise ValueError(f"no such language: {code}; the recipe knows zh and en")
