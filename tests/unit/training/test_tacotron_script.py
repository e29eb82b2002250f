"""What ttskit's voices are given to say, and what counts as said."""

from __future__ import annotations

import random

import pytest

from training.engines.tacotron_script import PAUSE, SYMBOLS, complete, symbols, symbols_of
from training.languages import language


@pytest.mark.parametrize(
    ("syllable", "said"),
    [
        ("ling2", ("l", "ing", "2")),
        ("er4", ("ee", "er", "4")),
        ("yi1", ("ii", "i", "1")),
        ("yao1", ("ii", "iao", "1")),
        ("you3", ("ii", "iu", "3")),
        ("wu3", ("uu", "u", "3")),
        ("wei4", ("uu", "ui", "4")),
        ("yuan2", ("vv", "van", "2")),
        ("jiu3", ("j", "iu", "3")),
        ("xue2", ("x", "ve", "2")),
        ("si4", ("s", "iy", "4")),
        ("shi2", ("sh", "ix", "2")),
        ("ri4", ("r", "iz", "4")),
        ("lü4", ("l", "v", "4")),
    ],
)
def test_a_syllable_becomes_initial_final_and_tone(syllable: str, said: tuple[str, str, str]) -> None:
    assert symbols_of(syllable) == said


def test_every_syllable_of_a_script_ends_where_it_says() -> None:
    script = language("zh").script("digits", list("四五六七八九"), random.Random(1))
    assert script is not None
    ids, ends = symbols(script, random.Random(3))
    said = ["".join(SYMBOLS[i] for i in ids[end - 4 : end - 1]) for end in ends]
    assert said == ["siy4", "uuu3", "liu4", "qi1", "ba1", "jiu3"]
    assert ids[-1] == SYMBOLS.index("_")


def test_digits_come_in_groups() -> None:
    script = language("zh").script("digits", list("一二三四五六七八"), random.Random(1))
    assert script is not None
    pauses = {symbols(script, random.Random(seed))[0].count(PAUSE) for seed in range(40)}
    assert pauses == {0, 1, 2, 7}  # in one go, by fours, by threes, one by one


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ([0] * 4 + [1] * 5 + [4] * 4 + [5] * 4, True),
        ([0] * 9 + [4] * 2, False),  # the second was swallowed
        ([0] * 60 + [4] * 9, False),  # the first was stuck
        ([0] * 4 + [1] * 5 + [4] * 9 + [0] * 5 + [4] * 5, False),  # it went back
    ],
)
def test_what_was_swallowed_stuck_or_said_twice_does_not_count(path: list[int], whole: bool) -> None:
    assert complete(path, [4, 8]) is whole
