"""What was barely heard, or in few readings only, raises no alarm, brings no human, ends no call and agrees to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.dialogue.understanding import Expectation, Understanding
from ivr.events import Hypothesis
from ivr.values import Language

ANY_WISH = Expectation(language="zh")
NUMBER_ASKED = Expectation(wants="slot", slot="order_number", language="zh")
PROOF_ASKED = Expectation(wants="slot", slot="digits", digits=4, language="zh")


def test_a_guess_among_noise_raises_no_alarm(shipped: dict[str, Understanding]) -> None:
    """ "喂喂听得到吗" where a number is asked for: the second best reading holds an insult that nobody uttered."""
    hello = (Hypothesis("有 有 坑 歌 告 吗", 0.58), Hypothesis("有 有 坑 妈的 告 吗", 0.08))
    assert shipped["zh"].understand(hello, NUMBER_ASKED).danger is None
    assert shipped["zh"].understand((Hypothesis("零 威胁 零", 0.19),), NUMBER_ASKED).danger is None
    assert shipped["zh"].understand((Hypothesis("有人 威胁 我", 0.3),), NUMBER_ASKED).danger == "danger"


@pytest.mark.parametrize(
    ("asked", "heard"),
    [
        (PROOF_ASKED, [("我在 跟踪 会 说 找", 0.595), ("我在 找 能 说 说 找", 0.536), ("我在 跟踪 说 说 找", 0.153)]),
        (NUMBER_ASKED, [("个 骗子 吗 听 不", 0.987)]),
        (ANY_WISH, [("大衣 下 我的订单", 0.41), ("我 打 一下 我的订单", 0.38), ("打 一下 我的订单", 0.38)]),
    ],
)
def test_what_holds_a_word_of_danger_among_others_raises_no_alarm(
    shipped: dict[str, Understanding], asked: Expectation, heard: list[tuple[str, float]]
) -> None:
    """ "我在跟谁说话" where digits are asked for, "thank you, that is all" in a Mandarin call, and "查一下我的订单" in noise, as they were heard."""
    found = shipped["zh"].understand([Hypothesis(*each) for each in heard], asked)
    assert found.danger is None
    assert found.intent not in ("personal_safety", "account_stolen")


def test_danger_that_few_readings_have_is_asked_back(shipped: dict[str, Understanding]) -> None:
    """ "That's all" to "shall I hurry them up?", as it was heard."""
    asked = Expectation(wants="yes_no", language="en")
    heard = (("that assault", 0.37), ("that call", 0.255), ("that stole", 0.25), ("not call", 0.046))
    found = shipped["en"].understand([Hypothesis(*each) for each in heard], asked)
    assert (found.danger, found.intent, found.verdict) == (None, "personal_safety", "confirm")
    assert shipped["en"].understand([Hypothesis("he hit me", 0.37)], asked).danger == "danger"


@pytest.mark.parametrize(
    ("language", "said", "universal"),
    [
        ("zh", "五 活人", None),
        ("en", "supervisor stalking two", None),
        ("zh", "人工", "agent"),
        ("en", "agent", "agent"),
    ],
)
def test_a_guess_brings_a_human_only_where_nothing_else_was_said(
    shipped: dict[str, Understanding], language: Language, said: str, universal: str | None
) -> None:
    asked = Expectation(wants="yes_no", language=language)
    assert shipped[language].understand((Hypothesis(said, 0.14),), asked).universal == universal


def test_a_human_in_few_readings_is_none(shipped: dict[str, Understanding]) -> None:
    """ "Who am I talking to" where digits are asked for, as it was heard."""
    asked, readings = replace(PROOF_ASKED, language="en"), ("two stalking two", "stalking two", "two", "two two")
    heard = (Hypothesis("supervisor stalking two", 0.227), *(Hypothesis(each, 0.136) for each in readings))
    assert shipped["en"].understand(heard, asked).universal is None
    assert (
        shipped["en"].understand((Hypothesis("supervisor", 0.3), Hypothesis("super", 0.2)), asked).universal == "agent"
    )


def test_a_guess_ends_no_call(shipped: dict[str, Understanding]) -> None:
    assert shipped["zh"].understand((Hypothesis("拜拜", 0.09),), NUMBER_ASKED).universal is None
    assert shipped["zh"].understand((Hypothesis("拜拜", 0.6),), NUMBER_ASKED).universal == "goodbye"


@pytest.mark.parametrize("said", ["嘞", "好嘞", "不是"])
def test_a_guess_is_no_consent(shipped: dict[str, Understanding], said: str) -> None:
    """The end of a sentence that was cut, heard as 嘞 with a confidence of 0.09, was a yes to a refund."""
    asked = Expectation(wants="yes_no", language="zh")
    assert shipped["zh"].understand((Hypothesis(said, 0.09),), asked).kind == "nothing"
    assert shipped["zh"].understand((Hypothesis("好嘞", 0.5),), asked).kind == "yes"
