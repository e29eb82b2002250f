"""The hours of a common week aloud: “每天上午九点到晚上九点”, “Monday to Friday from nine a.m. to six p.m.” (pure).

Days that follow each other and are alike are said together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from ivr.values import Language, Week

DAY_MINUTES = 1440
ZH_DAYS = tuple(f"周{day}" for day in "一二三四五六日")
EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Spans = tuple[tuple[int, int], ...]


def week_said(week: Week, language: Language, clock: Callable[[int, int], str]) -> str:
    """The week in words; `clock` says an hour and a minute."""
    alike = groupby(enumerate(week.days), key=lambda each: each[1])
    runs = [(spans, [number for number, _ in days]) for spans, days in alike]
    there = [(spans, days) for spans, days in runs if spans]
    if language == "zh":
        return "，".join(_days_zh(days) + _spans(spans, "zh", clock) for spans, days in there)
    return ", and ".join(f"{_days_en(days)} {_spans(spans, 'en', clock)}" for spans, days in there)


def _days_zh(days: Sequence[int]) -> str:
    if len(days) == 7:
        return "每天"
    if len(days) > 2:
        return f"{ZH_DAYS[days[0]]}到{ZH_DAYS[days[-1]]}"
    return "和".join(ZH_DAYS[day] for day in days)


def _days_en(days: Sequence[int]) -> str:
    if len(days) == 7:
        return "every day"
    if len(days) > 2:
        return f"{EN_DAYS[days[0]]} to {EN_DAYS[days[-1]]}"
    return " and ".join(EN_DAYS[day] for day in days)


def _spans(spans: Spans, language: Language, clock: Callable[[int, int], str]) -> str:
    if spans == ((0, DAY_MINUTES),):
        return "二十四小时" if language == "zh" else "around the clock"
    said = [(clock(*divmod(begin, 60)), _until(end, language, clock)) for begin, end in spans]
    if language == "zh":
        return "、".join(f"{begin}到{end}" for begin, end in said)
    return " and ".join(f"from {begin} to {end}" for begin, end in said)


def _until(minutes: int, language: Language, clock: Callable[[int, int], str]) -> str:
    """The end of a span; past midnight it is the next morning."""
    if minutes == DAY_MINUTES:
        return "半夜十二点" if language == "zh" else "midnight"
    time = clock(*divmod(minutes % DAY_MINUTES, 60))
    if minutes < DAY_MINUTES:
        return time
    return f"第二天{time}" if language == "zh" else f"{time} the next day"
