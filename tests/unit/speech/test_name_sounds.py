"""Where a name is said, the recogniser listens for sounds."""

from __future__ import annotations

from pypinyin import lazy_pinyin

from ivr.commands import Grammar
from ivr.speech.name_sounds import name_sounds
from ivr.speech.phrases import NAME_READINGS, configured


def test_one_character_stands_for_each_syllable() -> None:
    found = name_sounds(frozenset({"陈", "晨", "明", "名", "是", "史", "订单", "[unk]", "okay"}))
    assert sorted(lazy_pinyin("".join(found))) == ["chen", "ming", "shi"]


def test_words_that_come_before_a_name_are_none_of_its_syllables() -> None:
    assert name_sounds(frozenset({"是", "史", "叫", "焦", "我", "沃"})) != ()
    assert set(name_sounds(frozenset({"是", "史", "叫", "焦", "我", "沃"}))) == {"史", "焦", "沃"}
    assert name_sounds(frozenset({"是"})) == ("是",)


def test_english_words_of_one_sound_are_one() -> None:
    found = name_sounds(frozenset({"right", "rite", "write", "ann", "anne", "refrigerator", "don't", "order"}))
    assert set(found) == {"rite", "ann", "order"}


def test_a_name_is_asked_for_with_all_its_readings_and_what_may_stand_beside_it() -> None:
    wish = configured("zh", Grammar("names", ("我叫", "救命")), 5)
    assert (wish["kind"], wish["max_alternatives"]) == ("names", NAME_READINGS)
    assert wish["beside"] == ["我叫", "救命", "[unk]"]
    assert "phrase_list" not in wish  # a real vosk-server then hears freely, as before
