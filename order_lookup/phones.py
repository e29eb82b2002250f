"""Telephone numbers in one normal form, so that a caller id finds its customer (pure)."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_LONGEST = 15  # ITU-T E.164
_SHORTEST = 5


def normal_phone(text: str) -> str:
    """Digits alone, without the Chinese country code or a SIP address around them; "" for what can't be a number."""
    user = _SCHEME.sub("", text.strip()[:200]).split("@")[0].split(";")[0]
    if re.search(r"[A-Za-z]", user):
        return ""
    digits = "".join(c for c in user if c in "0123456789")
    if digits.startswith("0086"):
        digits = digits[4:]
    elif digits.startswith("86") and len(digits) == 13:
        digits = digits[2:]
    return digits if _SHORTEST <= len(digits) <= _LONGEST else ""


def masked_phone(phone: str) -> str:
    """A number with all but its last four digits hidden; a masked one stays as it is."""
    return phone if "*" in phone else "*" * max(1, len(phone) - 4) + phone[-4:] if phone else ""
