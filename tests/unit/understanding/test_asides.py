"""Questions beside the matter: heard as what they are, and never in place of a wish."""

from __future__ import annotations

import pytest

from tests.unit.understanding.conftest import Hear


@pytest.mark.parametrize(
    ("text", "aside"),
    [
        ("请问这个电话会录音吗", "recorded"),
        ("你是真人吗", "robot"),
        ("你们公司地址在哪", "address"),
        ("能不能给我发个短信", "in_writing"),
        ("不好意思打错了", "wrong_number"),
        ("要多久啊", "how_long"),
        ("为什么要报手机号", "why_asked"),
        ("am i talking to a robot", "robot"),
        ("is this call being recorded", "recorded"),
        ("can i have that in writing", "in_writing"),
        ("how long does it take", "how_long"),
        ("我要退款", ""),
        ("我的外卖什么时候能到", ""),
        ("转人工", ""),
        ("where is my order", ""),
        ("i want to speak to a human", ""),
    ],
)
def test_what_is_asked_beside_the_matter(text: str, aside: str, hear: Hear) -> None:
    assert hear(text).aside == aside


def test_what_is_nearly_said_counts_where_nothing_else_was_understood(hear: Hear) -> None:
    assert hear("你们公司在什么地点").aside == "address"
    assert hear("so who am i actually speaking with").aside == "robot"
    assert hear("公司嘞").aside == ""  # too short to say
