"""Values that the order desk gives and the dialogue speaks: plain, frozen, each with one spoken form per language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """A person's name; spoken and written masked unless the caller is verified. `readings` are the ways it was heard, best first."""

    text: str
    masked: bool = True
    readings: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Appointed:
    """A time that somebody goes by: said with its time of day, however far off."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of a common week: of each day, Monday first, the spans in minutes since midnight (past 1440: on the next day)."""

    days: tuple[tuple[tuple[int, int], ...], ...]


# datetimes are aware and in the shop's zone.
Value = str | int | bool | Money | Digits | Name | datetime | timedelta | Appointed | Week | tuple[str, ...] | None
Values = Mapping[str, Value]


def plain(value: object) -> object:
    """A value as JSON can hold it: money as minor units with currency, times as ISO 8601, numbers and names as text."""
    match value:
        case Money(minor_units, currency):
            return {"minor_units": minor_units, "currency": currency}
        case Digits(text) | Name(text):
            return text
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Appointed(at):
            return at.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
    return str(value)
