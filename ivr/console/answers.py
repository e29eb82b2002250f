"""Answers at hand: what the robot would say to what the caller just said, and a note for agents beside it.

The robot's answers are the prompts of `prompts/<language>/faq.yaml`; `prompts/for_agents.yaml` says which of them fits what, and
adds what only agents need to know. Both are read again when they change, so that nobody answers otherwise than the robot does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import Field
from rapidfuzz import fuzz

from ivr.document import Document, nearest
from ivr.errors import UserError
from strict_yaml import Strict

log = structlog.get_logger()
GOOD_ENOUGH = 55.0
MOST = 3
LANGUAGES = ("zh", "en")


class Entry(Strict):
    """One question, words and intents that point to it, the prompt that answers it, and the note in both languages."""

    intents: tuple[str, ...] = ()
    words_zh: tuple[str, ...]
    words_en: tuple[str, ...]
    question_zh: str
    question_en: str
    says: str = ""
    note_zh: str = ""
    note_en: str = ""


class Entries(Strict):
    """for_agents.yaml."""

    entries: Annotated[tuple[Entry, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry in the reader's language: what the robot says, and what agents should know."""

    question: str
    answer: str
    note: str
    score: float


class Faq:
    """The questions and answers of a prompts folder; `facts` fill the variables of the prompts (the shop's name).

    A shop without `for_agents.yaml` has no answers at hand. Raises UserError with file, line and fix when it can't be used.
    """

    def __init__(self, prompts: Path, facts: Mapping[str, str] | None = None) -> None:
        self._prompts, self._facts = prompts, facts or {}
        self._seen: tuple[float, ...] = ()
        self.entries: tuple[Entry, ...] = ()
        self._said: dict[str, Mapping[str, str]] = {}
        self._read()

    def refresh(self) -> None:
        """Read the files if they have changed; what can't be used is said in the log, and the old answers stay."""
        try:
            self._read()
        except UserError as fault:
            log.error("console.answers_refused", fault=str(fault))

    def _read(self) -> None:
        files = [self._prompts / "for_agents.yaml", *(self._prompts / lang / "faq.yaml" for lang in LANGUAGES)]
        seen = tuple(file.stat().st_mtime if file.exists() else 0.0 for file in files)
        if seen == self._seen:
            return
        self._seen = seen
        if not files[0].exists():
            self.entries = ()
            return
        document = Document(files[0])
        entries = document.typed(Entries).entries
        said = {lang: _prompts_of(file) for lang, file in zip(LANGUAGES, files[1:], strict=True)}
        for index, entry in enumerate(entries):
            place = document.place("entries", index)
            if not entry.says and not (entry.note_zh and entry.note_en):
                raise UserError("an entry without an answer", "give it `says`, or `note_zh` and `note_en`", place)
            for lang, prompts in said.items():
                if entry.says and entry.says not in prompts:
                    raise UserError(
                        f"prompts/{lang}/faq.yaml has no `{entry.says}`", nearest(entry.says, list(prompts)), place
                    )
        self.entries, self._said = entries, said

    def answers_for(self, heard: Sequence[str], intent: str, language: str) -> tuple[Found, ...]:
        """The best entries for the caller's last utterances, the newest counting most; best first."""
        scored = sorted(
            (
                (score, -place, entry)
                for place, entry in enumerate(self.entries)
                if (score := _score(entry, heard, intent))
            ),
            key=lambda item: item[:2],
            reverse=True,
        )
        return tuple(self._found(entry, score, language) for score, _, entry in scored[:MOST] if score >= GOOD_ENOUGH)

    def _found(self, entry: Entry, score: float, language: str) -> Found:
        english = language == "en"
        text = self._said["en" if english else "zh"].get(entry.says, "")
        for name, value in self._facts.items():
            text = text.replace("{" + name + "}", value)
        question, note = (entry.question_en, entry.note_en) if english else (entry.question_zh, entry.note_zh)
        return Found(question, text, note, round(score, 1))


def _prompts_of(file: Path) -> Mapping[str, str]:
    """Prompt ids and their words; a prompt of several wordings gives the first."""
    data = Document(file).data
    written = data if isinstance(data, dict) else {}
    return {
        str(name): str(words.get("text", "")) if isinstance(words, dict) else str(words)
        for name, words in written.items()
    }


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
