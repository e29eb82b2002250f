"""Answers at hand: which entries of the FAQ fit what the caller just said (pure but for reading the file once)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from ivr.document import Document

GOOD_ENOUGH = 55.0
MOST = 3


class Entry(BaseModel):
    """One question with its answer in both languages, words that point to it, and intents it belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    intents: tuple[str, ...] = ()
    words_zh: tuple[str, ...]
    words_en: tuple[str, ...]
    question_zh: str
    question_en: str
    answer_zh: str
    answer_en: str


class Faq(BaseModel):
    """faq.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    entries: Annotated[tuple[Entry, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry in the reader's language."""

    question: str
    answer: str
    score: float


@cache
def faq() -> Faq:
    """The FAQ that comes with the desk; raises UserError when it can't be used."""
    with as_file(files("ivr.console") / "faq.yaml") as path:
        return Document(path).typed(Faq)


def answers_for(heard: Sequence[str], intent: str, language: str) -> tuple[Found, ...]:
    """The best entries for the caller's last utterances, the newest counting most; best first."""
    scored = sorted(
        (
            (score, -place, entry)
            for place, entry in enumerate(faq().entries)
            if (score := _score(entry, heard, intent))
        ),
        key=lambda item: item[:2],
        reverse=True,
    )
    return tuple(
        Found(
            entry.question_en if language == "en" else entry.question_zh,
            entry.answer_en if language == "en" else entry.answer_zh,
            round(score, 1),
        )
        for score, _, entry in scored[:MOST]
        if score >= GOOD_ENOUGH
    )


def _score(entry: Entry, heard: Sequence[str], intent: str) -> float:
    best = 60.0 if intent and intent in entry.intents else 0.0
    for age, said in enumerate(reversed(heard)):
        compact, spaced = said.replace(" ", "").lower(), said.lower()
        zh = max((fuzz.partial_ratio(word, compact) for word in entry.words_zh if compact), default=0.0)
        en = max((fuzz.token_set_ratio(word, spaced) for word in entry.words_en if spaced), default=0.0)
        exact = any(word in compact for word in entry.words_zh) or any(word in spaced for word in entry.words_en)
        heard_score = (max(zh, en) if max(zh, en) >= 75 else 0.0) + (15.0 if exact else 0.0)
        best = max(best, heard_score - 10.0 * age + (5.0 if intent in entry.intents else 0.0))
    return best
