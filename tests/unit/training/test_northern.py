"""eSpeak in a northern accent: -ing with a glide, an open er."""

from __future__ import annotations

import pytest

from training.engines.espeak import NORTHERN, northern


@pytest.mark.parametrize(
    ("syllable", "said"),
    [
        ("ling2", "[[lj'@35N]]"),
        ("xing1,", "[[S;j'@55N]],"),
        ("ying4", "[[jj'@51N]]"),
        ("er4", "[['ar51]]"),
        ("er2,", "[['ar35]],"),
    ],
)
def test_ing_and_er_become_phonemes(syllable: str, said: str) -> None:
    assert northern(syllable, NORTHERN[0]) == said


@pytest.mark.parametrize("syllable", ["liu4", "jiang1", "ping", "qiong2", "ge4", "heng2"])
def test_everything_else_stays_pinyin(syllable: str) -> None:
    assert northern(syllable, NORTHERN[0]) == syllable
