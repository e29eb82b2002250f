"""What callers say around an answer: words before a name, words after which more is to come, how scores are said (pure).

The words are those of `answers.yaml`, where each list says what it is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from ivr.values import Language
from strict_yaml import OneOrMore, Strict

Score = Literal["1", "2", "3", "4", "5"]


class AnswersFile(Strict):
    """answers.yaml."""

    before_name: OneOrMore = ()
    before_address: OneOrMore = ()
    unfinished: OneOrMore = ()
    expected: OneOrMore = ()
    came: Mapping[Literal["damaged", "wrong", "missing"], OneOrMore] = Field(default_factory=dict)
    scores: Mapping[Score, OneOrMore] = Field(default_factory=dict)


class AnswerWords:
    """The words of one language, made into expressions."""

    def __init__(self, language: Language, file: AnswersFile) -> None:
        # English words stand apart; Mandarin ones anywhere.
        self._edge, self._gap = (r"\b", " +") if language == "en" else ("", "")
        self._before_name = self._before(file.before_name)
        self._before_address = self._before(file.before_address)
        self._unfinished = re.compile(f"{self._edge}{_one_of(file.unfinished)}$")

    def name(self, text: str) -> str:
        """A text without what stands before a name in it."""
        return self._before_name.sub("", text, count=1)

    def address(self, text: str) -> str:
        """A text without what stands before an address in it."""
        return self._before_address.sub("", text, count=1)

    def is_unfinished(self, text: str) -> bool:
        """Whether the last word wants another."""
        return self._unfinished.search(text) is not None

    def _before(self, words: Iterable[str]) -> re.Pattern[str]:
        return re.compile(f"^(?:{_one_of(words)}{self._gap})+")


def _one_of(words: Iterable[str]) -> str:
    """The longest first, so that a word isn't taken for the beginning of another."""
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True))) or '(?!)'})"
