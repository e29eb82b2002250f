"""Mandarin numbers as callers say them: 三八二幺, 三个八, 十二, 一百零五, 两千三 (pure).

A stretch of number characters has two readings: digit by digit ("二零一" → 201) and as a quantity where a unit is in it
("二百零一" → 201). In a digit string a quantity stands for its digits ("三八二十一" → 3821), and a count in front of a digit
repeats it ("三个八" → 888).
"""

from __future__ import annotations

import re

from ivr.dialogue.spoken import DigitReading, SpokenNumber

DIGITS = {
    **dict.fromkeys("零〇洞○", "0"),
    **dict.fromkeys("一壹幺", "1"),
    **dict.fromkeys("二贰两俩", "2"),
    **dict.fromkeys("三叁仨", "3"),
    **dict.fromkeys("四肆", "4"),
    **dict.fromkeys("五伍", "5"),
    **dict.fromkeys("六陆", "6"),
    **dict.fromkeys("七柒拐", "7"),
    **dict.fromkeys("八捌", "8"),
    **dict.fromkeys("九玖勾", "9"),
    **{digit: digit for digit in "0123456789"},
}
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "亿": 100_000_000}

# What a recogniser writes for a digit when its language model knows better: only believed among other digits.
_HOMOPHONES = {
    **dict.fromkeys("玲令另林铃领灵凌淋动懂东", "0"),
    **dict.fromkeys("医衣以意亿依易要腰妖药咬摇耀", "1"),
    **dict.fromkeys("而儿耳尔饿恶量亮", "2"),
    **dict.fromkeys("伞散山删", "3"),
    **dict.fromkeys("是事时死司思丝使", "4"),
    **dict.fromkeys("我无午舞吴屋物误", "5"),
    **dict.fromkeys("留刘流溜柳", "6"),
    **dict.fromkeys("起期其气吃妻齐器奇去怪", "7"),
    **dict.fromkeys("吧把爸巴罢霸发", "8"),
    **dict.fromkeys("就酒久旧救有够狗", "9"),
}
_AMBIGUOUS_WORDS = frozenset("洞拐勾")  # digits over the radio, ordinary words elsewhere
_BETWEEN = re.compile(r"[\s\-—,，、.。]")
_NUMBER = "".join(DIGITS) + "".join(UNITS)
_RUN = re.compile(rf"[{_NUMBER}](?:[\s\-—]*(?:个(?=[\s]*[{_NUMBER}])|[{_NUMBER}]))*")
_REPEAT = re.compile(r"([两俩二三仨四五六七八九2-9])个([零〇洞一幺二两三四五六七八九0-9])")
_QUANTITY = re.compile(
    r"[一二两三四五六七八九壹贰叁肆伍陆柒捌玖1-9]?[十百千万亿拾佰仟][零〇一二两三四五六七八九十百千万亿1-9]*"
)
# 三个八 where a recogniser has no 个 among the digits: 歌 between a count and a digit is one, and so is 个 itself.
_COUNTED = re.compile(r"(?<=[两俩二三仨四五六七八九])[歌哥格各](?=[零〇洞一幺二两三四五六七八九])")
_FILLERS = re.compile(r"嗯+|呃+|额+|那个|就是|啊+|哦+|然后|再来|后面是|前面是|接着|杠|横杠|减号|点")


def find(text: str) -> tuple[SpokenNumber, ...]:
    """All numbers in a text, left to right; single radio words (洞, 拐, 勾) on their own are not numbers."""
    return tuple(_spoken(match) for match in _RUN.finditer(text) if not _AMBIGUOUS_WORDS.issuperset(match[0]))


def digits_of(run: str) -> str:
    """A run of number characters as a digit string: repeats spelt out, quantities as their digits."""
    plain = _REPEAT.sub(lambda m: m[2] * int(DIGITS[m[1]]), _BETWEEN.sub("", run))
    plain = _QUANTITY.sub(lambda match: _quantity_digits(match[0]), plain)
    return "".join(DIGITS.get(char, "") for char in plain)


def quantity(run: str) -> int | None:
    """The value of a number said as a quantity (十二, 两千零五, 一百五, 35); None for a plain digit string like 三八二一."""
    plain = _BETWEEN.sub("", run)
    if plain.isascii() and plain.isdigit():
        return int(plain) if len(plain) <= 9 else None
    if not any(char in UNITS for char in plain):
        return int(DIGITS[plain]) if len(plain) == 1 and plain in DIGITS else None
    return _value(plain)


def digit_readings(text: str) -> tuple[DigitReading, ...]:
    """An utterance that should be a digit string, every way it can be taken, most plausible first (at most 6).

    十 may be 四 badly heard; homophones (就 for 九) count where the digits around them make it plausible.
    """
    plain = _COUNTED.sub("个", _FILLERS.sub("", _BETWEEN.sub("", text)))
    found = {_collect(plain, {}): 0.0}
    found.setdefault(_collect(plain.replace("十", "四"), {}), 1.2 if "十" in plain else 0.0)
    share = sum(char in DIGITS or char in UNITS for char in plain) / max(len(plain), 1)
    if share >= 0.4:
        wide = _collect(plain, _HOMOPHONES)
        found.setdefault(wide, 0.7 * sum(char in _HOMOPHONES for char in plain))
    ranked = sorted((cost, digits) for digits, cost in found.items() if digits)
    return tuple(DigitReading(digits, cost) for cost, digits in ranked[:6])


def _spoken(match: re.Match[str]) -> SpokenNumber:
    return SpokenNumber(match.start(), match.end(), match[0], digits_of(match[0]), quantity(match[0]))


def _collect(plain: str, homophones: dict[str, str]) -> str:
    """The digits of a text, anything else left out."""
    spelt = "".join(homophones.get(char, char) if char not in DIGITS and char not in UNITS else char for char in plain)
    spelt = _REPEAT.sub(lambda match: match[2] * int(DIGITS[match[1]]), spelt)
    spelt = _QUANTITY.sub(lambda match: _quantity_digits(match[0]), spelt)
    return "".join(DIGITS.get(char, "") for char in spelt)


def _quantity_digits(run: str) -> str:
    """The digits of a run that begins as a quantity; where it stops being one, the rest is taken anew."""
    for end in range(len(run), 0, -1):
        value = _value(run[:end])
        if value is not None:
            return str(value) + (_quantity_digits(run[end:]) if run[end:] else "")
    return ""


def _value(plain: str) -> int | None:
    """The value of characters with units; a digit after the last unit without 零 counts in tenths of it (一百五 = 150)."""
    total = section = 0
    digit: int | None = None
    last_unit, zero = 100_000_000, False
    for char in plain:
        if char in UNITS and UNITS[char] >= 10_000:
            total, section = (total + section + (digit or 0)) * UNITS[char], 0
            digit, last_unit, zero = None, UNITS[char], False
        elif char in UNITS:
            if UNITS[char] >= last_unit:
                return None
            section += (1 if digit is None else digit) * UNITS[char]
            digit, last_unit, zero = None, UNITS[char], False
        elif char not in DIGITS or (digit is not None and not zero):
            return None  # "十个一笼" is two numbers, 三八二一 are digits
        else:
            digit, zero = int(DIGITS[char]), DIGITS[char] == "0"
    if digit is not None and 10 < last_unit < 100_000_000 and not _zero_before_last(plain):
        digit *= last_unit // 10
    return total + section + (digit or 0)


def _zero_before_last(plain: str) -> bool:
    return len(plain) > 1 and plain[-2] in "零〇0"
