"""Dates and times as callers say them, in either language: 后天下午三点半, the day before yesterday, next friday at 4 (pure).

Without `now` only what is absolute by itself gets a value ("15:30"); a weekday or a day of the month is the next one, or the
last one where the words say so. Hours without morning or afternoon are taken within a shop's day, 8 to 19. Twelve at night is the
day's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from ivr.dialogue import numbers_en, numbers_zh
from ivr.values import Language


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time found in a text: a datetime (midnight for a date), or "HH:MM", or the words where unresolved."""

    start: int
    end: int
    text: str
    kind: Literal["date", "time"]
    value: datetime | str


_DAYS_ZH = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "昨晚": -1,
    "今天": 0,
    "今晚": 0,
    "今早": 0,
    "明天": 1,
    "明早": 1,
    "明晚": 1,
    "后天": 2,
    "大后天": 3,
}
_DAYS_EN = {
    "the day before yesterday": -2, "yesterday": -1, "last night": -1, "today": 0, "tonight": 0, "this morning": 0,
    "this afternoon": 0, "this evening": 0, "tomorrow": 1, "the day after tomorrow": 2,
}  # fmt: skip
_WEEKDAYS_ZH = {**{char: at for at, char in enumerate("一二三四五六日")}, "天": 6}
_WEEKDAYS_EN = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS_EN = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_ORDINALS_EN = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_N = "[零〇一二两三四五六七八九十0-9]"
_ZH = re.compile(
    rf"(?P<day>大前天|前天|昨天|昨晚|今天|今晚|今早|明天|明早|明晚|大后天|后天)"
    rf"|(?P<week>上上?个?|下下?个?|这个?|本)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    rf"|(?:(?P<month>{_N}{{1,3}})月(?:份)?)(?P<dom>{_N}{{1,3}})[号日]?|(?P<only>{_N}{{1,3}})[号日](?![楼栋线门院店])"
    rf"|(?P<ago>{_N}{{1,3}})(?P<unit>天|个?星期|周)(?P<way>前|之前|以前|后|之后|以后)"
)
_ZH_TIME = re.compile(
    rf"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|今早|明早|今晚|明晚)?(?P<hour>{_N}{{1,3}})(?:点钟?|时|:(?=\d))"
    rf"(?P<minute>半|一刻|三刻|零?{_N}{{1,3}}分?)?(?![零一二三四五六七八九十])"
)
_EN_NUMBER = "|".join(sorted([*numbers_en.UNITS, *numbers_en.TEENS, *numbers_en.TENS], key=len, reverse=True))
_EN_NTH = r"\d{1,2}(?:st|nd|rd|th)?|(?:twenty |thirty )?(?:" + "|".join(_ORDINALS_EN) + ")"
_EN = re.compile(
    rf"\b(?P<day>{'|'.join(_DAYS_EN)})\b"
    rf"|\b(?:(?P<week>next|last|this|on) )?(?P<weekday>{'|'.join(_WEEKDAYS_EN)})\b"
    rf"|\b(?P<month>{'|'.join(_MONTHS_EN)}) (?:the )?(?P<dom>{_EN_NTH})\b"
    rf"|\b(?:the )?(?P<dom2>{_EN_NTH}) of (?P<month2>{'|'.join(_MONTHS_EN)})\b"
    rf"|\b(?P<way1>in )?(?P<ago>\d+|a|an|{_EN_NUMBER}) (?P<unit>day|week)s?(?P<way> ago| from now)?\b"
)
_EN_TIME = re.compile(
    rf"\b(?P<noon>noon|midday|midnight)\b"
    rf"|\b(?:(?P<rel>half past|quarter past|quarter to) )(?P<relhour>\d{{1,2}}|{_EN_NUMBER})\b(?: ?(?P<relpart>am|pm))?"
    rf"|\b(?:(?P<at>at|by|before|after|around) )?(?P<hour>\d{{1,2}}|{_EN_NUMBER})(?:[: ](?P<minute>\d{{2}}|(?:oh )?(?:{_EN_NUMBER})(?: (?:{_EN_NUMBER}))?))?"
    rf"(?P<clock> o'?clock)? ?(?P<part>a\.?m\b\.?|p\.?m\b\.?|in the morning|in the afternoon|in the evening|at night)?"
)


def find(text: str, language: Language, now: datetime | None = None) -> tuple[Moment, ...]:
    """Dates and times of a plain text, left to right; one that can't be (32nd, 25 o'clock) is left out."""
    found = _find_zh(text, now) if language == "zh" else _find_en(text, now)
    return tuple(sorted(found, key=lambda moment: moment.start))


def _find_zh(text: str, now: datetime | None) -> Iterator[Moment]:
    days = [moment for match in _ZH.finditer(text) if (moment := _date_zh(match, now))]
    yield from days
    for match in _ZH_TIME.finditer(text):
        hour, minute = numbers_zh.quantity(match["hour"]), _minute_zh(match["minute"])
        near = next((day for day in reversed(days) if day.start <= match.start()), None)
        part = match["part"] or ""
        if hour is not None and minute is not None:
            yield from _time(match, hour, minute, _half(part or (near.text if near else "")), near, now)


def _date_zh(match: re.Match[str], now: datetime | None) -> Moment | None:
    today = now.date() if now else None
    if match["day"]:
        return _dated(match, today + timedelta(_DAYS_ZH[match["day"]]) if today else None, now)
    if match["weekday"]:
        week = match["week"] or ""
        weeks = week.count("下") - week.count("上")
        return _dated(match, _weekday(today, _WEEKDAYS_ZH[match["weekday"]], weeks, bool(week)), now)
    if match["ago"]:
        number = numbers_zh.quantity(match["ago"])
        step = (number or 0) * (1 if match["unit"] == "天" else 7) * (1 if "后" in match["way"] else -1)
        return _dated(match, today + timedelta(step) if today and number else None, now)
    month = numbers_zh.quantity(match["month"]) if match["month"] else None
    day = numbers_zh.quantity(match["dom"] or match["only"])
    return _calendar(match, month, day, now)


