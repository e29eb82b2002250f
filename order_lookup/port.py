"""The port of the order desk: what a caller's conversation can ask of it, and what it answers.

Everything is a value; DownError and BrokenError (errors.py) mean that the system behind it doesn't work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from order_lookup.answers import Decision
from order_lookup.facts import ContactFacts, CustomerFacts, TicketFacts
from order_lookup.money import Money
from order_lookup.words import Action, Kind, LedgerState, Level, Stage


@dataclass(frozen=True, slots=True)
class CallerRef:
    """Who is asking: the call, and the phone it came from ("" when withheld)."""

    call_id: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order in a line, without personal data."""

    number: str
    kind: Kind
    stage: Stage
    placed_at: datetime
    total: Money
    merchant: str = ""
    items: tuple[str, ...] = ()
    items_en: tuple[str, ...] = ()
    mine: bool = False


@dataclass(frozen=True, slots=True)
class CallerFacts:
    """What is known of a caller when the phone rings; orders and contacts newest first."""

    customer: CustomerFacts | None = None
    orders: tuple[OrderSummary, ...] = ()
    tickets: tuple[TicketFacts, ...] = ()
    contacts: tuple[ContactFacts, ...] = ()
    level: Level = Level.NONE
    announcements_zh: tuple[str, ...] = ()
    announcements_en: tuple[str, ...] = ()

    @property
    def vip(self) -> bool:
        """Whether the caller goes first."""
        return self.customer is not None and self.customer.vip

    @property
    def elder(self) -> bool:
        """Whether to speak slowly and offer a human early."""
        return self.customer is not None and self.customer.elder

    @property
    def language(self) -> str | None:
        """zh or en, where it is known."""
        return self.customer.language if self.customer else None


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """What the caller said of the order: a full number, or its last 4–6 digits, or words for an item, or a day, or nothing.

    With `phone`, the newest of the orders under that telephone number, once the caller may hear of its owner.
    """

    caller: CallerRef
    number: str = ""
    tail: str = ""
    item: str = ""
    day: date | None = None
    kind: Kind | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """This one."""

    order: OrderSummary


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several, with a score from 0 to 1."""

    order: OrderSummary
    score: float


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """One of these, best first."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """None that this caller may hear of."""


@dataclass(frozen=True, slots=True)
class Foreign(Unknown):
    """Somebody else's, for the log alone: to the caller this is Unknown in every word."""


FindResult = Found | Ambiguous | Unknown


@dataclass(frozen=True, slots=True)
class Claim:
    """What the caller says to show who they are; each part may come in a call of its own.

    `name_heard` are the readings of a recogniser, where `name` was spoken: they are compared by their sound.
    `order_number` or `phone` say whom it is about, and prove nothing; with `phone` its own last digits don't, either.
    """

    phone_tail: str = ""
    name: str = ""
    order_number: str = ""
    item: str = ""
    amount_minor: int | None = None
    placed_on: date | None = None
    phone: str = ""
    name_heard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """How sure we are now; `exhausted` means: no more attempts, a human."""

    level: Level
    passed: bool
    failures_left: int
    exhausted: bool = False


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What the caller agreed to; `offer` is the name of the offer where an action has several."""

    caller: CallerRef
    intent: str
    action: Action
    order_number: str | None = None
    offer: str = ""
    amount: Money | None = None
    item: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionResult:
    """An action as the ledger has it: the robot says nothing beyond `state`.

    `state` is None when it was refused before anything was done (`refused` says why: not_found, not_offered, level,
    amount, details, frozen); `repeated` when it had been asked for before and wasn't done again.
    """

    action: Action
    state: LedgerState | None
    order_number: str | None = None
    amount: Money | None = None
    receipt: str = ""
    refused: str = ""
    level_needed: Level = Level.NONE
    due_at: datetime | None = None
    repeated: bool = False

    @property
    def done(self) -> bool:
        """Whether it has happened."""
        return self.state is LedgerState.DONE


@dataclass(frozen=True, slots=True)
class TicketRequest:
    """A matter to be owned; `category` as category/subcategory."""

    caller: CallerRef
    intent: str
    category: str
    summary: str
    order_number: str | None = None


@dataclass(frozen=True, slots=True)
class TicketRef:
    """A ticket: its number for the caller, whose it is, when it is due, and when we call back if it is serious."""

    number: str
    queue: str
    priority: int
    due_at: datetime
    callback_at: datetime | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """Call this caller back at a time (None: as soon as somebody is free)."""

    caller: CallerRef
    queue: str
    at: datetime | None = None
    order_number: str | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class CallbackRef:
    """A booked callback."""

    id: int
    phone: str
    due_at: datetime
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ContactReport:
    """How a call ended: what it was about, the outcome in a word, and whether the matter was settled."""

    caller: CallerRef
    intent: str
    outcome: str
    solved: bool
    order_number: str | None = None


class OrderSystem(Protocol):
    """The order desk as a conversation sees it."""

    async def caller(self, caller: CallerRef | str) -> CallerFacts:
        """Who is calling, by phone number."""
        ...

    async def find(self, query: OrderQuery) -> FindResult:
        """The order the caller means."""
        ...

    async def existing(self, numbers: Sequence[str], caller: CallerRef | None = None) -> Mapping[str, OrderSummary]:
        """Which of these numbers exist, in one query: at most 500."""
        ...

    async def verify(self, caller: CallerRef, claim: Claim) -> Verification:
        """Check what the caller says of themselves; every attempt is recorded."""
        ...

    async def decide(
        self, intent: str, order_number: str | None, caller: CallerRef, now: datetime | None = None
    ) -> Decision:
        """What is so and what may be done."""
        ...

    async def act(self, request: ActionRequest) -> ActionResult:
        """Do it, once."""
        ...

    async def open_ticket(self, request: TicketRequest) -> TicketRef:
        """Open a ticket, once per call, intent and order."""
        ...

    async def append_ticket(self, number: str, author: str, text: str) -> bool:
        """Add a line to a ticket's history; False when there is no such ticket."""
        ...

    async def book_callback(self, request: CallbackRequest) -> CallbackRef:
        """Book a callback, once per call."""
        ...

    async def take_back_callback(self, call_id: str, queue: str) -> bool:
        """The callback booked in that call for that queue has become needless; False when there is none open."""
        ...

    async def promise(self, caller: CallerRef, what: str, due_at: datetime, order_number: str | None = None) -> None:
        """Keep what the customer was told would happen."""
        ...

    async def contact(self, report: ContactReport) -> None:
        """Keep how a call ended."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
