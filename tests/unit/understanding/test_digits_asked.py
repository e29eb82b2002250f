"""Digits that are asked for, as callers say them: with the count before them, in pieces, corrected, or not at all."""

from __future__ import annotations

import pytest

from ivr.dialogue.digits_asked import chosen
from ivr.values import Digits
from tests.unit.understanding.conftest import Hear


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("七幺五九", "7159"),
        ("后四位是七幺五九", "7159"),
        ("手机后四位七幺五九", "7159"),
        ("尾号七幺五九", "7159"),
        ("四七幺五九", "7159"),
        ("七幺嗯五九", "7159"),
        ("七幺五九不对七幺五八", "7158"),
        ("一三八零零零零七幺五九", "13800007159"),
        ("the last four are seven one five nine", "7159"),
        ("last four digits seven one five nine", "7159"),
        ("seven one um five nine", "7159"),
    ],
)
def test_four_digits_are_found_among_what_is_said(hear: Hear, said: str, digits: str) -> None:
    found = hear(said, wants="slot", slot="digits", digits=4)
    assert [(slot.kind, slot.value) for slot in found.slots if slot.kind == "digits"] == [("digits", Digits(digits))]


@pytest.mark.parametrize(
    "said", ["七幺五", "四位吗", "后四位是什么", "我说了三遍了", "seven one five", "which four digits", "two seconds"]
)
def test_fewer_digits_than_asked_for_are_none(hear: Hear, said: str) -> None:
    found = hear(said, wants="slot", slot="digits", digits=4)
    assert not [slot for slot in found.slots if slot.kind == "digits"]


@pytest.mark.parametrize(
    ("said", "universal"),
    [
        ("再说一遍", "repeat"),
        ("等一下", "wait"),
        ("我找一下", "wait"),
        ("说慢一点", "slower"),
        ("one moment", "wait"),
        ("say that one more time", "repeat"),
    ],
)
@pytest.mark.parametrize("slot", ["digits", "order_number", "phone"])
def test_a_number_word_within_a_wish_is_no_digit(hear: Hear, said: str, universal: str, slot: str) -> None:
    assert hear(said, wants="slot", slot=slot, digits=4 if slot == "digits" else 0).universal == universal


def test_what_is_chosen_among_numbers() -> None:
    assert chosen(["1234", "5678"], [], 4) == "5678"
    assert chosen(["12", "34"], [], 4) == "1234"
    assert chosen(["12"], ["1", "1294"], 4) == "1294"
    assert chosen(["0726346"], [], 4) == ""  # the rest of an order number, said on while it was keyed
    assert chosen(["41234"], [], 4) == "1234"
    assert chosen(["51234"], [], 4) == "51234"
    assert chosen(["1"], ["1"], 4) == ""
    assert chosen([], [], 2) == ""
