"""Chopsticks are missing, or chopsticks and what was paid for."""

from __future__ import annotations

import pytest

from ivr.dialogue.extras import Extras

ZH = Extras(["筷子", "勺子", "餐具"], "zh")
EN = Extras(["chopsticks", "fork", "forks", "napkins"], "en")


@pytest.mark.parametrize(
    ("extras", "said", "named"),
    [
        (ZH, "少了双筷子", "筷子"),
        (ZH, "筷子和勺子都没给", "筷子和勺子"),
        (ZH, "汤和筷子都没有", ""),
        (ZH, "餐具没有还有一个菜没送", ""),
        (ZH, "少了一碗汤", ""),
        (EN, "there are no chopsticks", "chopsticks"),
        (EN, "no forks and no napkins in the bag", "forks and no napkins"),
        (EN, "the soup and the chopsticks are missing", ""),
        (EN, "i was pitchforked", ""),
    ],
)
def test_nothing_else_may_be_named_beside_them(extras: Extras, said: str, named: str) -> None:
    assert extras.named(said) == named


def test_without_words_nothing_is_named() -> None:
    assert Extras([], "zh").named("筷子") == ""
