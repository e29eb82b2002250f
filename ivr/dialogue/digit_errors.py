"""How a recogniser errs on spoken digits, as costs: the negative log of P(heard | said) (pure).

The tables are counts turned into probabilities; `training` can refit them to another recogniser (`fit`). A digit said and
not heard is a drop, cheaper beside its own like (recognisers swallow repeats); heard and not said is an addition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from ivr.values import Language

Confusions = Mapping[tuple[str, str], float]  # (said, heard) → probability
IMPOSSIBLE = 99.0


@dataclass(frozen=True, slots=True, eq=False)
class DigitErrors:
    """Costs of one recogniser and language; `swaps` are the likely confusions, all others share `other`."""

    swaps: Confusions
    other: float = 0.002
    drop: float = 0.01
    drop_repeat: float = 0.06
    add: float = 0.006
    add_repeat: float = 0.02
    keep: float = field(default=0.93)

    def said_as(self, said: str, heard: str) -> float:
        """Cost of hearing one digit for another (or rightly)."""
        if said == heard:
            return -log(self.keep)
        return -log(self.swaps.get((said, heard), self.other))

    def dropped(self, said: str, before: str, after: str) -> float:
        """Cost of a said digit not being heard, given the digits said around it."""
        return -log(self.drop_repeat if said in (before, after) else self.drop)

    def added(self, heard: str, before: str) -> float:
        """Cost of hearing a digit that was not said, after the digit heard before."""
        return -log(self.add_repeat if heard == before else self.add)


_ZH = DigitErrors(
    {
        ("1", "7"): 0.04, ("7", "1"): 0.04, ("4", "0"): 0.006, ("6", "9"): 0.03, ("9", "6"): 0.03, ("4", "1"): 0.006,
        ("2", "8"): 0.012, ("8", "2"): 0.012, ("0", "6"): 0.012, ("6", "0"): 0.012, ("5", "0"): 0.006, ("5", "3"): 0.004,
        ("3", "4"): 0.006, ("4", "3"): 0.006, ("8", "7"): 0.006, ("7", "8"): 0.006, ("4", "7"): 0.006, ("7", "4"): 0.006,
        ("5", "9"): 0.004, ("9", "5"): 0.004, ("0", "5"): 0.006, ("2", "1"): 0.006, ("1", "2"): 0.006,
    }
)  # fmt: skip
_EN = DigitErrors(
    {
        ("5", "9"): 0.04, ("9", "5"): 0.04, ("1", "9"): 0.015, ("9", "1"): 0.015, ("0", "4"): 0.01, ("4", "0"): 0.01,
        ("3", "2"): 0.008, ("2", "3"): 0.01, ("6", "8"): 0.006, ("8", "3"): 0.01, ("3", "8"): 0.008, ("2", "0"): 0.008,
        ("0", "2"): 0.006, ("4", "5"): 0.006, ("7", "1"): 0.006, ("8", "6"): 0.006, ("2", "8"): 0.006, ("8", "2"): 0.006,
    }
)  # fmt: skip
ERRORS: Mapping[Language, DigitErrors] = {"zh": _ZH, "en": _EN}


def cost(number: str, heard: str, errors: DigitErrors, free_start: bool = False) -> float:
    """The cheapest alignment of a number with what was heard; with `free_start` only the number's end was said.

    O(len(number) × len(heard)).
    """
    row = [0.0] * (len(heard) + 1)
    for j in range(1, len(heard) + 1):
        row[j] = row[j - 1] + errors.added(heard[j - 1], heard[j - 2] if j > 1 else "")
    for i, said in enumerate(number):
        before, after = number[i - 1 : i], number[i + 1 : i + 2]
        drop = errors.dropped(said, before, after)
        line = [0.0 if free_start else row[0] + drop]
        for j in range(1, len(heard) + 1):
            line.append(
                min(
                    row[j - 1] + errors.said_as(said, heard[j - 1]),
                    row[j] + drop,
                    line[j - 1] + errors.added(heard[j - 1], heard[j - 2] if j > 1 else ""),
                )
            )
        row = line
    return row[-1]


def neighbours(heard: str, length: int, budget: float, errors: DigitErrors, most: int = 5_000) -> dict[str, float]:
    """All numbers of a length that could be heard so within a cost budget, with (an upper bound of) their costs."""
    found: dict[str, float] = {}
    rest = _rest(len(heard), length, errors)
    stack: list[tuple[int, str, float]] = [(0, "", 0.0)]
    while stack and len(found) < most:
        at, number, spent = stack.pop()
        if at == len(heard) and len(number) == length:
            found[number] = min(spent, found.get(number, IMPOSSIBLE))
            continue
        for step in _steps(at, number, heard, length, errors):
            total = spent + step[2]
            if total + rest[step[0]][len(step[1])] <= budget:
                stack.append((step[0], step[1], total))
    return found


def fit(pairs: Iterable[tuple[str, str]], base: DigitErrors) -> DigitErrors:
    """The same costs refitted to (said, heard) digit strings of one recogniser, smoothed by the base's."""
    counts: dict[tuple[str, str], float] = {}
    totals: dict[str, float] = {}
    for said, heard in pairs:
        for one, other in aligned(said, heard, base):
            counts[one, other] = counts.get((one, other), 0) + 1
            totals[one] = totals.get(one, 0) + 1
    smooth = 40.0
    swaps = {
        (one, other): round((counts.get((one, other), 0) + smooth * base.swaps.get((one, other), base.other)) / (n + smooth), 4)
        for one, n in totals.items()
        for other in "0123456789"
        if one and other != one and (counts.get((one, other), 0) or (one, other) in base.swaps)
    }  # fmt: skip
    return DigitErrors(swaps, base.other, base.drop, base.drop_repeat, base.add, base.add_repeat, base.keep)


