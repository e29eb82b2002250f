"""What the order desk answers, in the words and plain values that dialplans take: pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import order_lookup as orders
from ivr.dialogue.speaking import money_en, ordinal_en
from ivr.values import Digits, Language, Money, Name, Value
from order_lookup.words import REMEDIES, LedgerState, Level

_HANZI = re.compile(r"[\u3400-\u9fff]")
_CHOSEN_AMONG = (2, 3)  # more than three can't be kept in mind while listening


def value(known: object, zone: ZoneInfo) -> Value:
    """A value of the order desk as one of ours, moments on the shop's clock."""
    match known:
        case orders.Money(minor_units, currency):
            return Money(minor_units, currency)
        case datetime():
            return known.astimezone(zone)
        case str() | bool() | int():
            return known
    return str(known)


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


def items(order: orders.OrderSummary, language: Language) -> str | None:
    """What was ordered, in a language; None where a thing has no name in it."""
    if language == "zh":
        return "、".join(order.items) or None
    return ", ".join(order.items_en) if order.items_en and all(map(_english, order.items_en)) else None


def named(choices: tuple[orders.Choice, ...], language: Language) -> dict[str, str]:
    """The order's own names of the items to choose from, by what the caller hears: nobody hears Chinese in an English call.

    What has no English name of its own there is told by its place and price: "the first one, thirty-nine yuan".
    """
    if language == "zh":
        return {choice.item: choice.item for choice in choices}
    known = Counter(choice.item_en for choice in choices)
    return {
        choice.item_en
        if _english(choice.item_en) and known[choice.item_en] == 1
        else _placed(place, choice): choice.item
        for place, choice in enumerate(choices, 1)
    }


def _english(name: str) -> bool:
    return bool(name.strip()) and not _HANZI.search(name)


def _placed(place: int, choice: orders.Choice) -> str:
    told = f"the {ordinal_en(place)} one"
    return f"{told}, {money_en(Money(choice.price.minor_units, choice.price.currency))}" if choice.price else told


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


def acted(result: orders.ActionResult, zone: ZoneInfo) -> dict[str, Value]:
    """What came of an action."""
    return {
        "action.name": result.action.value,
        "action.amount": value(result.amount, zone) if result.amount else None,
        "action.receipt": Digits(result.receipt) if result.receipt else None,
        "action.due_at": value(result.due_at, zone) if result.due_at else None,
        "action.refused": result.refused or None,
        "action.level_needed": level(result.level_needed),
        "action.repeated": result.repeated,
    }


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
        case tuple() as several:
            return ", ".join(several)
        case other:
            return str(other)


def day(value: Value) -> date | None:
    """An argument as a day, None where it is none."""
    if isinstance(value, datetime):
        return value.date()
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
