"""Values in an utterance: order numbers, money, dates, times, counts, phones; and what is left when they are marked (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.dialogue import moments, numbers_en, numbers_zh
from ivr.dialogue.digits_asked import is_a_word
from ivr.dialogue.meaning import DIGIT_SLOTS, Expectation, Slot, SlotKind
from ivr.dialogue.spoken import SpokenNumber
from ivr.dialogue.templates import SLOT_MARKS
from ivr.values import Digits, Language, Money, Value

_COUNTERS = r"(?:个|份|件|瓶|盒|斤|只|双|杯|张|箱|袋|包|碗|罐|条|套|次|位|单|台|本|桶|串|块钱)"
_MONEY_ZH = re.compile(
    r"(?P<yuan>[零一二两三四五六七八九十百千万\d.]+)(?:块|元|圆|人民币)(?:(?P<jiao>[一二两三四五六七八九\d])(?:毛|角|(?![零一二两三四五六七八九十\d个份件])))?(?:钱)?"
    r"|(?P<mao>[一二两三四五六七八九\d])[毛角](?:钱)?"
)
_MONEY_EN = re.compile(
    r"(?P<sign>[$£€])\s?(?P<amount>\d+(?:\.\d{1,2})?)|(?P<plain>\d+(?:\.\d{1,2})?) ?(?:dollars?|bucks?|pounds?|quid|euros?|yuan)\b"
)
_UNIT_EN = re.compile(r" ?(?:dollars?|bucks?|pounds?|quid|euros?|yuan)\b(?: (?:and )?(?P<cents>[a-z ]+?) cents?\b)?")
_CURRENCIES = {
    "$": "USD",
    "dollar": "USD",
    "buck": "USD",
    "£": "GBP",
    "pound": "GBP",
    "quid": "GBP",
    "€": "EUR",
    "euro": "EUR",
}
_BEFORE_TAIL = re.compile(
    r"(?:尾号|末尾|尾数|[后末][三四五六3-6]位|最后[几三四五六3-6]位?)(?:数字|号码)?(?:是|为)?$"
    r"|(?:ending(?: in| with)?|ends (?:in|with)|last (?:three|four|five|six|[3-6])(?: digits?)?(?: (?:is|are|of (?:it|my order) (?:is|are)))?) *$"
)
_BEFORE_ORDER = re.compile(
    r"(?:订单|单号|单子|号码|编号)(?:号码?)?(?:是|为)?$|(?:order|purchase|number|no|it is) (?:number )?(?:is )?#? *$"
)
_MARKED: tuple[SlotKind, ...] = ("order_number", "digits", "phone", "money")


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it stands."""

    start: int
    end: int
    kind: SlotKind
    text: str
    value: Value
    digits: str = ""
    tail: bool = False


def find(text: str, expectation: Expectation) -> tuple[Found, ...]:
    """Values of a plain text, left to right, none overlapping; what the step wants decides doubtful ones."""
    found: list[Found] = []
    for each in _by_rank(text, expectation):
        if all(each.end <= other.start or other.end <= each.start for other in found):
            found.append(each)
    return tuple(sorted(found, key=lambda each: each.start))


def marked(text: str, found: tuple[Found, ...]) -> str:
    """The text with digit strings and money as one mark each, so that a sentence is the same whatever the number."""
    for each in reversed(found):
        if each.kind in _MARKED:
            text = text[: each.start] + SLOT_MARKS[each.kind] + text[each.end :]
    return text


def as_slots(found: tuple[Found, ...]) -> tuple[Slot, ...]:
    """The values as slots (order numbers are decoded by the caller of this)."""
    return tuple(Slot(each.kind, each.value, each.text, 0.9) for each in found if each.kind != "order_number")


def _by_rank(text: str, expectation: Expectation) -> Iterator[Found]:
    language = expectation.language
    if expectation.slot not in DIGIT_SLOTS:
        yield from _money(text, language)
        for moment in moments.find(text, language, expectation.now):
            yield Found(moment.start, moment.end, moment.kind, moment.text, moment.value)
    for number in (numbers_zh if language == "zh" else numbers_en).find(text):
        if (found := _number(text, number, expectation)) is not None:
            yield found


def _money(text: str, language: Language) -> Iterator[Found]:
    if language == "zh":
        for match in _MONEY_ZH.finditer(text):
            if (fen := _fen(match)) is not None:
                yield Found(match.start(), match.end(), "money", match[0], Money(fen))
        return
    for match in _MONEY_EN.finditer(text):
        minor = round(float(match["amount"] or match["plain"]) * 100)
        yield Found(match.start(), match.end(), "money", match[0], Money(minor, _currency(match[0])))
    for number in numbers_en.find(text):
        unit = _UNIT_EN.match(text, number.end)
        if unit and number.value is not None and not number.text.isdigit():
            cents = numbers_en.quantity(unit["cents"].split()) if unit["cents"] else 0
            minor = number.value * 100 + (cents or 0)
            yield Found(
                number.start, unit.end(), "money", text[number.start : unit.end()], Money(minor, _currency(unit[0]))
            )


def _fen(match: re.Match[str]) -> int | None:
    if match["mao"]:
        return (numbers_zh.quantity(match["mao"]) or 0) * 10
    written = match["yuan"]
    if re.fullmatch(r"\d+\.\d{1,2}", written):
        return round(float(written) * 100)
    yuan = numbers_zh.quantity(written) if "." not in written else None
    jiao = numbers_zh.quantity(match["jiao"]) if match["jiao"] else 0
    return None if yuan is None else yuan * 100 + (jiao or 0) * 10


def _currency(words: str) -> str:
    return next((code for sign, code in _CURRENCIES.items() if sign in words), "CNY")


def _number(text: str, number: SpokenNumber, expectation: Expectation) -> Found | None:
    """What a number is, by its length and its neighbours; None for one that is only a word (一下, one of them)."""
    before, after = text[: number.start], text[number.end :]
    length = len(number.digits)
    tail = _BEFORE_TAIL.search(before) is not None

    def found(kind: SlotKind, value: Value) -> Found:
        return Found(number.start, number.end, kind, number.text, value, number.digits, tail)

    if expectation.slot in DIGIT_SLOTS and is_a_word(number, text, expectation.language):
        return None
    if tail and length >= 2 and expectation.slot not in ("digits", "phone"):
        return found("order_number", None)
    if expectation.slot in DIGIT_SLOTS:
        return found(expectation.slot, Digits(number.digits)) if length >= max(1, expectation.digits) else None
    if length == 11 and number.digits.startswith("1") and expectation.language == "zh":
        return found("phone", Digits(number.digits))
    if length >= 10 or (length >= 3 and _BEFORE_ORDER.search(before)):
        return found("order_number", None)
    if expectation.slot == "count" and number.value is not None:
        return found("count", number.value)
    if number.value is None or number.text.isdigit():
        return found("digits", Digits(number.digits)) if length >= 3 else None
    counted = (
        re.match(_COUNTERS, after)
        if expectation.language == "zh"
        else re.match(r" (?:of|pieces?|items?|boxes|bottles)\b", after)
    )
    return found("count", number.value) if counted else None
