"""What a call is given: the conversation it carries out, the handoff it may start, and the ports it shares with others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from ivr.commands import Command, HandOff, Prompt
from ivr.endpointing import Completeness
from ivr.events import Event, HandoffEnded
from ivr.legs import LegEvent
from ivr.ports import Hours, Listener, NeverClosed, OrderDesk, Phone, Records, SpeechDetector, Voice
from ivr.tones import Tones
from ivr.tracks import room_for_more
from ivr.values import Values

if TYPE_CHECKING:
    from ivr.call import Call

log = structlog.get_logger()


class Conversation(Protocol):
    """The dialogue as a call needs it: `ivr.dialogue.machine.Dialogue`, or a fake in a test."""

    version: str

    def receive(self, event: Event) -> tuple[Command, ...]:
        """What to do about an event."""

    def completeness(self, partial: str) -> Completeness:
        """Whether the words so far are complete, incomplete, or in the middle of a number."""

    def phrase(self, prompt_id: str, values: Values | None = None) -> Prompt:
        """One of the product's own prompts in the language of the call, its variables filled in."""

    def about(self, matter: str) -> str:
        """What a call is about, in words for the colleague who takes it; empty where there are none."""


class HandoffRun(Protocol):
    """A handoff under way (`ivr.transfer.Transfer`)."""

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on the caller's or the agent's leg."""

    def close(self) -> str:
        """The caller is gone: free agent and place in the queue; returns the outcome, as in HandoffEnded."""


@dataclass(frozen=True, slots=True)
class Services:
    """What calls of one worker share."""

    phone: Phone
    listener: Listener
    voice: Voice
    desk: OrderDesk
    records: Records
    tones: Tones
    detector: Callable[[], SpeechDetector]
    start_handoff: Callable[[Call, HandOff, Callable[[HandoffEnded], None]], HandoffRun]
    recordings: Path | None = None
    keep_free_bytes: int = 0
    slow_seconds: float = 1.5
    hours: Hours = field(default_factory=NeverClosed)

    def recording_of(self, call_id: str) -> Path | None:
        """Where the call's sound goes; None where none is kept, or what is left of the disk is for transcripts and prompts."""
        if self.recordings is None:
            return None
        if room_for_more(self.recordings, self.keep_free_bytes):
            return self.recordings / f"{call_id}.wav"
        log.error("call.not_recorded", call_id=call_id, why="the disk is nearly full")
        return None
