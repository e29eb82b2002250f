"""What the order desk answers, in the words and plain values that dialplans take: pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import takewhile

import order_lookup as orders
from ivr.values import Digits, Name, Value
from order_lookup.words import REMEDIES, LedgerState, Level

_CHOSEN_AMONG = (2, 3)  # more than three can't be kept in mind while listening


def outcome(decision: orders.Decision, offers: tuple[orders.Offer, ...]) -> str:
    """A decision in one of the outcome words of `decision`."""
    if decision.handoff:
        return "handoff"
    if decision.refuses:
        return "refuse"
    return "offer" if offers else "inform"


def late_by(decision: orders.Decision) -> timedelta | None:
    """How late it is, as one says it: minutes up to an hour and a half, then whole hours, from three days on whole days."""
    minutes = decision.facts.get("minutes_late")
    if not isinstance(minutes, int):
        return None
    step = next(step for step, until in ((1, 90), (60, 3 * 1440), (1440, None)) if until is None or minutes < until)
    return timedelta(minutes=minutes // step * step)


def remedies(offers: tuple[orders.Offer, ...]) -> tuple[str, ...] | None:
    """The two or three ways to put it right that come first and weigh the same: the caller chooses among them."""
    first = tuple(takewhile(lambda offer: offer.action in REMEDIES, offers))
    different = len({offer.action for offer in first}) == len(first)
    return tuple(offer.name for offer in first) if different and len(first) in _CHOSEN_AMONG else None


def ledger_word(result: orders.ActionResult) -> str:
    """The ledger's state in one of the outcome words of an action."""
    match result.state:
        case None:
            return "refused"
        case LedgerState.DONE:
            return "done"
        case LedgerState.FAILED:
            return "failed"
    return "unknown"


def level(level: Level) -> str:
    """How far the caller is verified, in a word."""
    return level.name.lower()


def text(arguments: Mapping[str, Value], key: str) -> str:
    """An argument as text, empty where it is missing."""
    match arguments.get(key):
        case None:
            return ""
        case Digits(text) | Name(text):
            return text
        case value:
            return str(value)


def day(value: Value) -> date | None:
    """An argument as a day, None where it is none."""
    if isinstance(value, datetime):
        return value.date()
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
