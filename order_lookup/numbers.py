"""Order numbers: how many digits, which check digit, and whether a number can be one of ours (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckScheme = Literal["luhn", "damm", "none"]

# Damm, H. M. (2004), "Total anti-symmetrische Quasigruppen": the quasigroup of order 10 of the thesis.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_ASCII_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """The shape of an order number: digits in all, prefix they start with, and the scheme of the last digit.

    Damm is the default: it catches every wrong digit and every swap of neighbours (Luhn misses 09 and 90),
    and those are what speech recognition does to a number.
    """

    digits: int = 12
    prefix: str = ""
    check: CheckScheme = "damm"

    def is_valid(self, number: str) -> bool:
        """Whether the number has our shape and its check digit is right; says nothing of whether it exists."""
        if len(number) != self.digits or not _ASCII_DIGITS.issuperset(number) or not number.startswith(self.prefix):
            return False
        return self.check == "none" or check_digit(number[:-1], self.check) == number[-1]

    def complete(self, body: str) -> str:
        """The number made of prefix, body (zero-filled) and check digit."""
        room = self.digits - len(self.prefix) - (self.check != "none")
        if len(body) > room or not _ASCII_DIGITS.issuperset(body):
            raise ValueError(f"{body!r} doesn't fit into {room} digits")
        number = self.prefix + body.zfill(room)
        return number if self.check == "none" else number + check_digit(number, self.check)


DEFAULT = NumberPattern()


def check_digit(body: str, scheme: CheckScheme = "damm") -> str:
    """The check digit to append to a body of ASCII digits; ValueError for anything else."""
    if not body or not _ASCII_DIGITS.issuperset(body):
        raise ValueError(f"only digits have a check digit, not {body[:40]!r}")
    match scheme:
        case "damm":
            return _damm(body)
        case "luhn":
            return _luhn(body)
        case _:
            raise ValueError(f"no check digit in scheme {scheme!r}")


def is_valid(number: str, pattern: NumberPattern = DEFAULT) -> bool:
    """Whether the number has the pattern's shape and a right check digit."""
    return pattern.is_valid(number)


def digits_only(text: str) -> str:
    """The number as written or keyed with blanks, dashes, dots and full-width digits taken out; "" if letters remain.

    At most 64 characters are looked at: longer text is no number.
    """
    if len(text) > 64:
        return ""
    kept = [c for c in text.strip() if c not in " -._#\u3000\t"]
    plain = "".join(str(ord(c) - 0xFF10) if "０" <= c <= "９" else c for c in kept)
    return plain if _ASCII_DIGITS.issuperset(plain) else ""


def _damm(body: str) -> str:
    interim = 0
    for digit in body:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def _luhn(body: str) -> str:
    # ISO/IEC 7812-1, annex B: from the right, every second digit doubled, beginning with the last of the body.
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str((10 - total % 10) % 10)
