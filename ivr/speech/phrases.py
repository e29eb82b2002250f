"""From a dialogue's grammar to the phrase list that vosk takes (pure).

vosk knows words, not phrases: a phrase is a string of the model's own words with spaces between, and a word that the model
lacks is dropped in silence, which would leave a shorter phrase that means something else. So phrases are cut into the model's
words here, fewest words first (a Mandarin phrase that is one word of the model stays one), and a phrase with an unknown part
is left out and reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ivr.commands import Grammar
from ivr.speech.vosk_results import UNKNOWN
from ivr.values import Language

DIGIT_WORDS: dict[Language, tuple[str, ...]] = {
    "zh": ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "幺", "洞", "两"),
    "en": ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "triple"),
}
# "Thirty twenty-six", "nineteen oh five", 一千零二十六: each once, with what goes before and after them. Of four digits said so, 13 of
# 100 were heard whole without them and 82 with them in English, 70 and 95 in Mandarin (109 numbers in seven synthetic voices
# through a telephone's band, with noise and loss); said digit by digit, 97 and 96 either way.
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"),
    *("sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
IN_TENS: dict[Language, tuple[str, ...]] = {
    "zh": (
        *"十百千",
        *(f"{digit}{unit}" for digit in "一二三四五六七八九" for unit in "十百千"),
        *(f"{unit}{digit}" for unit in "十百千" for digit in "零一二三四五六七八九"),
    ),
    "en": (*_TEENS, *_TENS, *(f"{ten} {unit}" for ten in _TENS for unit in _UNITS)),
}
_DIGITS = frozenset(word for words in DIGIT_WORDS.values() for word in words)
# vosk counts the phrases of a list, and which word follows which, and expects them in these proportions: said once, a digit among
# 200 phrases is as unlikely as each of them. Said alone, a digit is followed by nothing, so strings of them are made of all pairs.
# Of numbers put together from the digits of 19 people (every other recording of `training people`), among the 171 phrases of a
# number question, 60 of 100 were heard whole with digits said eight times, 67 with all pairs said twice (90.4 and 94.1 of 100
# digits); in English 71 and 75.
DIGIT_COUNT = 8
PAIR_COUNT, UNKNOWN_COUNT = 2, 8
# For the same reason `[unk]` is said as often as there are phrases, up to a limit: anything else is as likely as all of them
# together. Said once, it was one among dozens, and twice as much of what was none of the phrases was taken for one of them.
MOST_UNKNOWN = 24
NAME_READINGS = 10
# Beside thirteen thousand English words that stand for sounds, "my name is" said once would be another three of them.
BESIDE_NAMES_COUNT: dict[Language, int] = {"zh": 1, "en": 30}
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_NOT_SPOKEN = re.compile(rf"[^\w\s'{_HAN}]+")
_HAN_OR_WORD = re.compile(rf"[{_HAN}]+|[^\s{_HAN}]+")


@dataclass(frozen=True, slots=True)
class PhraseList:
    """What the recogniser is given, and what of it the model has no words for."""

    phrases: tuple[str, ...]
    lacking: tuple[str, ...]


def wanted(language: Language, grammar: Grammar) -> tuple[str, ...]:
    """The phrases of a limited grammar, and digits where they may come; those beside names; empty for an open grammar."""
    if grammar.kind == "open":
        return ()
    phrases = tuple(phrase for phrase in dict.fromkeys(grammar.phrases) if phrase != UNKNOWN)
    if grammar.kind == "names":
        return (*phrases * BESIDE_NAMES_COUNT[language], UNKNOWN)
    digits = DIGIT_WORDS[language]
    if grammar.digits == "single":
        return (*phrases, *digits * DIGIT_COUNT, UNKNOWN)
    if grammar.digits == "string":
        pairs = [f"{one} {other}" for one in digits for other in digits]
        return (*phrases, *digits, *IN_TENS[language], *pairs * PAIR_COUNT, *(UNKNOWN,) * UNKNOWN_COUNT)
    return (*phrases, *(UNKNOWN,) * min(max(1, len(phrases)), MOST_UNKNOWN))


def configured(language: Language, grammar: Grammar, alternatives: int) -> dict[str, Any]:
    """What a recogniser is told of an utterance to come; of a name every reading tells something, of a sentence the first few."""
    names, phrases = grammar.kind == "names", wanted(language, grammar)
    wish: dict[str, Any] = {
        "sample_rate": 8000,
        "words": 1,
        "max_alternatives": max(NAME_READINGS, alternatives) if names else alternatives,
        "segments": 0,
        "kind": "digits" if grammar.digits != "none" else grammar.kind,
    }
    if phrases:
        wish["beside" if names else "phrase_list"] = list(phrases)
    return wish


def fitted(phrases: Iterable[str], words: Collection[str]) -> PhraseList:
    """The phrases in the model's words, as often as they were given; `[unk]` is always among them, so the list is never empty."""
    known: list[str] = []
    lacking: list[str] = []
    others = 0
    for phrase in phrases:
        if phrase == UNKNOWN:
            others += 1
            continue
        cut = segmented(phrase, words)
        if cut is None:
            lacking.append(phrase)
        elif cut:
            known.append(" ".join(cut))
    return PhraseList((*known, *(UNKNOWN,) * max(1, others)), tuple(lacking))


def segmented(phrase: str, words: Collection[str]) -> list[str] | None:
    """The phrase as a list of the model's words, or None when part of it is no word of the model; digits stay apart (五 一)."""
    if (pieces := phrase.split()) and _DIGITS.issuperset(pieces) and all(piece in words for piece in pieces):
        return pieces
    found: list[str] = []
    for piece in _HAN_OR_WORD.findall(_joined_han(_NOT_SPOKEN.sub(" ", phrase.lower()))):
        cut = [piece] if piece in words else _fewest_words(piece, words) if _is_han(piece) else None
        if cut is None:
            return None
        found += cut
    return found


def unknown_parts(phrase: str, words: Collection[str]) -> list[str]:
    """What the model lacks of a phrase: whole words, or single characters of Han text; figures are heard as number words."""
    lacking: list[str] = []
    for piece in _HAN_OR_WORD.findall(_joined_han(_NOT_SPOKEN.sub(" ", phrase.lower()))):
        if piece.isdigit():
            continue
        if all(char in words for char in piece) if _is_han(piece) else piece in words:
            continue  # nothing is quicker to see
        if segmented(piece, words) is None:
            lacking += [char for char in piece if char not in words] or [piece] if _is_han(piece) else [piece]
    return lacking


def _joined_han(phrase: str) -> str:
    return re.sub(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])", "", phrase)


def _is_han(piece: str) -> bool:
    return re.match(rf"[{_HAN}]", piece) is not None


def _fewest_words(piece: str, words: Collection[str]) -> list[str] | None:
    """The cut of Han text into the fewest words, by dynamic programming over its characters; None when there is none."""
    best: list[list[str] | None] = [[], *[None] * len(piece)]
    for end in range(1, len(piece) + 1):
        for start in range(end):
            before, word = best[start], piece[start:end]
            if before is not None and word in words:
                now = best[end]
                if now is None or len(before) + 1 < len(now):
                    best[end] = [*before, word]
    return best[-1]
