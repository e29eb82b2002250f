"""Values as they are said aloud, in Mandarin and in English (pure; `now` is an input).

Numbers that are read digit by digit come in groups of three or four, with 幺 for 1 (GB/T 15835 leaves the reading free; this is
telephone practice). Times are said relative to today.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pypinyin import lazy_pinyin

from ivr.dialogue.hours_said import week_said
from ivr.values import Appointed, Digits, Language, Money, Name, Value, Week

ZH_DIGITS = "零幺二三四五六七八九"
ZH_NUMERALS = "零一二三四五六七八九"
EN_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
EN_TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
EN_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
EN_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZH_NEAR_DAYS = {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
EN_NEAR_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}
# The hour at which each part of the day begins.
ZH_PARTS = ((18, "晚上"), (13, "下午"), (11, "中午"), (8, "上午"), (5, "早上"), (0, "凌晨"))
DAYS_WITH_TIME = 2
CURRENCIES = {
    "CNY": ("yuan", "fen"),
    "USD": ("dollars", "cents"),
    "EUR": ("euros", "cents"),
    "GBP": ("pounds", "pence"),
}
ZH_CURRENCIES = {"CNY": "元", "USD": "美元", "EUR": "欧元", "GBP": "英镑"}


def spoken(value: Value, language: Language, now: datetime) -> str:
    """A value in its spoken form; an empty string for None."""
    chinese = language == "zh"
    match value:
        case None:
            return ""
        case bool():
            return ("是" if value else "否") if chinese else ("yes" if value else "no")
        case int():
            return count_zh(value) if chinese else number_en(value)
        case Digits(text):
            return digits_zh(text) if chinese else digits_en(text)
        case Money():
            return money_zh(value) if chinese else money_en(value)
        case Name():
            return name_zh(value) if chinese else name_en(value)
        case datetime():
            return moment_zh(value, now) if chinese else moment_en(value, now)
        case Appointed(at):
            return appointed_zh(at, now) if chinese else appointed_en(at, now)
        case timedelta():
            return span_zh(value) if chinese else span_en(value)
        case Week():
            return week_said(value, language, clock_zh if chinese else clock_en)
        case tuple():
            return listed(value, language)
        case str():
            return value


def groups(digits: str) -> list[str]:
    """Digits in groups of three or four, as people read them: 11 as 3-4-4, 12 as 4-4-4, 10 as 3-3-4, 5 as 2-3."""
    length, cut = len(digits), []
    if length == 11:
        cut = [3, 4, 4]
    elif length <= 4:
        cut = [length]
    elif length == 5:
        cut = [2, 3]
    else:
        fours = next(fours for fours in range(length // 4, -1, -1) if (length - 4 * fours) % 3 == 0)
        cut = [3] * ((length - 4 * fours) // 3) + [4] * fours
    starts = [sum(cut[:index]) for index in range(len(cut))]
    return [digits[start : start + size] for start, size in zip(starts, cut, strict=True)]


def digits_zh(text: str) -> str:
    """`123456` → 幺二三，四五六."""
    return "，".join("".join(ZH_DIGITS[int(digit)] for digit in group) for group in groups(re.sub(r"[^0-9]", "", text)))


def digits_en(text: str) -> str:
    """`123456` → one two three, four five six."""
    return ", ".join(
        " ".join(EN_DIGITS[int(digit)] for digit in group) for group in groups(re.sub(r"[^0-9]", "", text))
    )


def number_zh(number: int) -> str:
    """A quantity up to 99,999,999 in numerals: 105 → 一百零五, 12 → 十二."""
    if number < 0:
        return "负" + number_zh(-number)
    if number >= 10_000:
        rest = number % 10_000
        gap = "零" if 0 < rest < 1_000 else ""
        return number_zh(number // 10_000) + "万" + gap + (number_zh(rest) if rest else "")
    written, zero = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // size % 10
        if digit:
            written += ("零" if zero and written else "") + ZH_NUMERALS[digit] + unit
        zero = not digit
    return re.sub(r"^一十", "十", written) or "零"


def count_zh(number: int) -> str:
    """A quantity before a measure word: 2 → 两."""
    return "两" if number == 2 else number_zh(number)


def number_en(number: int) -> str:
    """A quantity in words: 105 → one hundred and five."""
    if number < 0:
        return "minus " + number_en(-number)
    if number < 20:
        return (EN_DIGITS + EN_TEENS)[number]
    if number < 100:
        return EN_TENS[number // 10] + (f"-{EN_DIGITS[number % 10]}" if number % 10 else "")
    for size, unit, joint in ((1_000_000, "million", " "), (1_000, "thousand", " "), (100, "hundred", " and ")):
        if number >= size:
            rest = number % size
            joint = " and " if 0 < rest < 100 else joint
            return f"{number_en(number // size)} {unit}" + (joint + number_en(rest) if rest else "")
    raise AssertionError(number)


def money_zh(amount: Money) -> str:
    """¥35.80 → 三十五元八角."""
    if amount.minor_units < 0:
        return "负" + money_zh(Money(-amount.minor_units, amount.currency))
    whole, part = divmod(amount.minor_units, 100)
    unit = ZH_CURRENCIES.get(amount.currency, amount.currency)
    said = count_zh(whole) + unit if whole or not part else ""
    if part and amount.currency != "CNY":
        return said + number_zh(part) + "分"
    dimes, cents = divmod(part, 10)
    said += (ZH_NUMERALS[dimes] + "角" if dimes else "零" if cents and whole else "") if part else ""
    return said + (ZH_NUMERALS[cents] + "分" if cents else "")


def money_en(amount: Money) -> str:
    """¥35.80 → thirty-five yuan and eighty fen."""
    if amount.minor_units < 0:
        return "minus " + money_en(Money(-amount.minor_units, amount.currency))
    whole, part = divmod(amount.minor_units, 100)
    unit, small = CURRENCIES.get(amount.currency, (amount.currency, "cents"))
    one = unit.removesuffix("s") if whole == 1 else unit
    said = [f"{number_en(whole)} {one}"] if whole or not part else []
    return " and ".join([*said, *([f"{number_en(part)} {small}"] if part else [])])


def name_zh(name: Name) -> str:
    """A masked name is its family name alone; a Latin one its first word."""
    text = name.text.strip()
    return (text[:1] if re.match(r"[\u3400-\u9fff]", text) else text.split(" ")[0]) if name.masked else text


def name_en(name: Name) -> str:
    """The same for English ears: Chinese names in pinyin."""
    words = name.text.split()
    if re.search(r"[\u3400-\u9fff]", name.text):
        words = [word.capitalize() for word in lazy_pinyin(name.text.replace(" ", ""))]
    return " ".join(words[:1] if name.masked else words)


def moment_zh(moment: datetime, now: datetime) -> str:
    """明天下午三点, 后天晚上八点半, 周五, 十一月三日: the time only when it is near; midnight is a day without one."""
    day = _day_zh(moment, now)
    if (moment.hour, moment.minute) == (0, 0) or not _near(moment, now):
        return day
    return f"{day}{clock_zh(moment.hour, moment.minute)}"


def appointed_zh(moment: datetime, now: datetime) -> str:
    """下周三上午九点二十分: the day and the time of day, however far off."""
    return f"{_day_zh(moment, now)}{clock_zh(moment.hour, moment.minute)}"


def clock_zh(hour: int, minute: int) -> str:
    """上午九点二十分, 晚上八点半."""
    part = next(part for begins, part in ZH_PARTS if hour >= begins)
    minutes = {0: "", 30: "半"}.get(minute, f"{'零' if minute < 10 else ''}{number_zh(minute)}分")
    return f"{part}{count_zh(hour - 12 if hour > 12 else hour)}点{minutes}"


def _near(moment: datetime, now: datetime) -> bool:
    """Near enough for the time of day to matter."""
    return abs((moment.date() - now.date()).days) <= DAYS_WITH_TIME


def _day_zh(moment: datetime, now: datetime) -> str:
    apart = (moment.date() - now.date()).days
    if apart in ZH_NEAR_DAYS:
        return ZH_NEAR_DAYS[apart]
    if 2 < apart < 7:
        week = "下" if moment.weekday() < now.weekday() else ""
        return f"{week}周{'一二三四五六日'[moment.weekday()]}"
    year = f"{''.join(ZH_NUMERALS[int(digit)] for digit in str(moment.year))}年" if moment.year != now.year else ""
    return f"{year}{number_zh(moment.month)}月{number_zh(moment.day)}日"


def moment_en(moment: datetime, now: datetime) -> str:
    """tomorrow at three p.m., Friday, November third: the time only when it is near; midnight is a day without one."""
    day = _day_en(moment, now)
    if (moment.hour, moment.minute) == (0, 0) or not _near(moment, now):
        return day
    return f"{day} at {clock_en(moment.hour, moment.minute)}"


def appointed_en(moment: datetime, now: datetime) -> str:
    """Wednesday at nine twenty a.m.: the day and the time of day, however far off."""
    return f"{_day_en(moment, now)} at {clock_en(moment.hour, moment.minute)}"


def clock_en(hour: int, minute: int) -> str:
    """nine twenty a.m., noon, midnight."""
    if not minute and hour in (0, 12):
        return "noon" if hour else "midnight"
    minutes = f" oh {number_en(minute)}" if 0 < minute < 10 else f" {number_en(minute)}"
    return f"{number_en(hour % 12 or 12)}{minutes if minute else ''} {'a.m.' if hour < 12 else 'p.m.'}"


def _day_en(moment: datetime, now: datetime) -> str:
    apart = (moment.date() - now.date()).days
    if apart in EN_NEAR_DAYS:
        return EN_NEAR_DAYS[apart]
    if 1 < apart < 7:
        return EN_WEEKDAYS[moment.weekday()]
    year = f" {moment.year}" if moment.year != now.year else ""
    return f"{EN_MONTHS[moment.month - 1]} {ordinal_en(moment.day)}{year}"


def ordinal_en(number: int) -> str:
    """1 → first, 22 → twenty-second."""
    head, _, last = number_en(number).rpartition("-")
    odd = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
    odd["twelve"] = "twelfth"
    ended = odd.get(last, last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{head}-{ended}" if head else ended


def span_zh(span: timedelta) -> str:
    """两天, 一小时二十分钟, 三分钟."""
    return "".join(f"{count_zh(amount)}{unit}" for amount, unit in _parts(span, ("天", "小时", "分钟")))


def span_en(span: timedelta) -> str:
    """two days, one hour and twenty minutes."""
    parts = [
        f"{number_en(amount)} {unit}{'' if amount == 1 else 's'}"
        for amount, unit in _parts(span, ("day", "hour", "minute"))
    ]
    return " and ".join(parts)


def _parts(span: timedelta, units: tuple[str, str, str]) -> list[tuple[int, str]]:
    """The two largest units that a length of time has; at least one minute."""
    minutes = max(1, round(abs(span).total_seconds() / 60))
    amounts = (minutes // 1440, minutes // 60 % 24, minutes % 60)
    return [(amount, unit) for amount, unit in zip(amounts, units, strict=True) if amount][:2]


def either(items: tuple[str, ...], language: Language) -> str:
    """甲，还是乙; 甲、乙，还是丙; A or B; A, B, or C."""
    if len(items) < 2:
        return "".join(items)
    if language == "zh":
        return f"{'、'.join(items[:-1])}，还是{items[-1]}"
    return " or ".join(items) if len(items) == 2 else f"{', '.join(items[:-1])}, or {items[-1]}"


def listed(items: tuple[str, ...], language: Language) -> str:
    """甲、乙和丙; A, B and C."""
    if len(items) < 2:
        return "".join(items)
    comma, last = ("、", "和") if language == "zh" else (", ", " and ")
    return comma.join(items[:-1]) + last + items[-1]
