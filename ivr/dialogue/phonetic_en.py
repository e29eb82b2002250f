"""English words: spelling folded to sounds, endings cut off, misspellings led back to known words (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SOUNDS = (
    (r"^(kn|gn|pn)", "n"), (r"^wr", "r"), (r"^wh", "w"), (r"^ps", "s"), (r"^x", "s"), (r"ght", "t"), (r"gh", ""),
    (r"ph", "f"), (r"tch|ch|sh|tio|sio|cio|cia", "x"), (r"th", "t"), (r"ck", "k"), (r"c(?=[eiy])", "s"), (r"[cq]", "k"),
    (r"g(?=[eiy])", "j"), (r"dg", "j"), (r"z", "s"), (r"v", "f"), (r"mb$", "m"), (r"(.)\1", r"\1"), (r"(?<!^)[aeiouyhw]", ""),
)  # fmt: skip
_COMPILED = tuple((re.compile(old), new) for old, new in _SOUNDS)
_ENDINGS = (
    "ements", "ement", "ations", "ation", "ings", "ing", "ions", "ion", "ies", "ied", "ers", "ed", "es", "s", "y", "e", "al", "able", "ible",
)  # fmt: skip


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """The consonant skeleton of a word, so that `recieve` and `receive`, `cancle` and `cancel` are alike."""
    for old, new in _COMPILED:
        word = old.sub(new, word)
    return word


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its ending: cancel, cancels, cancelled, cancellation and cancelling are one."""
    if len(word) <= 3 or not word.isascii():
        return word
    for ending in _ENDINGS:
        left = word.removesuffix(ending)
        if left != word and len(left) >= 3:
            return re.sub(r"([bdglmnprt])\1$", r"\1", left)
    return word


class Speller:
    """Leads a misspelt word back to a known one, when just one is near."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(words)
        self._by_start: dict[str, list[str]] = {}
        for word in sorted(self.words):
            if len(word) >= 4:
                self._by_start.setdefault(word[0], []).append(word)
        self._memory: dict[str, str] = {}

    def correct(self, word: str) -> str:
        """The known word meant, or the word itself."""
        if len(word) < 4 or len(word) > 24 or word in self.words or not word.isascii() or not word.isalpha():
            return word
        if word not in self._memory:
            if len(self._memory) > 20_000:
                self._memory.clear()
            self._memory[word] = self._nearest(word)
        return self._memory[word]

    def _nearest(self, word: str) -> str:
        most = 1 if len(word) <= 6 else 2
        near = [each for start in {word[0], word[1]} for each in self._by_start.get(start, ())]
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=most, limit=3)
        if not found:
            return word
        ranked = sorted(found, key=lambda each: (each[1], sound(each[0]) != sound(word), each[0]))
        return str(ranked[0][0])
