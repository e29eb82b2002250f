"""How a recogniser errs on spoken digits, as costs: the negative log of P(heard | said) (pure).

The tables are counts turned into probabilities; `training` can refit them to another recogniser (`fit`). A digit said and
not heard is a drop, cheaper beside its own like (recognisers swallow repeats); heard and not said is an addition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import Literal

from ivr.values import Language

Confusions = Mapping[tuple[str, str], float]  # (said, heard) → probability
IMPOSSIBLE = 99.0
PRIOR = 40  # sightings of a digit that a table by hand is worth


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
    """The table refitted to (said, heard) digit strings of one recogniser; the base's counts as much as `PRIOR` sightings a digit."""
    seen: Counter[tuple[str, str]] = Counter()
    said_digits: Counter[str] = Counter()
    kinds: Counter[tuple[str, bool]] = Counter()
    for said, heard in pairs:
        _count(said, aligned(said, heard, base), seen, said_digits, kinds)

    def share(count: int, of: int, prior: float, weight: float = PRIOR) -> float:
        return round((count + weight * prior) / (of + weight), 5)

    swaps = {
        (one, other): share(seen[one, other], said_digits[one], base.swaps.get((one, other), base.other))
        for one in "0123456789"
        for other in "0123456789"
        if one != other and (seen[one, other] or (one, other) in base.swaps)
    }
    total, wrong = said_digits.total(), sum(count for (one, other), count in seen.items() if one and other != one)
    many = 10 * PRIOR
    drops = {
        again: share(kinds["drop", again], kinds["said", again], prior, many)
        for again, prior in _by_repeat(base, "drop")
    }
    adds = {
        again: share(kinds["add", again], kinds["said", again], prior, many) for again, prior in _by_repeat(base, "add")
    }
    keep = share(total - wrong, total, base.keep, many)
    return DigitErrors(swaps, base.other, drops[False], drops[True], adds[False], adds[True], keep)


def _by_repeat(base: DigitErrors, kind: Literal["drop", "add"]) -> tuple[tuple[bool, float], ...]:
    """What the base has for a digit by itself, and beside its like."""
    if kind == "drop":
        return (False, base.drop), (True, base.drop_repeat)
    return (False, base.add), (True, base.add_repeat)


def _count(
    said: str,
    pairs: Iterable[tuple[str, str]],
    seen: Counter[tuple[str, str]],
    said_digits: Counter[str],
    kinds: Counter[tuple[str, bool]],
) -> None:
    at, last = 0, ""
    for one, other in pairs:
        seen[one, other] += 1
        if one:
            again = one in (said[at - 1 : at], said[at + 1 : at + 2])
            said_digits[one] += 1
            kinds["said", again] += 1
            kinds["drop", again] += not other
            at += 1
        else:
            kinds["add", other == last] += 1
        last = other or last


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
