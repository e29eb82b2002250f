"""Goods that go back to the shop, for others of their kind or for money, as they stand at one moment (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from order_lookup.money import Money

# Ledger states in which an action counts: the goods or the money are spoken for.
STANDING = frozenset({"planned", "sent", "done", "unknown"})


@dataclass(frozen=True, slots=True)
class ExchangeFacts:
    """An item that is exchanged for the same in another size or colour: the ledger's entry, and the ticket that people work on.

    `state` as in the ledger; `due_at` is when a colleague will have been in touch, `answered_at` when they first wrote what they did
    about it, `settled_at` when they closed the ticket.
    """

    item: str
    variant: str
    state: str
    noted_at: datetime
    due_at: datetime | None = None
    answered_at: datetime | None = None
    settled_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it was noted or may still be."""
        return self.state in STANDING

    @property
    def settled(self) -> bool:
        """Whether nobody has anything left to do about it; a ticket that is gone was settled long ago."""
        return self.state == "done" and (self.settled_at is not None or self.due_at is None)

    def overdue(self, now: datetime) -> bool:
        """Whether somebody should have been in touch by now and nobody was."""
        return not self.settled and self.answered_at is None and self.due_at is not None and self.due_at < now


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """Goods that were to be collected and sent back to the shop: the ledger's entry; `state` as there.

    `amount` is what the caller was told goes back once they have arrived.
    """

    amount: Money
    state: str
    noted_at: datetime

    @property
    def stands(self) -> bool:
        """Whether they are to be collected, or may be."""
        return self.state in STANDING
