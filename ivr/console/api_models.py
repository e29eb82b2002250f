"""The shapes of the API's answers; times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Self

from pydantic import BaseModel

from ivr.console.views import CallView, LineView, QueueView, Strip


class Problem(BaseModel):
    """What was wrong."""

    detail: str


class HoursOut(BaseModel):
    """A queue: open or closed, until when as far as is known, and which supervisor said so where it isn't the timetable."""

    queue: str
    open: bool
    until: float | None
    by: str


class CallOut(BaseModel):
    """A call."""

    id: str
    caller: str
    called: str
    language: str
    started_at: float
    ended_at: float | None
    disposition: str
    satisfaction: int | None
    case: dict[str, Any]

    @classmethod
    def of(cls, call: CallView) -> Self:
        """From the view."""
        return cls(**_fields(call))


def _fields(call: CallView) -> dict[str, Any]:
    shown = ("id", "caller", "called", "language", "started_at", "ended_at", "disposition", "satisfaction")
    return {name: getattr(call, name) for name in shown} | {"case": dict(call.case)}


class LineOut(BaseModel):
    """A line of the transcript."""

    position: int
    speaker: str
    text: str
    seconds: float
    confidence: float | None


class CallWithLines(CallOut):
    """A call with what was said."""

    lines: list[LineOut]

    @classmethod
    def of_lines(cls, call: CallView, lines: Sequence[LineView]) -> Self:
        """From the views."""
        return cls(**_fields(call), lines=[LineOut(**asdict(line)) for line in lines])


class QueuedOut(BaseModel):
    """A call that waits or is being talked on."""

    handoff: int
    call_id: str
    queue: str
    skill: str
    language: str
    state: str
    reason: str
    flags: list[str]
    rank: int
    enqueued_at: float
    reserved_at: float | None
    connected_at: float | None
    agent: str
    caller: str


class QueueOut(BaseModel):
    """The queue now."""

    waiting: int
    longest_since: float | None
    agents: dict[str, int]
    calls: list[QueuedOut]

    @classmethod
    def of(cls, strip: Strip, calls: Sequence[QueueView]) -> Self:
        """From the views."""
        queued = [QueuedOut(**{**asdict(call), "flags": list(call.flags)}) for call in calls]
        return cls(waiting=strip.waiting, longest_since=strip.longest_since, agents=dict(strip.agents), calls=queued)


class AgentOut(BaseModel):
    """An agent."""

    id: int
    name: str
    state: str
    since: float
    away_reason: str
    call_id: str | None
    queues: list[str]
    skills: list[str]
    languages: list[str]
