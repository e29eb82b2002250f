"""A message the caller leaves: a stretch of the call's recording, from here to the caller's silence."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.commands import Grammar, Listen, RecordMessage
from ivr.events import Event, MessageRecorded, NoInput
from ivr.values import Language

_OPEN = Grammar("open")
_NO_INPUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message being left since `began_seconds` of call time."""

    asked: RecordMessage
    began_seconds: float

    def listening(self, step: str, language: Language) -> Listen:
        """How its end is awaited: any words, to the silence after them or the longest a message may be."""
        return Listen(
            self.asked.turn, step, language, _OPEN,
            no_input_seconds=_NO_INPUT_SECONDS, max_speech_seconds=self.asked.max_seconds,
        )  # fmt: skip

    def ended(self, event: Event, seconds: float) -> MessageRecorded:
        """What the dialogue is told at its end, which `event` was; a message of no duration is none."""
        lasted = 0.0 if isinstance(event, NoInput) else max(0.0, seconds - self.began_seconds)
        return MessageRecorded(self.asked.turn, seconds, lasted)
