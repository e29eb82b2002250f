"""Order numbers decoded against data: what was heard × how recognisers err ∩ check digit ∩ orders that exist (pure)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr.values import Language


@dataclass(frozen=True, slots=True)
class OrderPattern:
    """The shape of an order number; `is_valid` knows length, prefix and check digit (the order desk's own function)."""

    length: int = 12
    prefix: str = ""
    is_valid: Callable[[str], bool] = lambda number: number.isascii() and number.isdigit() and len(number) == 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order number that may have been meant; cost is the negative log of how likely it is to be heard as it was."""

    number: str
    cost: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One hypothesis as digits, and the cost of that hypothesis (0 for the best)."""

    digits: str
    cost: float


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was heard of an order number: readings, and this caller's own orders by cost, cheapest first.

    `tail` says that the caller named the end of the number only. `settled` is a number of this caller's own orders that is
    beyond doubt, or "".
    """

    readings: tuple[Reading, ...]
    own: tuple[Candidate, ...]
    language: Language
    tail: bool = False
    settled: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One order is meant, with little doubt; it is still read back (implicit confirmation)."""

    number: str
    cost: float


@dataclass(frozen=True, slots=True)
class AskDigits:
    """Several orders fit: ask for the digits from `start` to `end` (of the number, from 0), which tell them apart."""

    candidates: tuple[str, ...]
    start: int
    end: int

    @property
    def choices(self) -> tuple[str, ...]:
        """What those digits can be, candidates in order."""
        return tuple(dict.fromkeys(number[self.start : self.end] for number in self.candidates))


@dataclass(frozen=True, slots=True)
class NoneFound:
    """No order fits what was heard."""


Settlement = Accepted | AskDigits | NoneFound
