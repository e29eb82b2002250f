"""What the handoff machine remembers, and the terms it works under."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr.handoff.commands import Outcome
from ivr.handoff.events import AgentReserved, HandoffRequested, Shut


class State(StrEnum):
    """Where a handoff stands, seen from the caller."""

    NEW = "new"
    WAITING = "waiting"
    RINGING = "ringing"
    WHISPERING = "whispering"
    DECIDING = "deciding"
    TRANSFERRING = "transferring"
    TALKING = "talking"
    HELD = "held"
    OFFERING = "offering"
    BOOKING = "booking"
    RECORDING = "recording"
    CONCLUDING = "concluding"
    ENDED = "ended"


# Where the caller may say or key what they would rather.
WAITING_STATES = frozenset({State.WAITING, State.RINGING, State.WHISPERING, State.DECIDING, State.OFFERING})


@dataclass(frozen=True, slots=True)
class Terms:
    """How long each part may take, in seconds."""

    ring_seconds: float = 20
    accept_seconds: float = 10
    whisper_seconds: float = 25
    max_wait_seconds: float = 300
    progress_seconds: float = 120
    retry_seconds: float = 1
    answer_seconds: float = 5
    choice_seconds: float = 8
    transfer_seconds: float = 32
    message_seconds: float = 60
    conclude_seconds: float = 30
    ask_again_seconds: float = 60
    rest_seconds: float = 15
    breath_seconds: float = 2


@dataclass(frozen=True, slots=True)
class Handoff:
    """One handoff: its state, the agent being tried, and the timers that run; `since` is when the caller began to wait.

    `shut` is set once the caller was told that the queue is closed.
    """

    state: State = State.NEW
    request: HandoffRequested | None = None
    attempt: int = 0
    agent: AgentReserved | None = None
    accepted: bool = False
    agent_gone: bool = False
    replaced: bool = False
    asked: tuple[tuple[str, float], ...] = ()
    since: float = 0.0
    deadline: float = 0.0
    position: int = 0
    expected_wait_seconds: float | None = None
    announced: bool = False
    closing_told: bool = False
    shut: Shut | None = None
    offers: int = 0
    said: int = 0
    timers: frozenset[str] = frozenset()
    ticketed: bool = False
    outcome: Outcome = "failed"

    def excluded(self, seconds: float, again_seconds: float) -> tuple[str, ...]:
        """Agents who were asked for this call a moment ago."""
        return tuple(sorted({agent for agent, asked in self.asked if seconds - asked < again_seconds}))
