"""Which calls settled what the caller wanted at the first contact: those after which nobody comes back about the same (pure).

A first contact is a call without an earlier one about the same in the days before; it is resolved when none follows in as many
days after it. Until those are over nothing is said of it, else the newest day would always look best.

the same caller   the same customer, or the same number
about the same    the same order; where one of the two calls knows no order, the same matter; and where one of them never told its
                  matter, whatever it was: doubt counts against us
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

# What is kept where nobody said what it was about.
UNTOLD = ("", "agent", "out_of_scope")
_ANY = "*"


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


@dataclass(slots=True)
class _Line:
    """Contacts of one caller about one thing, in the order in which they began; `ended`: when the last by then had ended."""

    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def add(self, contact: Contact) -> None:
        self.began.append(contact.began_at)
        self.ended.append(max(contact.ended_at, self.ended[-1] if self.ended else contact.ended_at))

    def one_before(self, contact: Contact, window_seconds: float) -> bool:
        place = bisect_left(self.began, contact.began_at)
        return place > 0 and contact.began_at - self.ended[place - 1] <= window_seconds

    def one_after(self, contact: Contact, window_seconds: float) -> bool:
        place = bisect_right(self.began, contact.began_at)
        return place < len(self.began) and self.began[place] - contact.ended_at <= window_seconds


def resolved(contacts: Iterable[Contact], window_seconds: float, now: float) -> Mapping[str, bool]:
    """Of the first contacts that can be judged by now: whether nobody came back; `contacts` reach a window to both sides."""
    known = [contact for contact in contacts if contact.phone or contact.customer is not None]
    lines: dict[Hashable, _Line] = defaultdict(_Line)
    # By what it is kept under, not against each other: a trunk that shows one number for everybody has thousands of calls.
    for contact in sorted(known, key=lambda each: each.began_at):
        for caller in _callers(contact):
            for topic in _kept_under(contact):
                lines[caller, topic].add(contact)
    judged = {}
    for contact in known:
        alike = [lines[key] for key in _looked_under(contact) if key in lines]
        is_first = not any(line.one_before(contact, window_seconds) for line in alike)
        if is_first and contact.ended_at + window_seconds <= now:
            judged[contact.call_id] = not any(line.one_after(contact, window_seconds) for line in alike)
    return judged


def _callers(contact: Contact) -> Iterator[Hashable]:
    if contact.phone:
        yield contact.phone
    if contact.customer is not None:
        yield contact.customer


def _matter(contact: Contact) -> str:
    return "" if contact.intent in UNTOLD else contact.intent


def _kept_under(contact: Contact) -> Iterator[Hashable]:
    """Its order, its matter, and its matter among those without an order; all of them also under any."""
    if contact.order is not None:
        yield ("order", contact.order)
    for kind in ("all", "no order") if contact.order is None else ("all",):
        yield (kind, _matter(contact))
        yield (kind, _ANY)


def _looked_under(contact: Contact) -> Iterator[Hashable]:
    """Where those about the same are: of who knows an order, that order's and the matter's without one."""
    matter = _matter(contact)
    kind = "all" if contact.order is None else "no order"
    topics: list[Hashable] = [(kind, each) for each in ((matter, "") if matter else (_ANY,))]
    if contact.order is not None:
        topics.append(("order", contact.order))
    for caller in _callers(contact):
        for topic in topics:
            yield (caller, topic)
