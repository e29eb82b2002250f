"""Spoken numbers, dates and times of both languages."""

from datetime import datetime

import pytest

from ivr.dialogue import moments, numbers_en, numbers_zh
from tests.unit.understanding.conftest import NOW


@pytest.mark.parametrize(
    ("said", "digits", "value"),
    [
        ("三八二幺", "3821", None),
        ("三个八", "888", None),
        ("零洞〇", "000", None),
        ("一百零五", "105", 105),
        ("一百五", "150", 150),
        ("两千三", "2300", 2300),
        ("十二", "12", 12),
        ("三八二十一", "3821", None),
        ("一三八零零一三八零零零", "13800138000", None),
        ("一万零五", "10005", 10005),
        ("三万两千", "32000", 32000),
    ],
)
def test_mandarin_numbers_have_digits_and_value(said: str, digits: str, value: int | None) -> None:
    (found,) = numbers_zh.find(f"是{said}吗")
    assert (found.digits, found.value, found.text) == (digits, value, said)


@pytest.mark.parametrize(
    ("said", "digits", "value"),
    [
        ("three eight double two", "3822", None),
        ("triple seven one", "7771", None),
        ("thirty eight twenty one", "3821", None),
        ("forty five oh six", "4506", None),
        ("a hundred and five", "105", 105),
        ("nineteen hundred", "1900", 1900),
        ("one thousand two hundred", "1200", 1200),
        ("double zero seven", "007", None),
    ],
)
def test_english_numbers_have_digits_and_value(said: str, digits: str, value: int | None) -> None:
    (found,) = numbers_en.find(f"it is {said} please")
    assert (found.digits, found.value, found.text) == (digits, value, said)


def test_a_count_before_a_digit_that_the_recogniser_has_no_word_for() -> None:
    assert numbers_zh.digit_readings("三歌八一")[0].digits == "8881"
    assert numbers_zh.digit_readings("六三四两歌六")[0].digits == "63466"


def test_sighs_and_articles_are_no_numbers() -> None:
    assert numbers_en.find("oh i had a look") == ()
    assert numbers_zh.find("拐弯就到") == ()


def test_a_count_beside_a_quantity_is_no_quantity() -> None:
    [ten, eight] = numbers_zh.find("说十个一笼数来数去八个")

    assert (ten.text, ten.value, eight.value) == ("十个一", None, 8)


def test_homophones_count_among_digits_only() -> None:
    assert "123956" in [each.digits for each in numbers_zh.digit_readings("一二三就无六")]
    assert "4521" in [each.digits for each in numbers_en.digit_readings("for five too one")]
    assert [each.digits for each in numbers_zh.digit_readings("我就是没吃到一个")] == ["1"]


@pytest.mark.parametrize(
    ("said", "language", "kind", "value"),
    [
        ("明天下午三点半", "zh", "time", datetime(2026, 11, 21, 15, 30, tzinfo=NOW.tzinfo)),
        ("后天", "zh", "date", datetime(2026, 11, 22, tzinfo=NOW.tzinfo)),
        ("上周五", "zh", "date", datetime(2026, 11, 13, tzinfo=NOW.tzinfo)),
        ("十一月三号", "zh", "date", datetime(2026, 11, 3, tzinfo=NOW.tzinfo)),
        ("三天前", "zh", "date", datetime(2026, 11, 17, tzinfo=NOW.tzinfo)),
        ("tomorrow at 4 pm", "en", "time", datetime(2026, 11, 21, 16, 0, tzinfo=NOW.tzinfo)),
        ("今天晚上十二点", "zh", "time", datetime(2026, 11, 21, 0, 0, tzinfo=NOW.tzinfo)),
        ("今天中午十二点", "zh", "time", datetime(2026, 11, 20, 12, 0, tzinfo=NOW.tzinfo)),
        ("明天凌晨十二点半", "zh", "time", datetime(2026, 11, 21, 0, 30, tzinfo=NOW.tzinfo)),
        ("tomorrow at 12 am", "en", "time", datetime(2026, 11, 21, 0, 0, tzinfo=NOW.tzinfo)),
        ("tomorrow at 12 pm", "en", "time", datetime(2026, 11, 21, 12, 0, tzinfo=NOW.tzinfo)),
        ("12 at night", "en", "time", datetime(2026, 11, 21, 0, 0, tzinfo=NOW.tzinfo)),
        ("quarter to one", "en", "time", datetime(2026, 11, 20, 12, 45, tzinfo=NOW.tzinfo)),
        ("half past three", "en", "time", datetime(2026, 11, 20, 15, 30, tzinfo=NOW.tzinfo)),
        ("june 5th", "en", "date", datetime(2026, 6, 5, tzinfo=NOW.tzinfo)),
        ("two days ago", "en", "date", datetime(2026, 11, 18, tzinfo=NOW.tzinfo)),
        ("next monday", "en", "date", datetime(2026, 11, 23, tzinfo=NOW.tzinfo)),
    ],
)
def test_moments(said: str, language: str, kind: str, value: datetime) -> None:
    found = [moment for moment in moments.find(said, language, NOW) if moment.kind == kind]
    assert [moment.value for moment in found] == [value]


def test_impossible_days_are_left_out_and_without_a_clock_words_stay() -> None:
    assert moments.find("二月三十二号", "zh", NOW) == ()
    assert [moment.value for moment in moments.find("明天", "zh")] == ["明天"]
