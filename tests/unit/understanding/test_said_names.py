"""A name is heard as sounds: all readings go along, words of its sound are no alarm, and what stands in front is no part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialogue.meaning import Expectation
from ivr.dialogue.recognition import grammar_for
from ivr.dialogue.understanding import Understanding
from ivr.events import Hypothesis
from ivr.values import Language, Name

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=["zh", "en"])
def understanding(request: pytest.FixtureRequest) -> Understanding:
    return Understanding.load(ROOT / "dialplans", request.param)


def _asked(language: Language) -> Expectation:
    return Expectation(wants="slot", slot="name", language=language)


def _name(understanding: Understanding, *texts: str) -> Name:
    found = understanding.understand([Hypothesis(text, 0.3) for text in texts], _asked(understanding.language))
    slot = found.slot("name")
    assert slot is not None
    assert isinstance(slot.value, Name)
    assert found.danger is None
    return slot.value


def test_a_name_has_all_its_readings(understanding: Understanding) -> None:
    if understanding.language == "zh":
        name = _name(understanding, "收货人 是 周 暖", "收货人 是 周 喧", "是 明")
        assert name.text == "周暖"
        assert {"周暖", "周喧", "是明"} <= set(name.readings)
    else:
        name = _name(understanding, "my name is merry great", "my name is very great")
        assert name.text == "merry great"
        assert {"merry great", "very great"} <= set(name.readings)


def test_sounds_that_happen_to_be_words_are_no_alarm(understanding: Understanding) -> None:
    _name(understanding, "江 打人") if understanding.language == "zh" else _name(understanding, "kill me and rape")


def test_a_cry_for_help_is_one(understanding: Understanding) -> None:
    if understanding.language == "zh":
        assert understanding.understand([Hypothesis("救命", 0.9)], _asked("zh")).danger == "danger"


def test_names_are_listened_for_as_sounds(understanding: Understanding) -> None:
    grammar = grammar_for(understanding, _asked(understanding.language))
    assert grammar.kind == "names"
    assert ("我叫" if understanding.language == "zh" else "my name is") in grammar.phrases