def _find_en(text: str, now: datetime | None) -> Iterator[Moment]:
    days = [moment for match in _EN.finditer(text) if (moment := _date_en(match, now))]
    yield from days
    taken = [(day.start, day.end) for day in days]
    for match in _EN_TIME.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        near = days[-1] if days else None
        if match["noon"]:
            yield from _time(match, 0 if match["noon"] == "midnight" else 12, 0, "", near, now)
        elif match["rel"]:
            hour = _number_en(match["relhour"])
            past = {"half past": 30, "quarter past": 15, "quarter to": -15}[match["rel"]]
            if hour is not None:
                hour, minute = divmod(hour * 60 + past, 60)
                hour = hour or 12  # a quarter to one
                yield from _time(match, hour, minute, match["relpart"] or "", near, now)
        elif match["part"] or match["clock"] or (match["at"] and _number_en(match["hour"]) is not None):
            hour, minute = _number_en(match["hour"]) or 0, _number_en(match["minute"] or "0") or 0
            yield from _time(match, hour, minute, _half(match["part"] or ""), near, now)


def _date_en(match: re.Match[str], now: datetime | None) -> Moment | None:
    today = now.date() if now else None
    if match["day"]:
        return _dated(match, today + timedelta(_DAYS_EN[match["day"]]) if today else None, now)
    if match["weekday"]:
        weeks = {"next": 1, "last": -1}.get(match["week"] or "", 0)
        return _dated(match, _weekday(today, _WEEKDAYS_EN.index(match["weekday"]), weeks, match["week"] != "on"), now)
    if match["ago"]:
        if not (match["way"] or match["way1"]):
            return None
        number = 1 if match["ago"] in ("a", "an") else _number_en(match["ago"])
        step = (number or 0) * (1 if match["unit"] == "day" else 7) * (-1 if match["way"] == " ago" else 1)
        return _dated(match, today + timedelta(step) if today and number else None, now)
    month = _MONTHS_EN.index(match["month"] or match["month2"]) + 1
    return _calendar(match, month, _nth(match["dom"] or match["dom2"]), now)


def _nth(words: str) -> int | None:
    if found := re.match(r"\d+", words):
        return int(found[0])
    total = 0
    for word in words.split():
        total += _ORDINALS_EN.get(word, numbers_en.TENS.get(word, 0))
    return total or None


def _number_en(words: str) -> int | None:
    if words.isdigit():
        return int(words)
    return numbers_en.quantity([word for word in words.split() if word != "oh"])


def _minute_zh(words: str | None) -> int | None:
    if not words:
        return 0
    fixed = {"半": 30, "一刻": 15, "三刻": 45}
    return fixed[words] if words in fixed else numbers_zh.quantity(words.removesuffix("分").lstrip("零"))


def _half(part: str) -> str:
    """`am`, `pm`, `night` or "" of the words for a part of the day."""
    if re.search(r"下午|傍晚|p\.?m|afternoon|evening", part):
        return "pm"
    if re.search(r"晚|night", part):
        return "night"
    return "am" if re.search(r"凌晨|早|上午|a\.?m|morning", part) else ""


def _time(
    match: re.Match[str], hour: int, minute: int, half: str, day: Moment | None, now: datetime | None
) -> Iterator[Moment]:
    if not (0 <= hour <= 24 and 0 <= minute < 60):
        return
    if hour == 12 and half in ("am", "night"):
        hour = 0 if half == "am" else 24
    elif (half in ("pm", "night") and hour < 12) or (not half and 1 <= hour <= 7):
        hour += 12
    value: datetime | str = f"{hour % 24:02}:{minute:02}"
    base = day.value if day and isinstance(day.value, datetime) else now
    if base is not None:
        base += timedelta(hour // 24)
        value = base.replace(hour=hour % 24, minute=minute, second=0, microsecond=0)
    yield Moment(match.start(), match.end(), match[0], "time", value)


def _weekday(today: date | None, weekday: int, weeks: int, said: bool) -> date | None:
    """The weekday of this week, the next or the last; without a word for the week the coming one."""
    if today is None:
        return None
    found = today + timedelta(weekday - today.weekday() + 7 * weeks)
    return found + timedelta(7) if not said and found < today else found


def _calendar(match: re.Match[str], month: int | None, day: int | None, now: datetime | None) -> Moment | None:
    """A day of the month, in the month nearest to now."""
    if day is None or not 1 <= day <= 31 or (month is not None and not 1 <= month <= 12):
        return None
    if now is None:
        return _dated(match, None, now)
    months = [(now.year + year, month) for year in (-1, 0, 1)] if month else _around(now)
    days = [found for year, number in months if (found := _safe_date(year, number, day))]
    return _dated(match, min(days, key=lambda found: abs((found - now.date()).days), default=None), now)


def _around(now: datetime) -> list[tuple[int, int]]:
    first = now.replace(day=1)
    before, after = first - timedelta(1), first + timedelta(32)
    return [(each.year, each.month) for each in (before, first, after)]


def _safe_date(year: int, month: int | None, day: int) -> date | None:
    try:
        return date(year, month or 1, day)
    except ValueError:
        return None


def _dated(match: re.Match[str], found: date | None, now: datetime | None) -> Moment:
    value: datetime | str = match[0]
    if found is not None and now is not None:
        value = datetime(found.year, found.month, found.day, tzinfo=now.tzinfo)
    return Moment(match.start(), match.end(), match[0], "date", value)
