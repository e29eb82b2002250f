"""When the people of a queue are at work, as the order desk needs it for what is promised: its own port, filled by who opens the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable


@runtime_checkable
class WorkingTime(Protocol):
    """The hours of every queue; moments are aware."""

    def is_open(self, queue: str, at: datetime) -> bool:
        """Whether somebody of the queue is at work."""

    def after(self, queue: str, at: datetime, span: timedelta) -> datetime:
        """The moment at which so much of the queue's time of work has passed; no time: now, or when work begins."""


class AroundTheClock:
    """Who writes no hours is always at work."""

    def is_open(self, queue: str, at: datetime) -> bool:
        """Always."""
        return True

    def after(self, queue: str, at: datetime, span: timedelta) -> datetime:
        """By the clock."""
        return at + span
