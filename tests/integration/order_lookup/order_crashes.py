"""A bank that remembers, and a fuse that makes the process 'die' at any commit or await."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session

from order_lookup.carrier import Carried, Declined, Job
from order_lookup.errors import DownError
from order_lookup.words import REFUNDS


class CrashError(BaseException):
    """The process would be dead by now: nothing that catches faults catches this."""


class Fuse:
    """Burns through at a given tick; ticks are counted all the same."""

    def __init__(self) -> None:
        self.ticks, self.at = 0, 0

    def arm(self, at: int) -> None:
        self.ticks, self.at = 0, at

    def tick(self, *_: object) -> None:
        self.ticks += 1
        if self.ticks == self.at:
            raise CrashError(f"at tick {self.at}")

    @contextmanager
    def burning(self) -> Iterator[Fuse]:
        """Tick before and after every commit of any session."""
        event.listen(Session, "before_commit", self.tick)
        event.listen(Session, "after_commit", self.tick)
        try:
            yield self
        finally:
            event.remove(Session, "before_commit", self.tick)
            event.remove(Session, "after_commit", self.tick)


class Bank:
    """Moves money once per key, whatever else goes wrong; `mood` says what does."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse, self.mood = fuse, "fine"
        self.moved: dict[str, tuple[str | None, int]] = {}
        self.carried: dict[str, int] = {}

    async def carry(self, job: Job) -> Carried | Declined:
        self.fuse.tick()
        if self.mood == "down":
            raise DownError("the bank is down")
        if self.mood == "declines" and job.key not in self.carried:
            return Declined("no")
        if job.key not in self.carried:
            self.carried[job.key] = 0
            if job.action in REFUNDS and job.amount is not None:
                self.moved[job.key] = (job.order_number, job.amount.minor_units)
        self.carried[job.key] += 1
        if self.mood == "forgets to answer":
            raise DownError("the answer got lost")
        self.fuse.tick()
        return Carried(f"R{abs(hash(job.key)) % 10**8:08d}")

    def total(self, order_number: str) -> int:
        return sum(amount for number, amount in self.moved.values() if number == order_number)
