"""Money as whole minor units (fen, cents) with a currency, so that no cent is ever lost to rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from order_lookup.currencies import decimals

_PER_CENT = 100


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units of an ISO 4217 currency; amounts of different currencies never mix."""

    minor_units: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if isinstance(self.minor_units, bool) or not isinstance(self.minor_units, int):
            raise TypeError(f"money is counted in whole minor units, not {self.minor_units!r}")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"not an ISO 4217 currency code: {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor_units + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor_units - self._same(other), self.currency)

    def __bool__(self) -> bool:
        return self.minor_units != 0

    def per_cent(self, percent: int) -> Money:
        """This many per cent of the amount, rounded half up to a minor unit."""
        return Money((self.minor_units * percent + _PER_CENT // 2) // _PER_CENT, self.currency)

    def at_most(self, cap: Money) -> Money:
        """The smaller of the two, never below nothing."""
        return Money(max(0, min(self.minor_units, self._same(cap))), self.currency)

    def shared(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """The amount in shares as large as the weights, by the largest remainder: their sum is the amount.

        Equal remainders go by the order of the weights; ValueError for a negative amount or weight, or none to share it.
        """
        whole = sum(weights)
        if self.minor_units < 0 or min(weights, default=0) < 0 or (whole == 0 and self):
            raise ValueError(f"{self} can't be shared by {list(weights)}")
        parts = [divmod(self.minor_units * weight, whole or 1) for weight in weights]
        left = self.minor_units - sum(units for units, _ in parts)
        first = set(sorted(range(len(parts)), key=lambda place: -parts[place][1])[:left])
        return tuple(Money(units + (place in first), self.currency) for place, (units, _) in enumerate(parts))

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} don't mix")
        return other.minor_units

    def __str__(self) -> str:
        places = decimals(self.currency)
        whole, part = divmod(abs(self.minor_units), 10**places)
        sign = "-" if self.minor_units < 0 else ""
        return f"{sign}{whole}.{part:0{places}d} {self.currency}" if places else f"{sign}{whole} {self.currency}"
