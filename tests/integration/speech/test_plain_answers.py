"""The plainest answers, said on a telephone to "is it this order?", are understood as what they are."""

from __future__ import annotations

import pytest
from speech_processes import ROOT

from ivr.bench.heard_numbers import decoded
from ivr.caller.speaker import Line, Speaker
from ivr.dialogue.meaning import Expectation
from ivr.dialogue.recognition import grammar_for
from ivr.dialogue.understanding import Understanding
from ivr.speech.phrases import wanted
from ivr.speech.recogniser import Recogniser
from ivr.values import Language

pytestmark = pytest.mark.integration

# As they were heard when the recogniser expected a spread of the templates' sentences instead: 不确定 (a no), 锁号 (a stolen account),
# 可一, 尾随 (danger), 送医院 (danger); "am are not either one", "not right".
ANSWERS: tuple[tuple[Language, str, str], ...] = (
    ("zh", "确定", "yes"),
    ("zh", "可以", "yes"),
    ("zh", "需要", "yes"),
    ("zh", "对对", "yes"),
    ("zh", "同意", "yes"),
    ("zh", "好吧", "yes"),
    ("zh", "不是这单", "no"),
    ("zh", "快点催一下", "urge_delivery"),
    ("en", "yes please", "yes"),
    ("en", "that's right", "yes"),
    ("en", "no another one", "no"),
    ("en", "i don't want that", "no"),
)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_plain_answer_is_heard_as_it_is_meant(language: Language) -> None:
    understanding = Understanding.load(ROOT / "dialplans", language)
    asked = Expectation(wants="yes_no", language=language)
    phrases, recogniser = (
        wanted(language, grammar_for(understanding, asked)),
        Recogniser(ROOT / f"models/{language}-small"),
    )
    answers = {
        Line(said, language, voice): meant
        for spoken, said, meant in ANSWERS
        if spoken == language
        for voice in ("f2", "m3")
    }
    speaker = Speaker()
    try:
        await speaker.prepare(answers)
    finally:
        await speaker.stop()
    heard = {line: decoded(recogniser, phrases, speaker.sound(line), "telephone", 1, "limited") for line in answers}
    meant = {line: understanding.understand(heard[line], asked) for line in answers}
    wrong = {line.text: heard[line][:1] for line, intent in answers.items() if meant[line].intent != intent}
    assert not wrong