def aligned(said: str, heard: str, errors: DigitErrors) -> list[tuple[str, str]]:
    """The pairs of the cheapest alignment; "" on one side is a drop or an addition."""
    if not said or not heard:
        return [(digit, "") for digit in said] or [("", digit) for digit in heard]
    options = (
        (errors.said_as(said[0], heard[0]) + cost(said[1:], heard[1:], errors), (said[0], heard[0]), 1, 1),
        (errors.dropped(said[0], "", said[1:2]) + cost(said[1:], heard, errors), (said[0], ""), 1, 0),
        (errors.added(heard[0], "") + cost(said, heard[1:], errors), ("", heard[0]), 0, 1),
    )
    _, pair, used, taken = min(options)
    return [pair, *aligned(said[used:], heard[taken:], errors)]


def _steps(at: int, number: str, heard: str, length: int, errors: DigitErrors) -> Iterable[tuple[int, str, float]]:
    """What may have happened next: a digit heard (rightly or not), one dropped, one added."""
    if at < len(heard):
        if len(number) < length:
            for said, price in _heard_for(heard[at], errors):
                yield at + 1, number + said, price
        yield at + 1, number, errors.added(heard[at], heard[at - 1] if at else "")
    if len(number) < length:
        for said in "0123456789":
            after = heard[at] if at < len(heard) else ""
            yield at, number + said, errors.dropped(said, number[-1:], after)


@lru_cache(maxsize=1024)
def _heard_for(heard: str, errors: DigitErrors) -> tuple[tuple[str, float], ...]:
    return tuple((said, errors.said_as(said, heard)) for said in "0123456789")


def _rest(heard: int, length: int, errors: DigitErrors) -> list[list[float]]:
    """A lower bound of what the rest costs, by digits heard so far and digits of the number so far."""
    keep, drop = -log(errors.keep), -log(max(errors.drop, errors.drop_repeat))
    add = -log(max(errors.add, errors.add_repeat))

    def bound(left: int, wanted: int) -> float:
        return min(left, wanted) * keep + max(wanted - left, 0) * drop + max(left - wanted, 0) * add

    return [[bound(heard - i, length - j) for j in range(length + 1)] for i in range(heard + 1)]
