"""Whether an expected phrase was heard, as forgiving as an ear: by syllables in Chinese, by words in English. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pypinyin import lazy_pinyin

from ivr.values import Language

UNKNOWN = "[unk]"
ZH_DIGITS = str.maketrans("0123456789〇", "零一二三四五六七八九零")
# Over the telephone 1 is also called 幺, and 2 两 where things are counted.
ZH_ALIKE = str.maketrans("幺两", "一二")
EN_DIGITS = dict(
    zip("0123456789", ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True)
)
ALIKE = {"oh": "zero", "o": "zero"}


def words(text: str, language: Language) -> list[str]:
    """The words of a phrase as a speech model may know them: characters in Chinese, lower-case words in English."""
    if language == "zh":
        return re.findall(r"[一-鿿]|[a-z']+", text.lower().translate(ZH_DIGITS))
    separated = re.sub(r"\d", lambda digit: f" {EN_DIGITS[digit[0]]} ", text.lower())
    return re.findall(r"[a-z]+(?:'[a-z]+)?", separated)


def sounds(text: str, language: Language, known: Iterable[str] | None = None) -> list[str]:
    """What a phrase sounds like: toneless syllables or words; what the model doesn't know becomes `[unk]`, runs of it one."""
    result: list[str] = []
    vocabulary = None if known is None else set(known)
    for part in re.split(r"(\[unk\])", text):
        for word in [UNKNOWN] if part == UNKNOWN else words(part, language):
            unknown = word == UNKNOWN or (vocabulary is not None and word not in vocabulary)
            sound = UNKNOWN if unknown else _sound(word, language)
            if sound != UNKNOWN or result[-1:] != [UNKNOWN]:
                result.append(sound)
    return result


def likeness(phrase: Sequence[str], heard: Sequence[str]) -> float:
    """How much of a phrase lies somewhere in what was heard: 1 wholly, 0 not at all.

    The least edit distance between the phrase and any stretch of what was heard (Sellers 1980), as a share of the phrase's
    known sounds; an unknown sound of the phrase may be heard as anything.
    """
    weight = sum(sound != UNKNOWN for sound in phrase)
    if not weight:
        return 0.0
    row = [0.0] * (len(heard) + 1)
    for sound in phrase:
        cost = 0.0 if sound == UNKNOWN else 1.0
        following = [row[0] + cost]
        for index, other in enumerate(heard):
            same = sound == other or (sound == UNKNOWN and other == UNKNOWN)
            extra = 0.5 if other == UNKNOWN else 1.0
            following.append(
                min(row[index] + (0.0 if same else max(cost, 0.5)), row[index + 1] + cost, following[index] + extra)
            )
        row = following
    return max(0.0, 1 - min(row) / weight)


def grammar(phrases: Iterable[str], language: Language, vocabulary: set[str]) -> list[str]:
    """The known stretches of phrases as entries of a limited grammar, with 幺 beside 一, and the way out as often as there are such."""
    entries: dict[str, None] = {}
    forms = [form for phrase in phrases for form in _forms(phrase, language)]
    for form in forms:
        stretch: list[str] = []
        for word in [*words(form, language), ""]:
            if word in vocabulary:
                stretch.append(word)
            elif stretch:
                entries[" ".join(stretch)] = None
                stretch = []
    # vosk counts entries: said once, the way out is as unlikely as each phrase, and a long stretch of it prunes away what follows.
    return [*entries, *[UNKNOWN] * len(entries)]


def _forms(phrase: str, language: Language) -> tuple[str, ...]:
    return (phrase, re.sub("[1一]", "幺", phrase)) if language == "zh" else (phrase,)


def _sound(word: str, language: Language) -> str:
    return lazy_pinyin(word.translate(ZH_ALIKE))[0] if language == "zh" else ALIKE.get(word, word)
