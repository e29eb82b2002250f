"""Which calls settled what the caller wanted at the first contact: those after which nobody comes back about the same (pure).

A first contact is a call without an earlier one about the same in the days before; it is resolved when none follows in as many
days after it. Until those are over nothing is said of it, else the newest day would always look best.

the same caller   the same customer, or the same number
about the same    the same order; where one of the two calls knows no order, the same matter; and where one of them never told its
                  matter, whatever it was: doubt counts against us
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

# What is kept where nobody said what it was about.
UNTOLD = ("", "agent", "out_of_scope")


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody called, about something."""

    call_id: str
    began_at: float
    ended_at: float
    phone: str
    customer: int | None
    order: int | None
    intent: str


def resolved(contacts: Iterable[Contact], window_seconds: float, now: float) -> Mapping[str, bool]:
    """Of the first contacts that can be judged by now: whether nobody came back; `contacts` reach a window to both sides."""
    by_caller: dict[Hashable, list[Contact]] = defaultdict(list)
    every = [contact for contact in contacts if contact.phone or contact.customer is not None]
    for contact in every:
        for key in _keys(contact):
            by_caller[key].append(contact)
    judged = {}
    for contact in every:
        others = [other for key in _keys(contact) for other in by_caller[key] if _about_the_same(contact, other)]
        if contact.ended_at + window_seconds <= now and not any(
            _follows(contact, each, window_seconds) for each in others
        ):
            judged[contact.call_id] = not any(_follows(each, contact, window_seconds) for each in others)
    return judged


def _follows(later: Contact, earlier: Contact, window_seconds: float) -> bool:
    return later.began_at > earlier.began_at and later.began_at - earlier.ended_at <= window_seconds


def _keys(contact: Contact) -> list[Hashable]:
    keys: list[Hashable] = [contact.phone] if contact.phone else []
    return [*keys, contact.customer] if contact.customer is not None else keys


def _about_the_same(one: Contact, other: Contact) -> bool:
    if one.call_id == other.call_id:
        return False
    if one.order is not None and other.order is not None:
        return one.order == other.order
    return one.intent == other.intent or one.intent in UNTOLD or other.intent in UNTOLD
