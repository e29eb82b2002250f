"""Chopsticks and what else comes with a meal for nothing, when it's all that is missing (pure).

The words are the list `extras` of lists.yaml. Who names something beside them ("汤和筷子", "the soup and the chopsticks") misses
more than that.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ivr.values import Language

_JOINED: dict[Language, str] = {
    "zh": r"(?:和|跟|与|还有|以及|连|、)",
    "en": r"(?: (?:and|or|nor|plus) (?:(?:the|a|an|my|any|no|some) )?)",
}


class Extras:
    """The words of one language."""

    def __init__(self, words: Collection[str], language: Language) -> None:
        each = "|".join(re.escape(word.lower()) for word in sorted(words, key=len, reverse=True)) or "(?!)"
        word, joint = (f"(?:{each})" if language == "zh" else rf"\b(?:{each})\b"), _JOINED[language]
        self._named = re.compile(f"{word}(?:{joint}{word})*")
        self._joint = re.compile(joint)

    def named(self, text: str) -> str:
        """The words in a text that name nothing else beside them; empty where there are none, or not only they."""
        found = self._named.search(text)
        rest = self._named.sub(" ", text) if found else ""
        return found[0] if found and not self._joint.search(f"{rest} ") else ""
