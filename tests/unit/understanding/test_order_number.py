"""Order numbers: decoded, told apart, corrected, and never a wrong one taken."""

import random

import pytest

from ivr.dialogue.digit_errors import ERRORS
from ivr.dialogue.order_number import (
    Accepted,
    AskDigits,
    NoneFound,
    OrderPattern,
    Settlement,
    answer,
    correct,
    decode,
    expand,
    settle,
)
from ivr.events import Hypothesis
from ivr.values import Language
from order_lookup.numbers import DEFAULT

PATTERN = OrderPattern(12, "", DEFAULT.is_valid)
WORDS = {
    "zh": list("零一二三四五六七八九"),
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
}


def hypothesis(digits: str, language: Language = "zh", confidence: float = 0.8) -> Hypothesis:
    return Hypothesis(
        ("" if language == "zh" else " ").join(WORDS[language][int(digit)] for digit in digits), confidence
    )


MINE, OTHER = DEFAULT.complete("20261121003"), DEFAULT.complete("88261121777")


def test_an_order_of_the_callers_own_is_settled_through_a_confusion() -> None:
    decoded = decode([hypothesis(MINE.replace("6", "9", 1))], PATTERN, (MINE, OTHER), "zh")
    assert (decoded.likely, decoded.settled) == (MINE, "")
    assert settle(decoded, ()) == Accepted(MINE, pytest.approx(0, abs=3))
    assert decode([hypothesis(MINE)], PATTERN, (MINE, OTHER), "zh").settled == MINE


def test_a_neighbours_order_nearer_to_what_was_heard_is_not_ones_own() -> None:
    own, neighbour = "202611213809", "202611213895"
    decoded = decode([hypothesis("202611213855", "en")], PATTERN, (own, "202611213791"), "en")
    assert decoded.settled == ""
    found = settle(decoded, [number for number in expand(decoded, PATTERN) if number == neighbour])
    assert isinstance(found, AskDigits)
    assert set(found.candidates) == {own, neighbour}


def test_a_dropped_repeat_is_found_again() -> None:
    assert "11" in MINE
    decoded = decode([hypothesis(MINE.replace("11", "1", 1))], PATTERN, (MINE, OTHER), "zh")
    assert decoded.likely == MINE
    assert isinstance(settle(decoded, ()), Accepted)


def test_a_valid_number_of_somebody_else_is_not_bent_to_ones_own() -> None:
    near = DEFAULT.complete("20261121004")
    decoded = decode([hypothesis(near)], PATTERN, (MINE,), "zh")
    assert decoded.settled == ""
    assert settle(decoded, [near]) != Accepted(MINE, 0)


def test_a_tail_finds_one_order_or_asks_between_two() -> None:
    twin = DEFAULT.complete("99991121003")[:-4] + MINE[-4:]
    assert decode([Hypothesis("尾号" + hypothesis(MINE[-4:]).text, 1.0)], PATTERN, (MINE, OTHER), "zh").settled == MINE
    decoded = decode([Hypothesis("尾号" + hypothesis(MINE[-4:]).text, 1.0)], PATTERN, (MINE, twin), "zh")
    asked = settle(decoded, ())
    assert isinstance(asked, AskDigits)
    assert set(asked.candidates) == {MINE, twin}
    assert len(asked.choices) == 2


def test_the_answer_to_a_question_for_digits_decides() -> None:
    asked = AskDigits((MINE, OTHER), 0, 4)
    assert answer(asked, [hypothesis(OTHER[:4])], "zh") == Accepted(OTHER, pytest.approx(0.3, abs=0.3))
    assert isinstance(answer(asked, [Hypothesis("我不知道", 1.0)], "zh"), NoneFound)


def test_candidates_are_valid_bounded_and_hold_what_was_said() -> None:
    heard = OTHER.replace("7", "1", 1)
    found = expand(decode([hypothesis(heard)], PATTERN, (), "zh"), PATTERN)
    assert OTHER in found[:60]
    assert len(found) <= 500
    assert all(DEFAULT.is_valid(number) for number in found)


def test_a_group_is_corrected_not_everything() -> None:
    heard = MINE[:4] + "3821" + MINE[8:]
    assert MINE[:4] + "3827" + MINE[8:] in correct(heard, "", "3827", PATTERN)
    assert correct(heard, "3821", "3827", PATTERN) == (MINE[:4] + "3827" + MINE[8:],)
    assert correct(heard, "", "123456789012345", PATTERN) == ()


@pytest.mark.parametrize("text", ["", "没有", "😀" * 50, "一" * 200, "\x00\x01", "x" * 5000])
def test_no_text_is_too_odd(text: str) -> None:
    decoded = decode([Hypothesis(text, 0.5)], PATTERN, (MINE,), "zh")
    assert decoded.settled == ""
    assert isinstance(settle(decoded, expand(decoded, PATTERN)), NoneFound)


def misheard(said: str, language: Language, noise: float, rng: random.Random) -> str:
    """What a recogniser with the confusions of the table makes of a number."""
    errors, heard = ERRORS[language], []
    for at, digit in enumerate(said):
        repeated = digit in (said[at - 1 : at], said[at + 1 : at + 2])
        if rng.random() < (errors.drop_repeat if repeated else errors.drop) * noise:
            continue
        if rng.random() < errors.add * noise:
            heard.append(rng.choice("0123456789"))
        rest = rng.random()
        for other in "0123456789":
            rest -= errors.swaps.get((digit, other), errors.other) * noise if other != digit else 0
            if rest < 0:
                heard.append(other)
                break
        else:
            heard.append(digit)
    return "".join(heard)


def called(
    said: str, own: list[str], known: set[str], language: Language, noise: float, rng: random.Random
) -> Settlement:
    texts = dict.fromkeys(misheard(said, language, noise, rng) for _ in range(4))
    hypotheses = [hypothesis(text, language, 0.8 / (at + 1)) for at, text in enumerate(texts)]
    decoded = decode(hypotheses, PATTERN, own, language)
    if decoded.settled:
        return Accepted(decoded.settled, 0.0)
    return settle(decoded, [number for number in expand(decoded, PATTERN) if number in known])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dense", [False, True])
def test_no_wrong_order_in_a_hundred_and_twenty_calls(language: Language, dense: bool) -> None:
    rng = random.Random(f"{language}{dense}")
    bodies = [str(20261121000 + at) if dense else f"{rng.randrange(10**11):011}" for at in range(5000)]
    orders = [DEFAULT.complete(body) for body in bodies]
    known, right = set(orders), 0
    for _ in range(120):
        at = rng.randrange(4990)
        own = orders[at : at + rng.choice((1, 2, 3))]
        said = rng.choice(own) if rng.random() < 0.9 else rng.choice(orders)
        settled = called(said, own, known, language, 1.0, rng)
        assert not isinstance(settled, Accepted) or settled.number == said
        right += isinstance(settled, Accepted)
    assert right >= (95 if dense else 114)
