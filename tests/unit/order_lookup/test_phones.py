"""Telephone numbers: however one is written, it is the same, and no other one is."""

from __future__ import annotations

import pytest

from order_lookup.phones import notations


@pytest.mark.parametrize(
    "notation",
    ["13800138000", "+86 138 0013 8000", "0086-13800138000", "8613800138000", "013800138000", "sip:13800138000@pbx.example",
     "tel:+86-138-0013-8000", "１３８００１３８０００", "(138) 0013.8000"],
)  # fmt: skip
def test_all_notations_of_a_number_are_one_person(notation: str) -> None:
    assert notations(notation) == notations("13800138000")


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("010-65529988", "+86 10 6552 9988", "021-65529988"),
        ("0755 8329 9999", "008675583299999", "0756 8329 9999"),
        ("+44 20 7946 0958", "0044 20 7946 0958", "+44 20 7946 0959"),
        ("65529988", "6552 9988", "010-65529988"),
        ("8001", "8001", "8002"),
    ],
)
def test_landlines_and_foreign_numbers_too(one: str, same: str, other: str) -> None:
    assert notations(one) == notations(same)
    assert not notations(one) & notations(other)
