"""The mapping file of a shop's backend: where it is, what its fields and words are called. Words, never code."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from order_lookup.currencies import decimals
from order_lookup.errors import BrokenError, PolicyError
from order_lookup.words import Action
from strict_yaml import Document, Strict

Seconds = Annotated[float, Field(gt=0, le=60)]
_LOCAL = frozenset({Action.OPEN_TICKET, Action.BOOK_CALLBACK})
_WHERE_NAMED = frozenset({Action.EXCHANGE})  # a ticket for a human does, where the backend knows no such thing
_HOLE = re.compile(r"\{(\w+)\}")


class BreakerSettings(Strict):
    """After so many failures in a row nothing is asked for so long."""

    failures: Annotated[int, Field(gt=0, le=100)] = 5
    open_seconds: Seconds = 20


class BackendSettings(Strict):
    """Where the backend is and how patient we are."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s?#]*$")]
    headers: dict[str, str] = Field(default_factory=dict)
    timeout_seconds: Seconds = 2.5
    retries: Annotated[int, Field(ge=0, le=5)] = 2
    fresh_seconds: Seconds = 10
    breaker: BreakerSettings = BreakerSettings()


class Paths(Strict):
    """The paths below the URL; {phone}, {number} are filled in. Without `existing` only the caller's orders are known."""

    orders: str = "/orders?phone={phone}"
    order: str = "/orders/{number}"
    existing: str = "/orders/existing"
    action: str = "/orders/{number}/actions"
    account_action: str = "/account/actions?phone={phone}"


Part = Literal["order", "customer", "item", "shipment", "scan", "payment", "refund", "coupon", "invoice", "action"]


class Mapping(Strict):
    """A mapping file."""

    backend: BackendSettings
    paths: Paths = Paths()
    fields: dict[Part, dict[str, str]] = Field(default_factory=dict)  # our name → theirs, dots go deeper
    values: dict[str, dict[str, str]] = Field(default_factory=dict)  # our field → their word → ours
    money: Literal["minor", "major"] = "minor"  # major: 12.50 instead of 1250
    actions: frozenset[Action] = frozenset(Action) - _LOCAL - _WHERE_NAMED

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        known = {"phone", "number"}
        for name, path in self.paths.model_dump().items():
            unknown = set(_HOLE.findall(path)) - known
            if unknown:
                raise ValueError(f"paths.{name}: {{{unknown.pop()}}} is unknown: use {{phone}} or {{number}}")
        if wrong := self.actions & _LOCAL:
            raise ValueError(f"actions: {min(wrong)} is ours to do, take it out")
        return self

    def path(self, name: str, **values: str) -> str:
        """A path with its values filled in, escaped."""
        template: str = getattr(self.paths, name)
        return _HOLE.sub(lambda hole: quote(values.get(hole[1], ""), safe=""), template)

    def translate(self, part: Part, said: Any, currency: str = "") -> dict[str, Any]:
        """What they say of a part, in our names and words; BrokenError when it isn't an object.

        `currency` is the order's, for parts that don't say their own: major units have as many decimals as it has.
        """
        if not isinstance(said, dict):
            raise BrokenError(f"the backend's {part} is a {type(said).__name__}, not an object")
        ours = {**said, **{name: _dig(said, theirs) for name, theirs in self.fields.get(part, {}).items()}}
        for name, words in self.values.items():
            if isinstance(ours.get(name), str | int):
                ours[name] = words.get(str(ours[name]), ours[name])
        own = str(ours.get("currency") or currency)
        return {name: self._money(name, value, own) for name, value in ours.items() if value is not None}

    def _money(self, name: str, value: Any, currency: str) -> Any:
        """Major units to minor ones, without a float ever rounding a cent away."""
        if self.money == "minor" or not name.endswith("_minor"):
            return value
        text = str(value)
        if not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text):
            raise BrokenError(f"the backend's {name} isn't an amount: {text[:40]!r}")
        units = Decimal(text).scaleb(decimals(currency))
        if units != int(units):
            raise BrokenError(f"the backend's {name} isn't an amount of {currency or 'money'}: {text[:40]!r}")
        return int(units)


def load_mapping(file: Path) -> Mapping:
    """The mapping of a file, ${NAME} in headers taken from the environment; PolicyError names file, line and fix."""
    document = Document(file, PolicyError)
    mapping = document.typed(Mapping)
    headers = {name: os.path.expandvars(value) for name, value in mapping.backend.headers.items()}
    for name, value in headers.items():
        if missing := re.search(r"\$\{(\w+)\}", value):
            place = document.place("backend", "headers", name)
            raise PolicyError(f"the environment has no {missing[1]}", "set it before starting", place)
    backend = mapping.backend.model_copy(update={"headers": headers})
    return mapping.model_copy(update={"backend": backend})


def _dig(said: dict[str, Any], path: str) -> Any:
    value: Any = said
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
