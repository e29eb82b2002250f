"""A number that is corrected in the breath it is said in: 三零二六一零七一，不对，一零七二 … (pure)."""

from __future__ import annotations

import re

from ivr.dialogue import numbers_en, numbers_zh, order_number
from ivr.dialogue.order_number import OrderPattern
from ivr.values import Language

_CORRECTING = re.compile(r"不对|不是|错了|说错|\bno\b|\bsorry\b|\bi mean\b|\bactually\b|\bnot\b")
# Whoever gives the number up and says its end instead corrects nothing: "三零二六一零，不对，尾号是六三四六".
_ITS_END = re.compile(r"尾号|末尾|后四位|最后四位|\bend(?:ing|s)? (?:in|with)\b|\blast (?:four|4)\b")
# 是 is 十 to a recogniser that expects digits; single digits after it belong to no ten.
_IS = re.compile(
    r"(号|码|电话|后四位|不对|应该)(\s*)十(?=(?:\s*[零一二三四五六七八九幺洞两]){4})(?!(?:\s*[零一二三四五六七八九幺洞两])+\s*[十百千])"
)
_SHORTEST_PART = 3  # fewer digits after a correcting word correct nothing by themselves
_ALIKE = 3  # so many digits are said again, but for one, where a number is taken up in its middle


def plain_number(text: str, language: Language, pattern: OrderPattern) -> str:
    """The words with what was corrected put right: "三八二一不对三八二七" is three eight two seven."""
    text = _IS.sub(r"\1\2是", text)
    parts = [
        (part, digits)
        for part in _CORRECTING.split(text.lower())
        if len(digits := _digits(part, language)) >= _SHORTEST_PART
    ]
    if len(parts) < 2:
        return text
    if _ITS_END.search(parts[-1][0]) and not _ITS_END.search(parts[0][0]):
        return parts[-1][0]
    said = parts[0][1]
    for _, digits in parts[1:]:
        said = laid_over(said, digits, pattern)
    last, digits = parts[-1]
    return last if said == digits else said


def laid_over(first: str, last: str, pattern: OrderPattern) -> str:
    """What was said first, with what was said last in its place: all of it, a part, or from a place in it onwards."""
    options = [(first[:at] + last + first[at + len(last) :], at) for at in range(len(first))]
    alike = {at: sum(one == other for one, other in zip(first[at:], last, strict=False)) for _, at in options}
    if valid := [option for option in options if pattern.is_valid(option[0])]:
        return max(valid, key=lambda option: alike[option[1]])[0]
    for number, at in options:
        again = min(len(first) - at, len(last))
        if at and again >= _ALIKE and alike[at] >= again - 1 and len(number) <= pattern.length:
            return number
    if len(first) <= len(last) + 1:
        return last
    corrected = order_number.correct(first, "", last, pattern)
    return corrected[0] if corrected else last


def _digits(text: str, language: Language) -> str:
    find = numbers_zh.find if language == "zh" else numbers_en.find
    return "".join(number.digits for number in find(text))
