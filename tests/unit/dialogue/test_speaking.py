"""Values as they are said aloud."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialogue.speaking import groups, money_zh, number_en, number_zh, ordinal_en, spoken
from ivr.values import Appointed, Digits, Money, Name, Value, Week

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=ZONE)  # a Saturday


def at(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (
            Digits("120345678901"),
            "幺二零三，四五六七，八九零幺",
            "one two zero three, four five six seven, eight nine zero one",
        ),
        (
            Digits("13812345678"),
            "幺三八，幺二三四，五六七八",
            "one three eight, one two three four, five six seven eight",
        ),
        (Money(3580), "三十五元八角", "thirty-five yuan and eighty fen"),
        (Money(10005), "一百元零五分", "one hundred yuan and five fen"),
        (Money(5), "五分", "five fen"),
        (Money(100), "一元", "one yuan"),
        (Money(200), "两元", "two yuan"),
        (Money(-1250), "负十二元五角", "minus twelve yuan and fifty fen"),
        (Money(199, "USD"), "一美元九十九分", "one dollar and ninety-nine cents"),
        (2, "两", "two"),
        (105, "一百零五", "one hundred and five"),
        (at(11, 22, 15), "明天下午三点", "tomorrow at three p.m."),
        (at(11, 21, 12), "今天中午十二点", "today at noon"),
        (at(11, 21, 0, 5), "今天凌晨零点零五分", "today at twelve oh five a.m."),
        (at(11, 23, 20, 30), "后天晚上八点半", "Monday at eight thirty p.m."),
        (at(11, 25, 20, 30), "下周三", "Wednesday"),
        (at(12, 25), "十二月二十五日", "December twenty-fifth"),
        (at(1, 2, year=2027), "二零二七年一月二日", "January second 2027"),
        (Name("王小明"), "王", "Wang"),
        (Name("王小明", masked=False), "王小明", "Wang Xiao Ming"),
        (Name("Emma Smith"), "Emma", "Emma"),
        (timedelta(minutes=80), "一小时二十分钟", "one hour and twenty minutes"),
        (timedelta(days=2), "两天", "two days"),
        (("面", "茶", "饭"), "面、茶和饭", "面, 茶 and 饭"),
        (Appointed(at(11, 22, 9, 20)), "明天上午九点二十分", "tomorrow at nine twenty a.m."),
        (Appointed(at(12, 1, 9)), "十二月一日上午九点", "December first at nine a.m."),
        (Appointed(at(11, 22)), "明天凌晨零点", "tomorrow at midnight"),
        (Week((((540, 1260),),) * 7), "每天上午九点到晚上九点", "every day from nine a.m. to nine p.m."),
        (
            Week((((480, 720), (780, 1440)),) * 5 + (((600, 840),),) * 2),
            "周一到周五上午八点到中午十二点、下午一点到半夜十二点，周六和周日上午十点到下午两点",
            "Monday to Friday from eight a.m. to noon and from one p.m. to midnight, "
            "and Saturday and Sunday from ten a.m. to two p.m.",
        ),
        (
            Week((((1320, 1800),), (), (), (), (), ((0, 1440),), ())),
            "周一晚上十点到第二天早上六点，周六二十四小时",
            "Monday from ten p.m. to six a.m. the next day, and Saturday around the clock",
        ),
        (True, "是", "yes"),
        (None, "", ""),
    ],
)
def test_spoken_forms(value: Value, zh: str, en: str) -> None:
    assert spoken(value, "zh", NOW) == zh
    assert spoken(value, "en", NOW) == en


@given(st.text("0123456789", min_size=1, max_size=40))
def test_groups_hold_every_digit_in_threes_and_fours(digits: str) -> None:
    cut = groups(digits)
    assert "".join(cut) == digits
    assert len(digits) <= 5 or all(len(group) in (3, 4) for group in cut)


@given(st.integers(0, 99_999_999))
def test_numbers_differ_when_they_differ(number: int) -> None:
    assert number_zh(number) != number_zh(number + 1)
    assert number_en(number) != number_en(number + 1)


@given(st.integers(0, 10_000_000))
def test_money_is_never_silent(fen: int) -> None:
    assert money_zh(Money(fen)).strip()


def test_ordinals() -> None:
    said = [ordinal_en(number) for number in (1, 2, 3, 5, 8, 9, 12, 20, 21, 30)]
    assert said == [
        "first",
        "second",
        "third",
        "fifth",
        "eighth",
        "ninth",
        "twelfth",
        "twentieth",
        "twenty-first",
        "thirtieth",
    ]
