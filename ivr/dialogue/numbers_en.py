"""English numbers as callers say them: three eight double two, oh five, thirty-eight twenty-one, a hundred and five (pure).

A stretch of number words has two readings: as digits (each group's digits in a row: "thirty eight twenty one" → 3821) and,
where its words make one, as a quantity ("a hundred and five" → 105).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.dialogue.spoken import DigitReading, SpokenNumber

UNITS = {
    "zero": 0, "oh": 0, "o": 0, "nought": 0, "naught": 0, "nil": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "niner": 9,
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}

# What a recogniser or a typist writes for a digit: only believed among other digits.
_HOMOPHONES = {
    "won": "one", "wan": "one", "to": "two", "too": "two", "tree": "three", "free": "three", "for": "four", "fore": "four",
    "fife": "five", "sex": "six", "sicks": "six", "ate": "eight", "ait": "eight", "nein": "nine", "mine": "nine",
    "owe": "oh", "hero": "zero", "eh": "eight", "line": "nine", "ho": "oh",
}  # fmt: skip
_WORDS = {**UNITS, **TEENS, **TENS}
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")
_ARTICLE = frozenset({"a", "an"})


def find(text: str) -> tuple[SpokenNumber, ...]:
    """All numbers in a lower-case text, left to right; a lone "o" or "oh" is a sigh, not a zero."""
    tokens = list(_TOKEN.finditer(text))
    found: list[SpokenNumber] = []
    index = 0
    while index < len(tokens):
        length = _run_length([token[0] for token in tokens[index:]])
        if length:
            found.append(_spoken(text, tokens[index : index + length]))
        index += max(length, 1)
    return tuple(number for number in found if number.text not in ("o", "oh", "nil"))


def digits_of(words: Sequence[str]) -> str:
    """Number words as a digit string: repeats spelt out, tens and scales as they sound ("nineteen hundred" → 1900)."""
    return "".join(str(group) if isinstance(group, int) else group for group in _groups(words))


def quantity(words: Sequence[str]) -> int | None:
    """The value of number words said as one quantity ("two hundred and five", "35"); None for a digit string."""
    if len(words) == 1 and words[0].isdigit():
        return int(words[0]) if len(words[0]) <= 9 else None
    groups = _groups(words)
    return groups[0] if len(groups) == 1 and isinstance(groups[0], int) else None


def digit_readings(text: str) -> tuple[DigitReading, ...]:
    """An utterance that should be a digit string, every way it can be taken, most plausible first (at most 6)."""
    words = [match[0] for match in _TOKEN.finditer(text)]
    plain = [word for word in words if _is_number(word) or word in REPEATS]
    found = {digits_of(plain): 0.0}
    split = "".join(str(_WORDS.get(word, word)) for word in _expanded(plain) if word not in SCALES)
    found.setdefault(split, 1.5)
    if words and len(plain) / len(words) >= 0.4:
        wide = [_HOMOPHONES.get(word, word) for word in words]
        found.setdefault(digits_of([word for word in wide if _is_number(word) or word in REPEATS]), 0.7)
    for wrong, right in (("teen", "ty"), ("ty", "teen")):
        swapped = [_swap(word, wrong, right) for word in plain]
        found.setdefault(digits_of(swapped), 1.6)
    ranked = sorted((cost, digits) for digits, cost in found.items() if digits)
    return tuple(DigitReading(digits, cost) for cost, digits in ranked[:6])


def _is_number(word: str) -> bool:
    return word in _WORDS or word in SCALES or word.isdigit()


def _run_length(words: Sequence[str]) -> int:
    """How many words from the start make a number; `and` only between parts of a quantity, `a` only before a scale."""
    length = 0
    while length < len(words):
        word, after = words[length], words[length + 1] if length + 1 < len(words) else ""
        if _is_number(word) and (word not in SCALES or length):
            length += 1
        elif (word in REPEATS and (after in UNITS or (after.isdigit() and len(after) == 1))) or (
            word in _ARTICLE and after in SCALES and not length
        ):
            length += 2
        elif word == "and" and length and words[length - 1] in SCALES and after in _WORDS:
            length += 1
        else:
            break
    return length


def _spoken(text: str, tokens: Sequence[re.Match[str]]) -> SpokenNumber:
    words = [token[0] for token in tokens]
    start, end = tokens[0].start(), tokens[-1].end()
    return SpokenNumber(start, end, text[start:end], digits_of(words), quantity(words))


def _expanded(words: Sequence[str]) -> list[str]:
    """Words with double and triple spelt out and articles and `and` gone."""
    result: list[str] = []
    times = 1
    for word in words:
        if word in REPEATS:
            times = REPEATS[word]
        elif word in _ARTICLE:
            result.append("one")
        elif word != "and":
            result.extend([word] * times)
            times = 1
    return result


def _groups(words: Sequence[str]) -> list[int | str]:
    """Words as groups: a quantity is an int; a digit said alone or a zero is a string of its own."""
    groups: list[int | str] = []
    for word in _expanded(words):
        last = groups[-1] if groups else None
        if word in SCALES:
            groups = _scaled(groups, SCALES[word])
        elif word.isdigit():
            groups.append(word)
        elif isinstance(last, int) and _WORDS[word] and _fits(last, _WORDS[word]):
            groups[-1] = last + _WORDS[word]
        else:
            groups.append("0" if _WORDS[word] == 0 else _WORDS[word])
    return groups


def _scaled(groups: list[int | str], scale: int) -> list[int | str]:
    """Groups after a scale word: "two thousand three" + hundred → 2000 and 300 in one."""
    if not groups or not str(groups[-1]).isdigit():
        return [*groups, scale]
    last = int(groups[-1])
    low = last % 1000 if scale == 100 else last
    whole = last - low + low * scale
    return [*groups[:-1], whole]


def _fits(last: int, value: int) -> bool:
    """Whether a word goes on the quantity: units after tens, anything smaller after hundreds and thousands."""
    if last % 100 == 0 and last >= 100:
        return value < 100
    return 20 <= last % 100 <= 90 and last % 10 == 0 and 0 < value < 10


def _swap(word: str, wrong: str, right: str) -> str:
    if not word.endswith(wrong):
        return word
    stem = word.removesuffix(wrong)
    stem = {"thir": "thir", "for": "four", "four": "for" if right == "ty" else "four"}.get(stem, stem)
    return stem + right if stem + right in _WORDS else word
