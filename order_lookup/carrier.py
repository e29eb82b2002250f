"""Who carries an action out beyond the database: the payment provider, the courier's dispatch, the merchant's screen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from order_lookup.money import Money
from order_lookup.words import Action


@dataclass(frozen=True, slots=True)
class Job:
    """An action to carry out; `key` is the same however often it is asked for."""

    key: str
    action: Action
    order_number: str | None
    amount: Money | None
    payments: tuple[tuple[str, Money], ...] = ()  # (provider's reference, amount) to refund against
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carried:
    """It was done, now or before; the provider's reference of it."""

    receipt: str


@dataclass(frozen=True, slots=True)
class Declined:
    """It was not done and will not be."""

    reason: str


class Carrier(Protocol):
    """Carries jobs out; a key is done once however often it comes.

    Raising DownError (or, by a fault, anything else) and taking too long leave the job unknown: it may or may not have been done.
    """

    async def carry(self, job: Job) -> Carried | Declined:
        """Do it, or say what came of it before."""
        ...


class InHouse:
    """A shop whose own database is all there is: nothing beyond it needs to be told."""

    async def carry(self, job: Job) -> Carried | Declined:
        """Done as soon as it is written down; the receipt follows from the key."""
        digest = hashlib.blake2b(job.key.encode(), digest_size=4).hexdigest()
        return Carried(f"{int(digest, 16) % 10**8:08d}")
