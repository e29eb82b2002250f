"""The digits that a question asks for, among all the numbers of an answer (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ivr.dialogue.spoken import SpokenNumber
from ivr.values import Language

# 再说一遍, 等一下 and "one moment" hold a number and name none; 后四位 and "the last four" count the digits that follow.
# The number is written as # here.
_A_WORD: Mapping[Language, re.Pattern[str]] = {
    "zh": re.compile(r"#[位遍次回]"),
    "en": re.compile(r"# (?:digits?|numbers?|times?|moments?|seconds?|secs?|minutes?|more)\b|\blast #"),
}
_A_WORD_OF_ONE: Mapping[Language, re.Pattern[str]] = {
    "zh": re.compile(r"#(?:[下点会等些眼时样般起直定共旦]|个[人字])"),
    "en": re.compile(r"# (?:that|who)\b|\b(?:which|no|any|only|every) #"),
}


def is_a_word(number: SpokenNumber, text: str, language: Language) -> bool:
    """Whether a single digit is none, for what stands around it: part of a word, or a count."""
    if len(number.digits) != 1:
        return False
    around = f"{text[: number.start]}#{text[number.end :]}"
    return bool(_A_WORD[language].search(around) or (number.digits == "1" and _A_WORD_OF_ONE[language].search(around)))


def without_words(numbers: Sequence[SpokenNumber], text: str, language: Language) -> tuple[SpokenNumber, ...]:
    """The numbers of a text that may be digits asked for."""
    return tuple(number for number in numbers if not is_a_word(number, text, language))


def chosen(numbers: Sequence[str], readings: Sequence[str], wanted: int) -> str:
    """The digits meant where so many are wanted: they, or more; '' for fewer, which are none of them.

    The last number of that length counts, then all together, then one digit more, or a much longer one (the whole phone number
    in place of its end); what lies between is another number, or the rest of one, and would be a proof failed.
    `readings` are other ways to take the whole answer, best first.
    """
    if fitting := [each for each in numbers if len(each) == wanted]:
        return fitting[-1]
    together = "".join(numbers)
    if len(together) == wanted:
        return together
    for longer in reversed(numbers):
        if len(longer) == wanted + 1 and longer[0] == str(wanted):
            return longer[1:]  # "后四位七幺五九" with no more heard than the count and the digits
        if len(longer) == wanted + 1 or len(longer) > 2 * wanted:
            return longer
    return next((each for each in readings if len(each) == wanted), "")
