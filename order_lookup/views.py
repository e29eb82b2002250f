"""The order desk's values as JSON: money with its currency, times in ISO 8601 with zone, enums by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum, IntEnum
from typing import Any


def plain(value: object) -> Any:
    """A value made of dicts, lists, strings and numbers only; TypeError for what isn't ours."""
    match value:
        case IntEnum():
            return value.name.lower()
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case frozenset() | set():
            return sorted(plain(item) for item in value)
        case list() | tuple():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")
