"""What a call knows: named values, the words that are true of them, and what can be derived from them (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ivr.values import Appointed, Digits, Money, Name, Value


class Memory:
    """The values of one call, by dotted name; a name that was never set is None."""

    def __init__(self, values: Mapping[str, Value] | None = None) -> None:
        self._values: dict[str, Value] = dict(values or {})

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __getitem__(self, name: str) -> Value:
        """The value of a name; `.tail`, `.count` and `.first` are derived from the value before the dot."""
        if name in self._values:
            return self._values[name]
        owner, _, part = name.rpartition(".")
        return derived(self._values.get(owner), part) if owner else None

    def set(self, name: str, value: Value) -> None:
        """Know a value; None forgets it."""
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value

    def update(self, values: Mapping[str, Value]) -> None:
        """Know several values."""
        for name, value in values.items():
            self.set(name, value)

    def forget(self, name: str) -> None:
        """Forget a name and everything below it (`order` forgets `order.number` and the rest)."""
        for known in [each for each in self._values if each == name or each.startswith(f"{name}.")]:
            del self._values[known]

    def resolve(self, written: str | tuple[str, ...]) -> Value:
        """A word as written in a dialplan: `$name` is the value of that name, anything else the word itself.

        A list is the list of its words, without those that aren't known; a list in it gives its own words.
        """
        if isinstance(written, tuple):
            found = (self.resolve(word) for word in written)
            each = (value if isinstance(value, tuple) else (value,) for value in found if value is not None)
            return tuple(dict.fromkeys(plain(word) for words in each for word in words))
        return self[written[1:]] if written.startswith("$") else written

    def word(self, written: str, default: str = "") -> str:
        """The same as a plain word."""
        value = self.resolve(written)
        return default if value is None else plain(value)

    def arguments(self, written: Mapping[str, str]) -> dict[str, Value]:
        """The arguments of a command, without those whose value is not known."""
        resolved = {key: self.resolve(word) for key, word in written.items()}
        return {key: value for key, value in resolved.items() if value is not None}

    def as_mapping(self) -> dict[str, Value]:
        """A copy of everything known."""
        return dict(self._values)


def derived(value: Value, part: str) -> Value:
    """A value that follows from another: the tail of a number, the count or the first of a list, a time with its time of day."""
    match value, part:
        case Digits(text), "tail":
            return Digits(text[-4:])
        case Digits(text), "count":
            return len(text)
        case datetime(), "exact":
            return Appointed(value)
        case tuple(), "count":
            return len(value)
        case tuple(), "first":
            return value[0] if value else None
        case _:
            return None


def plain(value: Value) -> str:
    """A value as the bare word that dialplans branch on."""
    match value:
        case Digits(text) | Name(text):
            return text
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def words_of(value: Value) -> tuple[str, ...]:
    """The words that are true of a value: what a branch can ask for."""
    match value:
        case None:
            return ("missing",)
        case bool():
            return ("yes" if value else "no", "given")
        case tuple():
            return (*value, _amount(len(value)), "given")
        case int():
            return (str(value), _amount(value), "given")
        case Money(minor_units):
            return (_amount(minor_units), "given")
        case timedelta():
            return (_amount(int(value.total_seconds())), "given")
        case str():
            return (value, "given") if value else ("missing",)
        case _:
            return (plain(value), "given")


def _amount(count: int) -> str:
    return "none" if count <= 0 else "one" if count == 1 else "many"
