"""What comes in from callers, recognition and other programs, made fit for a database (pure)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import TypeVar, cast

LONGEST_TEXT = 4000
Value = TypeVar("Value")


def clean(value: Value) -> Value:
    """The value with every text in it cut to 4000 characters, without NUL (PostgreSQL keeps none) and halves of characters.

    Looks into dataclasses and mappings; anything else stays as it is.
    """
    return cast(Value, _cleaned(value))


def _cleaned(value: object) -> object:
    match value:
        case Enum():
            return value
        case str():
            return value[:LONGEST_TEXT].replace("\0", "").encode("utf-8", "replace").decode("utf-8")
        case Mapping():
            return {str(_cleaned(key)): _cleaned(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        changed = {name: new for name, old in fields.items() if (new := _cleaned(old)) != old}
        return dataclasses.replace(value, **changed) if changed else value
    return value
