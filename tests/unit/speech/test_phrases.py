"""Phrases cut into the words of a model; nothing is ever cut off in silence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.commands import Grammar
from ivr.speech.phrases import DIGIT_COUNT, DIGIT_WORDS, PAIR_COUNT, fitted, segmented, unknown_parts, wanted
from ivr.values import Language

ZH = frozenset({"查订单", "订单", "查", "订", "单", "转", "人工", "一", "二", "[unk]"})
EN = frozenset({"where", "is", "my", "order", "don't", "[unk]"})


@pytest.mark.parametrize(
    ("phrase", "words", "cut"),
    [
        ("查订单", ZH, ["查订单"]),
        ("查 订 单", ZH, ["查订单"]),
        ("订单一二", ZH, ["订单", "一", "二"]),
        ("转人工！", ZH, ["转", "人工"]),
        ("转机器人", ZH, None),
        ("Where is my order?", EN, ["where", "is", "my", "order"]),
        ("I don't", EN, None),
        ("don't", EN, ["don't"]),
        ("", ZH, []),
        ("？！", ZH, []),
    ],
)
def test_phrases_are_cut_into_known_words(phrase: str, words: frozenset[str], cut: list[str] | None) -> None:
    assert segmented(phrase, words) == cut


def test_a_phrase_with_an_unknown_word_is_left_out_and_told() -> None:
    listed = fitted(("查订单", "查快递", "查 订单"), ZH)
    assert listed.phrases == ("查订单", "查订单", "[unk]")
    assert listed.lacking == ("查快递",)


def test_the_list_is_never_empty() -> None:
    assert fitted((), ZH).phrases == ("[unk]",)
    assert fitted(("龘龘",), ZH).phrases == ("[unk]",)


def test_what_is_unknown_is_named() -> None:
    assert unknown_parts("查快递", ZH) == ["快", "递"]
    assert unknown_parts("where is Kate", EN) == ["kate"]
    assert unknown_parts("查订单", ZH) == []
    assert unknown_parts("查100订单", ZH) == []


def test_grammars_become_phrase_lists() -> None:
    assert wanted("zh", Grammar("open")) == ()
    assert wanted("en", Grammar("limited", ("yes", "no", "yes"))) == ("yes", "no", "[unk]", "[unk]")
    assert wanted("zh", Grammar("limited")) == ("[unk]",)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_single_digits_outweigh_the_phrases_beside_them(language: Language) -> None:
    listed = wanted(language, Grammar("limited", ("转人工", "查订单"), digits="single"))
    assert {listed.count(digit) for digit in DIGIT_WORDS[language]} == {DIGIT_COUNT}
    assert listed.count("[unk]") == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_in_a_string_each_digit_may_follow_each(language: Language) -> None:
    listed = wanted(language, Grammar("limited", ("转人工",), digits="string"))
    digits = DIGIT_WORDS[language]
    assert {listed.count(f"{one} {other}") for one in digits for other in digits} == {PAIR_COUNT}
    assert {listed.count(digit) for digit in digits} == {1}
    assert listed[0] == "转人工"
    assert listed[-1] == "[unk]"


def test_pairs_of_digits_stay_two_words() -> None:
    pairs = [f"{one} {other}" for one in DIGIT_WORDS["zh"] for other in DIGIT_WORDS["zh"]]
    assert fitted(pairs, {*DIGIT_WORDS["zh"], "五一", "三七"}).phrases == (*pairs, "[unk]")


def test_anything_else_is_as_likely_as_all_phrases() -> None:
    assert fitted(wanted("zh", Grammar("limited", ("转人工", "查订单", "[unk]"))), ZH).phrases == (
        ("转 人工", "查订单", "[unk]", "[unk]")
    )


@given(st.text(alphabet="查订单人工一二转 ,。", max_size=12))
@settings(deadline=None)
def test_a_cut_says_the_same_as_the_phrase(phrase: str) -> None:
    cut = segmented(phrase, ZH)
    plain = "".join(char for char in phrase if char not in " ,。")
    if cut is not None:
        assert "".join(cut) == plain
        assert all(word in ZH for word in cut)


def test_numbers_in_tens_and_as_quantities_may_come_where_a_number_is_asked() -> None:
    said = {"en": ("nineteen", "thirty", "twenty six"), "zh": ("十", "二十", "千零")}
    for language, words in said.items():
        strings = wanted(language, Grammar("limited", digits="string"))  # type: ignore[arg-type]
        assert set(words) <= set(strings)
        assert not set(words) & set(wanted(language, Grammar("limited", digits="single")))  # type: ignore[arg-type]
