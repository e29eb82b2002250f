"""What is a yes and what only sounds like the beginning of one; consent to an offer must be plain (pure).

"可以多退点吗", "要不算了" and "对不起我不要了" begin with the words for yes; "yes but I want the full amount" and "right no wait" take it
back. Where an action hangs on the answer, such an answer is hedged and the offer is put once more. The words are those of
`consent.yaml`, where each list says what it is for; without the file only whole sentences are a yes or a no.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ivr.values import Language
from strict_yaml import OneOrMore as Words

Answer = Literal["yes", "no"]
NONE = "(?!)"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hedges(_Part):
    """What takes an answer back: `words` anywhere, those of `unless` where what they name doesn't follow, `first` and `last` words."""

    words: Words = ()
    unless: dict[str, Words] = {}
    first: Words = ()
    last: Words = ()


class Around(_Part):
    """What may stand before and after a word, any number of each, without changing what it means."""

    before: Words = ()
    after: Words = ()


class Saying(Around):
    """Words, and what may stand around them."""

    words: Words = ()


class Asking(_Part):
    """What makes an answer a question: `words` anywhere, `first` and `last` words."""

    words: Words = ()
    first: Words = ()
    last: Words = ()


class ConsentFile(_Part):
    """consent.yaml; `begins`: a word, and what must not follow it."""

    begins: dict[Answer, dict[str, Words]] = {}
    openings: Saying = Saying()
    hedges: dict[Answer, Hedges] = {}
    verbs: dict[str, Words] = {}
    around_verbs: Around = Around()
    impatience: Saying = Saying()
    partings: Words = ()
    asks: Words = ()
    questions: Asking = Asking()


class Consent:
    """The words of one language, made into expressions; English words are each followed by a blank."""

    def __init__(self, language: Language, file: ConsentFile | None = None) -> None:
        self._english, words = language == "en", file or ConsentFile()
        self._begins = {
            answer: re.compile(self._one_of(self._unless(word, then) for word, then in begins.items()))
            for answer, begins in words.begins.items()
        }
        opening = f"(?:{self._some(words.openings.before)}{self._one(words.openings.words)}{self._some(words.openings.after)})+"
        # "对不起我不要了": 我 goes, too, so that the sentence of a no is left.
        self._opening = re.compile(f"^{opening}" + ("" if self._english else "(?:我(?=不))?"))
        self._hedges = {
            answer: re.compile(self._one_of(self._of_hedges(each))) for answer, each in words.hedges.items()
        }
        before, after = self._some(words.around_verbs.before), self._some(words.around_verbs.after)
        self._verbs = {
            action: re.compile(f"{before}{self._one(verbs)}{after}") for action, verbs in words.verbs.items()
        }
        impatience = words.impatience
        self._impatience = re.compile(
            self._some(impatience.before) + self._one(impatience.words) + self._some(impatience.after)
        )
        self._partings = re.compile(self._one(words.partings))
        self._asks = re.compile(self._whole(words.asks))
        asked = words.questions
        self._questions = re.compile(
            f"{self._whole(asked.words)}|^{self._whole(asked.first)}|{self._whole(asked.last)}$"
        )

    def in_front(self, answer: Answer, sentence: str) -> str:
        """The word for yes or no that a sentence begins with; empty where it begins with none."""
        found = self._begins[answer].match(self._said(sentence)) if answer in self._begins else None
        return found[0].strip() if found else ""

    def without_opening(self, sentence: str) -> str:
        """The sentence without the apology, or the sigh, in front of the answer."""
        return self._opening.sub("", sentence)

    def hedged(self, answer: Answer, sentence: str) -> bool:
        """Whether what follows the yes or no takes it back or asks for something else."""
        return answer in self._hedges and self._hedges[answer].search(self._said(sentence)) is not None

    def says_the_verb(self, action: str, sentence: str) -> bool:
        """Whether the caller just says the action: "退吧" to the question whether to refund."""
        return action in self._verbs and self._verbs[action].fullmatch(self._said(sentence)) is not None

    def impatient(self, sentence: str) -> bool:
        """Whether nothing but impatience was said."""
        return self._impatience.fullmatch(self._said(sentence)) is not None

    def takes_leave(self, sentence: str) -> bool:
        """Whether a word of parting was said."""
        return self._partings.search(self._said(sentence)) is not None

    def asks_whether(self, sentence: str) -> bool:
        """Whether a wish asks if it can be had; only one that doesn't agrees to anything."""
        return self._asks.search(sentence) is not None

    def is_a_question(self, sentence: str) -> bool:
        """Whether something is asked about the offer."""
        return self._questions.search(sentence) is not None

    def _said(self, sentence: str) -> str:
        return sentence.strip() + " " if self._english else sentence.strip()

    def _of_hedges(self, hedges: Hedges) -> Iterator[str]:
        yield from self._expressions(hedges.words)
        yield from (self._unless(word, then) for word, then in hedges.unless.items())
        yield from (f"^{word}" for word in self._expressions(hedges.first))
        yield from (f"{word}$" for word in self._expressions(hedges.last))

    def _unless(self, word: str, then: Words) -> str:
        return self._one((word,)) + (f"(?!{self._one_of(self._expressions(then))})" if then else "")

    def _one(self, words: Words) -> str:
        return self._one_of(self._expressions(words))

    def _whole(self, words: Words) -> str:
        """One of these words, whatever stands beside it."""
        one = self._one_of(re.escape(word) for word in sorted(words, key=len, reverse=True))
        return rf"\b{one}\b" if self._english else one

    def _some(self, words: Words) -> str:
        return f"{self._one(words)}*" if words else ""

    def _expressions(self, words: Words) -> Iterator[str]:
        """The longest first, so that a word isn't taken for the beginning of another."""
        for word in sorted(words, key=len, reverse=True):
            yield rf"\b{re.escape(word)} " if self._english else re.escape(word)

    @staticmethod
    def _one_of(expressions: Iterable[str]) -> str:
        return f"(?:{'|'.join(expressions) or NONE})"
