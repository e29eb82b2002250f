"""Questions for digits: what the recogniser is told to expect there, and that a digit badly heard raises no alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialogue.consent import Consent
from ivr.dialogue.judgement import judge
from ivr.dialogue.judgements import Alarm, Context, Filled, Wish
from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.dialogue.meaning import Expectation
from ivr.dialogue.questions import of_step
from ivr.dialogue.recognition import grammar_for
from ivr.events import Hypothesis
from ivr.values import Language

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def shipped() -> Dialplans:
    return load_dialplans(ROOT / "dialplans", ROOT / "prompts")


@pytest.mark.parametrize(
    ("language", "kept", "left_out"),
    [
        ("zh", {"转人工", "人工", "报警", "帮助", "尾号"}, {"救命", "去死", "取消", "发票"}),
        ("en", {"agent", "help", "police", "call the police", "back"}, {"raped", "kill me", "hurry"}),
    ],
)
def test_what_sounds_like_digits_is_not_expected_among_them(
    shipped: Dialplans, language: Language, kept: set[str], left_out: set[str]
) -> None:
    asked = Expectation(wants="slot", language=language, slot="order_number")
    phrases = set(grammar_for(shipped.spoken[language].understanding, asked).phrases)
    assert kept <= phrases
    assert not left_out & phrases


@pytest.mark.parametrize(
    ("language", "text", "judged"),
    [
        ("zh", "三 零 二 救命 四 六 八 一 零 零 零 零 七", Filled),
        ("en", "three oh two raped four six eight one oh oh oh oh seven", Filled),
        ("zh", "救命 有人打我", Alarm),
        ("zh", "一 救命", Alarm),
        ("en", "please call the police", Alarm),
        ("zh", "转人工", Wish),
    ],
)
def test_a_word_of_danger_among_digits_is_a_digit(
    shipped: Dialplans, language: Language, text: str, judged: type
) -> None:
    spoken = shipped.spoken[language]
    tree = spoken.trees["order"]
    step = tree.steps["number"]
    question = of_step(step, "order_number", tree.manners["number"], Expectation(language=language))  # type: ignore[arg-type]
    heard = spoken.understanding.understand((Hypothesis(text, 0.9),), question.expectation)
    assert isinstance(judge(question, heard, Context("", (), (), Consent("zh"))), judged)
