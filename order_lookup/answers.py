"""What decide() answers with: the decision, its offers, its handoff (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from order_lookup.money import Money
from order_lookup.words import Action, Level, Situation

FactValue = Money | datetime | int | str


@dataclass(frozen=True, slots=True)
class Choice:
    """One item an offer can be about: what would be paid for one piece of it (None: no money moves), and its price."""

    item: str
    amount: Money | None
    item_en: str = ""
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may be done if the caller agrees.

    `condition` says in a word what comes with it: "" | fee | return_goods | coupon.
    `level_needed` is what act() will insist on; `choices` are there where one item must be named.
    """

    name: str
    action: Action
    amount: Money | None = None
    condition: str = ""
    needs_confirmation: bool = False
    level_needed: Level = Level.LOW
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Handoff:
    """A human is needed: whose queue, how urgent (0 is the most), and the rule that says so."""

    queue: str
    priority: int
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one intent about one order (or none).

    `reason` is the rule's name. `facts` holds only what the caller's level may hear; the names of what was held back are
    in `withheld`, and `level_needed` is the level that would hear and do everything.
    """

    intent: str
    order_number: str | None
    reason: str
    situations: frozenset[Situation] = frozenset()
    facts: Mapping[str, FactValue] = field(default_factory=lambda: MappingProxyType({}))
    offers: tuple[Offer, ...] = ()
    handoff: Handoff | None = None
    level: Level = Level.NONE
    level_needed: Level = Level.NONE
    withheld: frozenset[str] = frozenset()
    refuses: bool = False
    ticket: str = "other/question"
    announcements: tuple[str, ...] = ()

    def offer(self, action: Action) -> Offer | None:
        """The first offer of an action."""
        return next((offer for offer in self.offers if offer.action is action), None)
