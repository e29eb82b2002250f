"""Order numbers by the thousand: said, heard with a recogniser's errors, decoded against data, repaired (pure).

A call is what the dialogue makes of it: the number is decoded against the caller's own orders, then against all orders; where
several fit, the digits that decide are asked for; where none fits, the whole number once more. What is still open then goes
to keys. `Hear` is a recogniser: digits said, in the how-manieth try → N-best.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ivr.dialogue.digit_errors import ERRORS, DigitErrors
from ivr.dialogue.order_number import (
    Accepted,
    AskDigits,
    OrderPattern,
    Settlement,
    answer,
    decode,
    expand,
    settle,
)
from ivr.events import Hypothesis
from ivr.values import Language
from order_lookup.numbers import DEFAULT

PATTERN = OrderPattern(DEFAULT.digits, DEFAULT.prefix, DEFAULT.is_valid)
OWN_SHARE = 0.9  # so many callers name an order of their own
DIGITS: dict[Language, Sequence[str]] = {
    "zh": "零一二三四五六七八九",
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
Hear = Callable[[str, int], Sequence[Hypothesis]]
Came = Literal["right", "wrong", "open"]


@dataclass(frozen=True, slots=True)
class Case:
    """A number that is said, and the orders of the number that calls."""

    said: str
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: after the first utterance, and after one repair.

    `caught` counts orders of others that were taken wrongly: their phone's digits are asked for before anything is said, so
    the mistake shows, and the number is asked for again.
    """

    first: Came
    repaired: Came
    asked_digits: bool = False
    caught: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """Trials counted; shares from 0 to 1."""

    calls: int
    first: float
    repaired: float
    wrong: int
    asked_digits: int
    caught: int

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> Tally:
        """The count of some trials."""
        first, last = Counter(each.first for each in trials), Counter(each.repaired for each in trials)
        count = max(1, len(trials))
        return cls(
            len(trials),
            first["right"] / count,
            last["right"] / count,
            last["wrong"],
            sum(each.asked_digits for each in trials),
            sum(each.caught for each in trials),
        )


def shop(dice: random.Random, orders: int = 5000, dense: bool = False) -> list[str]:
    """The numbers of a shop: spread out, or counted up within a day, where neighbours differ in a digit or two."""
    bodies = [str(20261121000 + at) if dense else f"{dice.randrange(10**11):011}" for at in range(orders)]
    return [DEFAULT.complete(body) for body in dict.fromkeys(bodies)]


def cases(dice: random.Random, orders: Sequence[str], count: int) -> Iterable[Case]:
    """Callers with one to three orders of their own; some call about somebody else's."""
    for _ in range(count):
        at = dice.randrange(len(orders) - 3)
        own = tuple(orders[at : at + dice.choice((1, 2, 3))])
        yield Case(dice.choice(own) if dice.random() < OWN_SHARE else dice.choice(orders), own)


def call(case: Case, known: Collection[str], language: Language, hear: Hear) -> Trial:
    """One caller: the number, and where that doesn't settle it, one repair."""
    first = _settled(hear(case.said, 0), case, known, language)
    came, caught = _came(first, case)
    if came != "open":
        return Trial(came, came)
    if isinstance(first, AskDigits):
        second: Settlement = answer(first, hear(case.said[first.start : first.end], 1), language)
    else:
        second = _settled(hear(case.said, 1), case, known, language)
    last, again = _came(second, case)
    return Trial("open", last, isinstance(first, AskDigits), caught + again)


def _settled(hypotheses: Sequence[Hypothesis], case: Case, known: Collection[str], language: Language) -> Settlement:
    decoded = decode(hypotheses, PATTERN, case.own, language)
    if decoded.settled:
        return Accepted(decoded.settled, 0.0)
    return settle(decoded, [number for number in expand(decoded, PATTERN) if number in known])


def _came(settlement: Settlement, case: Case) -> tuple[Came, int]:
    """What it came to, and 1 if the order taken is somebody else's and not the one said: the phone's digits would tell."""
    if not isinstance(settlement, Accepted):
        return "open", 0
    if settlement.number == case.said:
        return "right", 0
    return ("wrong", 0) if settlement.number in case.own else ("open", 1)


def hypothesis(digits: str, language: Language, confidence: float = 0.8) -> Hypothesis:
    """Digits as the words of a recogniser."""
    return Hypothesis(" ".join(DIGITS[language][int(digit)] for digit in digits), confidence)


def simulated(language: Language, dice: random.Random, errors: DigitErrors | None = None) -> Hear:
    """A recogniser that errs as the table says; it gives its best reading alone, which is harder than N-best."""
    table = errors or ERRORS[language]
    return lambda said, _try: (hypothesis(misheard(said, table, dice), language),)


def misheard(said: str, errors: DigitErrors, dice: random.Random) -> str:
    """A number as a recogniser with these errors hears it."""
    heard: list[str] = []
    for at, digit in enumerate(said):
        repeated = digit in (said[at - 1 : at], said[at + 1 : at + 2])
        if dice.random() < (errors.drop_repeat if repeated else errors.drop):
            continue
        if dice.random() < errors.add:
            heard.append(dice.choice("0123456789"))
        others = [other for other in "0123456789" if other != digit]
        weights = [errors.swaps.get((digit, other), errors.other) for other in others]
        swapped = dice.random() < sum(weights)
        heard.append(dice.choices(others, weights)[0] if swapped else digit)
    return "".join(heard)


def simulate(
    language: Language, calls: int, seed: int, dense: bool = False, errors: DigitErrors | None = None
) -> Tally:
    """So many simulated callers, the same for the same seed; `errors` are the recogniser's, else those of the table."""
    dice = random.Random(f"{seed} {language} {dense}")
    orders = shop(dice, dense=dense)
    known, hear = frozenset(orders), simulated(language, dice, errors)
    return Tally.of([call(case, known, language, hear) for case in cases(dice, orders, calls)])
