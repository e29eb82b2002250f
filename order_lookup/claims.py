"""Whether what a caller says of themselves fits what we know (pure).

Levels: the caller id belongs to the customer → low; the last four digits of a phone of theirs, or their name → medium;
both, and what an order cost → high. The order's number counts for nothing: it is on every label. Nor do its items and its day:
the robot says them to whoever calls from the customer's number, and a number can be forged. Nor does a telephone number that the
caller only names, to say whose orders they mean: many people know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz

from order_lookup.facts import OrderFacts
from order_lookup.numbers import digits_only
from order_lookup.port import Claim
from order_lookup.spoken_names import same_by_sound
from order_lookup.words import Level

_TAIL = 4
_LONGEST_NAME = 60
_SAME_ENGLISH_NAME = 88.0
_SAME_ITEM = 80.0


class Proof(StrEnum):
    """What was shown."""

    PHONE_TAIL = "phone_tail"
    NAME = "name"
    FACT = "fact"


def claimed(claim: Claim) -> frozenset[Proof]:
    """What a claim is about."""
    fact = claim.amount_minor is not None
    # The end of a number that was said in full to begin with shows nothing more.
    parts = {
        Proof.PHONE_TAIL: bool(claim.phone_tail) and not claim.phone,
        Proof.NAME: bool(claim.name),
        Proof.FACT: fact,
    }
    return frozenset(proof for proof, there in parts.items() if there)


def proven(
    claim: Claim, phones: Sequence[str], names: Sequence[str], orders: Sequence[OrderFacts], zone: ZoneInfo
) -> frozenset[Proof]:
    """The parts of a claim that are true; all parts of an order fact must be true of one order."""
    shown = set()
    tail = digits_only(claim.phone_tail)
    if Proof.PHONE_TAIL in claimed(claim) and len(tail) >= _TAIL and any(phone.endswith(tail) for phone in phones):
        shown.add(Proof.PHONE_TAIL)
    if any(same_name(claim.name, name) or same_by_sound(claim.name_heard, name) for name in names if claim.name):
        shown.add(Proof.NAME)
    if Proof.FACT in claimed(claim) and any(_fits(claim, order, zone) for order in orders):
        shown.add(Proof.FACT)
    return frozenset(shown)


def level(caller_id_matches: bool, shown: frozenset[Proof]) -> Level:
    """How sure we are."""
    if shown >= {Proof.PHONE_TAIL, Proof.NAME, Proof.FACT}:
        return Level.HIGH
    if shown & {Proof.PHONE_TAIL, Proof.NAME}:
        return Level.MEDIUM
    return Level.LOW if caller_id_matches else Level.NONE


def same_name(said: str, known: str) -> bool:
    """Whether two names sound the same: recognised speech has the sound right and the characters not always."""
    a, b = _clean(said), _clean(known)
    if not a or not b or len(a) > _LONGEST_NAME:
        return False
    if a.isascii() and b.isascii():
        return fuzz.token_sort_ratio(a, b) >= _SAME_ENGLISH_NAME
    from pypinyin import lazy_pinyin  # its dictionaries take longer to load than all else here

    return len(a) == len(b) and lazy_pinyin(a) == lazy_pinyin(b)


def _clean(name: str) -> str:
    return " ".join(name.casefold().replace("·", " ").split())


def _fits(claim: Claim, order: OrderFacts, zone: ZoneInfo) -> bool:
    if claim.amount_minor is not None and claim.amount_minor != order.total.minor_units:
        return False
    if claim.placed_on is not None:
        day = order.placed_at.astimezone(zone).date()
        if day != claim.placed_on:
            return False
    return not claim.item or any(
        _same_item(claim.item, i.name) or _same_item(claim.item, i.name_en) for i in order.items
    )


def _same_item(said: str, known: str) -> bool:
    a, b = _clean(said)[:_LONGEST_NAME], _clean(known)
    if len(a) < 2 or not b:
        return False
    return a in b or fuzz.ratio(a, b) >= _SAME_ITEM
