"""The numbers that may have been meant, worked out when they are asked for: up to some tenths of a second (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from ivr.dialogue.order_number import Decoded, OrderPattern, expand


class Candidates(Mapping[str, tuple[str, ...]]):
    """The arguments of a look-up of `existing_orders`: one, `candidates`, most likely first.

    Making the look-up costs nothing; whoever carries it out asks for the value where it holds nobody up.
    """

    def __init__(self, decoded: Decoded, pattern: OrderPattern) -> None:
        self._decoded, self._pattern = decoded, pattern

    @cached_property
    def _numbers(self) -> tuple[str, ...]:
        return expand(self._decoded, self._pattern)

    def __getitem__(self, name: str) -> tuple[str, ...]:
        if name != "candidates":
            raise KeyError(name)
        return self._numbers

    def __iter__(self) -> Iterator[str]:
        yield "candidates"

    def __len__(self) -> int:
        return 1
