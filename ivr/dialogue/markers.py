"""Words that turn an utterance: danger, a wish for a human, "not", "no, it's …", yes and no in front (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ivr.dialogue.grammar import Grammar
from ivr.dialogue.meaning import Danger, Universal
from ivr.dialogue.normal_text import NormalEn


@dataclass(frozen=True, slots=True)
class Negation:
    """A thing the caller says they don't want, and the sentence without it."""

    intent: str
    text: str
    rest: str


class Markers:
    """The marking words of one language, searched in normalised text."""

    def __init__(self, grammar: Grammar) -> None:
        words, normal = grammar.universals, grammar.normal
        self._english = grammar.language == "en"

        def expression(phrases: Iterable[str]) -> re.Pattern[str]:
            return re.compile(self._any(normal.literal(phrase) for phrase in phrases))

        self._danger = {kind: expression(phrases) for kind, phrases in words.danger.items()}
        self._anywhere = {kind: expression(phrases) for kind, phrases in words.anywhere.items()}
        self._unless = expression(words.unless)
        self._declared = {
            intent: (expression(one.words), expression(one.unless), frozenset(one.over))
            for intent, one in words.declared.items()
        }
        self._corrections = re.compile(
            f"{self._any(normal.literal(each) for each in words.corrections)}|^(?:no |不(?!要|用|想))"
        )
        # Fillers for the most part, so as they are written, not as sentences are made plain.
        hello, hm = self._plainly(words.greetings), self._plainly(grammar.lists.fillers)
        self._greeting = re.compile(
            rf"(?:(?:{hm})[,，\s]*)*(?:(?:{hello})[啊呀哦,，。.!！?？\s]*)+" if hello else r"(?!)"
        )
        self._words = normal.words if isinstance(normal, NormalEn) else None
        self._negatable = {normal.literal(phrase): intent for phrase, intent in words.negatable.items()}
        between = (
            r"(?:to |a |an |the |my |any |it |that |this |for |have |get |be |you |me )*"
            if self._english
            else "[再给我帮你们他去来要]*"
        )
        negation = self._any(normal.literal(phrase) for phrase in words.negations)
        self._negation = re.compile(
            f"(?:{negation}){between}(?P<thing>{self._any(self._negatable)})(?:了|吧|啦|order )*"
        )

        # "那不取消了" is all that is said; "怎么不退了" and "商家说不退了" are complaints.
        self._plainly_not = re.compile(
            r"(?!)(?P<thing>)"
            if self._english
            else r"^(?:那|就|我|我们|哦|嗯|好|行|吧|算了|还是|先|等等|等一?下|慢着|想了?想|太.{1,3}了|后悔了?|改主意了?|麻烦|想?要?留着)*"
            rf"不再?(?P<thing>{self._any(self._negatable)})了[吧啦]?$"
        )

    def danger(self, text: str) -> Danger | None:
        """The first kind of danger that is named."""
        bare = self._unless.sub("", text)
        return next((kind for kind, words in self._danger.items() if words.search(bare)), None)

    def danger_alone(self, text: str) -> Danger | None:
        """The kind of danger where its words are all that is said."""
        bare = text.strip()
        return next((kind for kind, words in self._danger.items() if words.fullmatch(bare)), None)

    def much_danger(self, text: str) -> bool:
        """Whether words of danger are more than a third of what was said."""
        bare = left = self._unless.sub("", text)
        for words in self._danger.values():
            left = words.sub("", left)
        return 3 * (_letters(bare) - _letters(left)) > _letters(bare)

    def agent_alone(self, text: str) -> bool:
        """Whether a word for a human is all that was said."""
        words = self._anywhere.get("agent")
        return words is not None and words.fullmatch(text.strip()) is not None

    def anywhere(self, text: str) -> Universal | None:
        """The universal whose word stands anywhere in the sentence."""
        bare = self._unless.sub("", text)
        return next((kind for kind, words in self._anywhere.items() if words.search(bare)), None)

    def declared(self, text: str, found: str, likely: bool = False) -> str | None:
        """The intent that is declared in so many words, where it outweighs the one that was found, or makes it sure where it was `likely`."""
        return next(
            (
                intent
                for intent, (words, unless, over) in self._declared.items()
                if (found in over or (likely and found == intent)) and words.search(unless.sub("", text))
            ),
            None,
        )

    def is_greeting(self, text: str) -> bool:
        """Whether nothing was said but hello; `text` is plain, but for its fillers."""
        return self._greeting.fullmatch(text.strip()) is not None

    def without_likeness(self, text: str) -> str:
        """The text without words that only look like a universal ("travel agent"), unless nothing else is said."""
        bare = self._unless.sub("", text)
        return bare if bare.strip() else text

    def negation(self, text: str) -> Negation | None:
        """What the caller does not want, if they say so."""
        match = self._negation.search(text) or self._plainly_not.search(text)
        if match is None:
            return None
        rest = text[: match.start()] + text[match.end() :]
        return Negation(self._negatable[match["thing"]], match[0], rest)

    def correction(self, text: str) -> tuple[str, str] | None:
        """What was said before and after the last correcting word."""
        if self._words is not None:
            text = "".join(word + " " for word in self._words(text))
        matches = list(self._corrections.finditer(text))
        return (text[: matches[-1].start()], text[matches[-1].end() :]) if matches else None

    @staticmethod
    def _plainly(phrases: Iterable[str]) -> str:
        return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))

    def _any(self, phrases: Iterable[str]) -> str:
        ordered = sorted({phrase for phrase in phrases if phrase}, key=len, reverse=True)
        joined = "|".join(map(re.escape, ordered)) or r"(?!)"
        return rf"\b(?:{joined})" if self._english else f"(?:{joined})"


def _letters(text: str) -> int:
    return sum(char.isalnum() for char in text)
