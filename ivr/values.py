"""Values that the order desk gives and the dialogue speaks: plain, frozen, each with one spoken form per language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen, cents) of an ISO 4217 currency."""

    minor_units: int
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Digits:
    """A number that is read digit by digit in groups: order number, phone tail."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name; spoken and written masked unless the caller is verified."""

    text: str
    masked: bool = True


# datetimes are aware and in the shop's zone.
Value = str | int | bool | Money | Digits | Name | datetime | timedelta | tuple[str, ...] | None
Values = Mapping[str, Value]
