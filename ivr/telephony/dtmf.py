"""Keys in SIP INFO bodies: `application/dtmf`, one key as plain text or as `Signal=`."""

from __future__ import annotations

import re

KEYS = "0123456789*#ABCD"
# Event codes of RFC 4733 §3.2, which some gateways write in place of the key.
CODES = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def key(body: str) -> str | None:
    """The key in an INFO body; None where there is none."""
    found = re.match(r"\s*(?:Signal\s*=\s*)?(1[0-5]|[0-9*#A-Da-d])\s*(?:$|[\r\n;])", body, re.IGNORECASE)
    if not found:
        return None
    return CODES.get(found[1], found[1].upper() if found[1].upper() in KEYS else None)
