"""What the pages and the API show: values read from the database at one moment, masked as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Strip:
    """The queue at a glance."""

    waiting: int
    longest_since: float | None
    agents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent and what they do now."""

    id: int
    name: str
    state: str
    since: float
    away_reason: str
    call_id: str | None
    queues: tuple[str, ...]
    skills: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueueView:
    """A call that waits or is being talked on."""

    handoff: int
    call_id: str
    queue: str
    skill: str
    language: str
    state: str
    reason: str
    flags: tuple[str, ...]
    rank: int
    enqueued_at: float
    reserved_at: float | None
    connected_at: float | None
    agent: str
    caller: str
    held: bool = False
    waits_since: float = 0.0  # for the next human: since they asked, or since the last one let go of them


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of the transcript."""

    position: int
    speaker: str
    text: str
    seconds: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class CallView:
    """A call with what is known of it; `case` is the flat dict that the call's worker keeps."""

    id: str
    caller: str
    called: str
    language: str
    started_at: float
    ended_at: float | None
    disposition: str
    recording: str
    satisfaction: int | None
    case: Mapping[str, Any] = field(default_factory=dict)
    handoff: QueueView | None = None

    @property
    def live(self) -> bool:
        """Whether the call goes on."""
        return self.ended_at is None

    def fact(self, key: str) -> str:
        """A fact of the case as text, empty when unknown."""
        value = self.case.get(key)
        return "" if value is None or isinstance(value, dict | list) else str(value)

    def facts(self, key: str) -> tuple[str, ...]:
        """A list among the facts."""
        value = self.case.get(key)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class PastCall:
    """A row of a list of calls."""

    call_id: str
    at: float
    caller: str
    about: str
    talk_seconds: float
    disposition: str
    satisfaction: int | None = None


@dataclass(frozen=True, slots=True)
class WrapUp:
    """What an agent has to finish."""

    call_id: str
    started_at: float
    talk_seconds: float
    disposition: str = ""
    note: str = ""
