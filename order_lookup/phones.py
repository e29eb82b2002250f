"""Telephone numbers in one normal form, so that a caller id finds its customer (pure)."""

from __future__ import annotations

import re
import unicodedata

_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_LONGEST = 15  # ITU-T E.164
_SHORTEST = 5
# China's code with an area code and a number behind it; an area code or a mobile number with all its digits.
_WITH_CHINA, _WITH_AREA, _LONGEST_LOCAL = 12, 10, 9


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


def notations(text: str) -> frozenset[str]:
    """All normal forms in which one number may have been kept, however it was dialled; empty for what can't be a number."""
    digits = normal_phone(unicodedata.normalize("NFKC", text))
    core = digits[2:] if digits.startswith("00") and len(digits) > _LONGEST_LOCAL else digits
    core = core[2:] if core.startswith("86") and len(core) >= _WITH_CHINA else core
    core = core.removeprefix("0") if len(core) >= _WITH_AREA else core
    if len(core) < _WITH_AREA:  # an extension, or a number without its area code, is no other number with a prefix
        return frozenset({digits} if digits else ())
    return frozenset(f"{prefix}{core}" for prefix in ("", "0", "00", "86", "860", "0086", "00860"))


def masked_phone(phone: str) -> str:
    """A number with all but its last four digits hidden; a masked one stays as it is."""
    return phone if "*" in phone else "*" * max(1, len(phone) - 4) + phone[-4:] if phone else ""
