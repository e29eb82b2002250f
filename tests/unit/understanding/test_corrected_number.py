"""A number corrected while it is being said."""

from __future__ import annotations

import pytest

from ivr.dialogue.corrected_number import laid_over, plain_number
from ivr.dialogue.order_number import OrderPattern, readings_of
from ivr.events import Hypothesis
from ivr.values import Language
from order_lookup.numbers import DEFAULT

PATTERN = OrderPattern(DEFAULT.digits, DEFAULT.prefix, DEFAULT.is_valid)
NUMBER = "302610726346"


@pytest.mark.parametrize(
    ("first", "last", "meant"),
    [
        ("30261071", "10726346", NUMBER),  # taken up at the group that was wrong, and said to the end
        ("30261072", "10726346", NUMBER),
        ("302610726349", "6346", NUMBER),  # the last group anew
        ("302610716346", "1072", NUMBER),  # one in the middle
        ("30261071", "1072", "30261072"),  # … of a number that still goes on
        ("302619", "302610726346", NUMBER),  # all of it anew
        ("3821", "3827", "3827"),
        ("3821", "6346", "6346"),
    ],
)
def test_what_was_said_last_stands_in_the_place_of_what_it_corrects(first: str, last: str, meant: str) -> None:
    assert laid_over(first, last, PATTERN) == meant


@pytest.mark.parametrize(
    ("said", "language", "digits"),
    [
        ("三零二六一零七二不对一零七二六三四六", "zh", NUMBER),
        ("三零二六一零七一不对一零七二六三四九说错了六三四六", "zh", NUMBER),
        ("尾号是六三四一不对是六三四六", "zh", "6346"),
        ("three zero two six one zero seven one sorry one zero seven two six three four six", "en", NUMBER),
        ("三零二六一零七二六三四六不对吗", "zh", NUMBER),
        ("订单号是三零二六一零不对不对尾号是六三四六", "zh", "6346"),  # no correction: the end in its place
        ("three zero two six one zero no wait it ends in six three four six", "en", "6346"),
        ("尾号 十 六 三 四 六", "zh", "6346"),  # 是, as it was heard
        ("订单号 十 三 零 二 六 幺 零 七 二 六 三 四 六", "zh", NUMBER),
        ("尾号六十三四十六", "zh", "6346"),  # tens that were said
    ],
)
def test_numbers_as_they_were_put_right(said: str, language: Language, digits: str) -> None:
    words = plain_number(said, language, PATTERN)
    assert readings_of([Hypothesis(words, 1.0)], language)[0].digits == digits
