"""The simulated callers of `ivr bench order-numbers`: none gets a wrong order, and the errors put in are the errors found."""

from __future__ import annotations

import random

import pytest

from ivr.bench.order_numbers import Case, Trial, call, hypothesis, misheard, shop, simulate
from ivr.bench.telephone_numbers import FOUND, judged
from ivr.dialogue.digit_errors import ERRORS, DigitErrors, fit
from ivr.values import Language
from order_lookup.numbers import DEFAULT

MINE, OTHER = DEFAULT.complete("20261121003"), DEFAULT.complete("88261121777")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_simulated_callers_get_their_order_and_no_other(language: Language) -> None:
    spread, dense = simulate(language, 80, 7), simulate(language, 60, 7, dense=True)
    assert (spread.wrong, dense.wrong) == (0, 0)
    assert spread.first >= 0.95
    assert spread.repaired >= 0.98
    assert dense.repaired >= 0.95
    assert simulate(language, 20, 3) == simulate(language, 20, 3)


def test_an_order_of_somebody_else_taken_wrongly_is_caught_by_the_phone() -> None:
    heard = [hypothesis(OTHER, "zh"), hypothesis(MINE, "zh")]
    trial = call(Case(MINE, ()), {OTHER, MINE}, "zh", lambda _said, at: (heard[at],))
    assert trial == Trial("open", "right", asked_digits=False, caught=1)
    own = call(Case(MINE, (MINE, OTHER)), {OTHER, MINE}, "zh", lambda _said, _at: (heard[0],))
    assert own.first == "wrong"


def test_the_errors_of_a_recogniser_are_found_in_what_it_hears() -> None:
    dice = random.Random(5)
    true = DigitErrors({("1", "7"): 0.2}, other=0.0, drop=0.03, drop_repeat=0.15, add=0.0, add_repeat=0.0)
    said = shop(dice, 1500)
    found = fit([(number, misheard(number, true, dice)) for number in said], ERRORS["zh"])
    assert found.swaps["1", "7"] == pytest.approx(0.2, abs=0.03)
    assert found.swaps["6", "9"] < 0.005
    assert found.drop == pytest.approx(0.03, abs=0.01)
    assert found.drop_repeat == pytest.approx(0.15, abs=0.04)


@pytest.mark.parametrize(
    ("prompts", "came"),
    [
        (("order_number", FOUND, "status_paid"), Trial("right", "right")),
        (("order_number", "order_number.no_input.1", FOUND, "status_paid"), Trial("right", "right")),
        (("order_number", "order_not_found", "order_number_again", FOUND, "status_paid"), Trial("open", "right")),
        (("order_number", "order_which_digits", FOUND, "status_paid"), Trial("open", "right", asked_digits=True)),
        (("order_number", FOUND, "order_not_found"), Trial("wrong", "wrong")),
        (("order_number", "doubt", "cannot_hear"), Trial("open", "open")),
    ],
)
def test_the_records_say_what_came_of_a_number(prompts: tuple[str, ...], came: Trial) -> None:
    assert judged(prompts) == came
