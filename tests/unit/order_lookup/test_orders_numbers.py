"""Order numbers, money and phones: pure values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_lookup import numbers
from order_lookup.money import Money
from order_lookup.numbers import NumberPattern
from order_lookup.phones import normal_phone

BODIES = st.text("0123456789", min_size=11, max_size=11)


def test_check_digits_of_the_literature() -> None:
    assert numbers.check_digit("572", "damm") == "4"
    assert numbers.check_digit("7992739871", "luhn") == "3"


@given(BODIES, st.integers(0, 11), st.integers(1, 9))
def test_damm_finds_every_wrong_digit(body: str, place: int, step: int) -> None:
    number = numbers.DEFAULT.complete(body)
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert numbers.is_valid(number)
    assert not numbers.is_valid(wrong)


@given(BODIES, st.integers(0, 10))
def test_damm_finds_every_swap_of_neighbours(body: str, place: int) -> None:
    number = numbers.DEFAULT.complete(body)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert numbers.is_valid(swapped) == (swapped == number)


@pytest.mark.parametrize("bad", ["", "12", "30261072634a", "３０２６１０７２６３４６", "302610726346\n", "1" * 10_000])
def test_what_is_no_number_is_not_valid(bad: str) -> None:
    assert not numbers.is_valid(bad)


def test_a_pattern_with_prefix_and_luhn() -> None:
    pattern = NumberPattern(10, "88", "luhn")
    number = pattern.complete("1234567")
    assert number.startswith("881234567")
    assert pattern.is_valid(number)
    assert not pattern.is_valid("99" + number[2:])
    with pytest.raises(ValueError, match="doesn't fit"):
        pattern.complete("12345678")


@pytest.mark.parametrize(
    ("said", "digits"),
    [("3026-1072 6346", "302610726346"), ("３８２１", "3821"), ("#3821", "3821"), ("38a1", ""), ("1" * 65, "")],
)
def test_digits_only(said: str, digits: str) -> None:
    assert numbers.digits_only(said) == digits


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+86 138 0116 1353", "13801161353"),
        ("008613801161353", "13801161353"),
        ("sip:13801161353@10.0.0.1;user=phone", "13801161353"),
        ("tel:+442079460123", "442079460123"),
        ("anonymous", ""),
        ("sip:anonymous@anonymous.invalid", ""),
        ("110", ""),
        ("1" * 10_000, ""),
        ("'; DROP TABLE shop_orders;--", ""),
    ],
)
def test_phones_in_normal_form(written: str, normal: str) -> None:
    assert normal_phone(written) == normal


def test_money_keeps_every_cent() -> None:
    assert Money(10_005).per_cent(10) == Money(1_001)
    assert Money(500).at_most(Money(300)) == Money(300)
    assert Money(-5).at_most(Money(300)) == Money(0)
    assert str(Money(-1_234, "EUR")) == "-12.34 EUR"
    assert str(Money(1_234, "JPY")) == "1234 JPY"
    assert str(Money(0)) == "0.00 CNY"


def test_money_of_two_currencies_never_mixes() -> None:
    with pytest.raises(ValueError, match="don't mix"):
        Money(1, "CNY") + Money(1, "USD")


@pytest.mark.parametrize("units", [1.5, "1", None, True])
def test_money_is_counted_in_whole_units(units: object) -> None:
    with pytest.raises(TypeError, match="whole minor units"):
        Money(units)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["yuan", "YUAN", "CN", "cny", "元元元", "ＣＮＹ", ""])
def test_a_currency_is_a_code_of_three_letters(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, code)
