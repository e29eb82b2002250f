"""An order number that comes in pieces, with long pauses between: the pieces put together, until they are a number (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from ivr.dialogue import order_number
from ivr.dialogue.order_number import LONGEST_TAIL, Decoded, OrderPattern, looks_like_phone
from ivr.events import Hypothesis
from ivr.values import Language

# So many digits at least are taken for a number's end, and looked for as one.
SHORTEST_TAIL = 4
# So few digits short of a number, the rest was probably said and not heard.
NOT_HEARD = 2
MOST_PIECES = 3
# Digits of a mobile telephone, and so many that words in front of it may be heard as.
PHONE, MOST_BEFORE_PHONE = 11, 3


@dataclass(frozen=True, slots=True)
class Pieces:
    """The digits so far; `awaited` when the caller was told to go on, so often (`asked`)."""

    digits: str
    awaited: bool = False
    asked: int = 0


def continues(pieces: Pieces, digits: str, barged_in: bool, pattern: OrderPattern) -> bool:
    """Whether digits go on a number begun before, and don't begin it anew."""
    if not (pieces.awaited or barged_in) or len(digits) >= pattern.length - NOT_HEARD:
        return False
    anew = pieces.digits.startswith(digits) or digits.startswith(pieces.digits)
    return not anew and len(pieces.digits) + len(digits) <= pattern.length + 1


def joined(
    pieces: Pieces, decoded: Decoded, pattern: OrderPattern, caller_orders: Sequence[str], language: Language
) -> Decoded:
    """What was heard before and now as one number."""
    whole = [Hypothesis(pieces.digits + reading.digits, exp(-reading.cost)) for reading in decoded.readings]
    return order_number.decode(whole, pattern, caller_orders, language)


def unfinished(decoded: Decoded, digits: str, going_on: bool, pattern: OrderPattern) -> bool:
    """Whether more must come: too many digits for an end, too few for a number; or a number under way that lacks some."""
    if decoded.likely or len(digits) >= pattern.length - NOT_HEARD:
        return False
    return going_on or not SHORTEST_TAIL <= len(digits) <= LONGEST_TAIL


def phone_in(digits: str, pattern: OrderPattern) -> str:
    """The telephone number that digits are, or end with: in "我同事的电话是…" 事的 was heard as 十个, two digits more."""
    before, phone = digits[:-PHONE], digits[-PHONE:]
    known = looks_like_phone(phone) and len(before) <= MOST_BEFORE_PHONE and not pattern.is_valid(digits)
    return phone if known else ""
