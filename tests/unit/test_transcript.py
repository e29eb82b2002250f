"""Personal data is masked when written."""

from __future__ import annotations

import pytest

from ivr.transcript import SENSITIVE, mask_number, masked


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("我的电话是13800138000谢谢", "我的电话是138****8000谢谢"),
        ("我的电话是一三八 零零一三 八零零零 谢谢", "我的电话是138****8000谢谢"),
        ("my number is double three five seven oh one two nine please", "my number is ****0129 please"),
        ("card 6222 0200 1234 5678", "card ************5678"),
        ("write to li.lei@example.com", "write to ***@example.com"),
        ("退款三百二十元", "退款三百二十元"),
        ("尾号三八二七", "尾号三八二七"),
        ("at 12:30 on 2026-11-21", "at 12:30 on 2026-11-21"),
    ],
)
def test_personal_numbers_are_hidden_and_the_rest_is_kept(said: str, written: str) -> None:
    assert masked(said) == written


def test_a_sensitive_line_is_hidden_whole() -> None:
    assert masked("随便什么", sensitive=True) == SENSITIVE
    assert masked("", sensitive=True) == ""


@pytest.mark.parametrize(("number", "shown"), [("1234", "1234"), ("12345", "*2345"), ("13912345678", "139****5678")])
def test_numbers_keep_their_last_four(number: str, shown: str) -> None:
    assert mask_number(number) == shown
