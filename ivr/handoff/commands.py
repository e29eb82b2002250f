"""What to do about a handoff, in the imperative: everything the handoff machine can ask for.

`transfer/` carries commands out in order. Prompts to the caller queue up; music pauses for them and goes on afterwards until
`StopMusic`, `Join` or `Finish`. Whenever the queue of prompts has run empty, `SayFinished` is delivered with the number of the
last one. A command that can't be carried out is answered by `StepFailed(what=its class name)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.commands import StartTimer, StopTimer
from ivr.values import Language, Value

Outcome = Literal["completed", "returned", "callback", "voicemail", "abandoned", "failed"]
Release = Literal["available", "wrap_up", "away"]


@dataclass(frozen=True, slots=True)
class Say:
    """Say a prompt of prompts/ to the caller; answered by `SayFinished` with its number or a later one's."""

    number: int
    prompt: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlayMusic:
    """Let the caller hear music, or a ringing tone, in a loop; replaces what was playing."""

    kind: Literal["music", "ringing"] = "music"


@dataclass(frozen=True, slots=True)
class StopMusic:
    """End music or ringing."""


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """Write this call into the queue, or move it to another one; its waiting time goes on.

    `out_of_hours`: the caller came to a closed door and waits for nobody.
    """

    queue: str
    skill: str
    language: Language
    priority: int
    reason: str
    out_of_hours: bool = False


@dataclass(frozen=True, slots=True)
class ReserveAgent:
    """Try to reserve an agent for this call; answered by AgentReserved, NoAgent or QueueShut."""

    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseAgent:
    """Give the agent up: into this state, and not to be rung again before `rest_seconds`."""

    agent: str
    state: Release
    reason: str
    rest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RingAgent:
    """Dial the agent's phone; answered by AgentLegRinging, AgentLegAnswered or AgentLegEnded."""

    attempt: int
    agent: str
    uri: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Whisper:
    """Say this to the agent only; answered by WhisperFinished."""

    attempt: int
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class StopWhisper:
    """Say no more to the agent."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Join:
    """Let caller and agent hear each other; stops music and whisper."""

    attempt: int


@dataclass(frozen=True, slots=True)
class NoteConnected:
    """Write down that caller and agent talk, over us or directly."""

    attempt: int


@dataclass(frozen=True, slots=True)
class NoteHeld:
    """Write down that the caller is on hold, or back from it, so that every screen shows it."""

    on: bool


@dataclass(frozen=True, slots=True)
class Separate:
    """Undo `Join`."""

    attempt: int


@dataclass(frozen=True, slots=True)
class HangUpAgent:
    """End the agent's leg, ringing or answered; one that is gone is no error."""

    attempt: int


@dataclass(frozen=True, slots=True)
class TransferAttended:
    """REFER with Replaces: caller's and agent's phones talk directly; answered by TransferProgressed."""

    attempt: int


@dataclass(frozen=True, slots=True)
class TransferBlind:
    """REFER the caller to the agent's phone, context in the headers of the Refer-To URI; answered by TransferProgressed."""

    agent: str
    uri: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BookCallback:
    """Write down that we call back; answered by CallbackBooked or CallbackRefused."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordVoicemail:
    """Beep once all is said, keep what the caller says until silence, `#` or the cap; answered by MessageRecorded."""

    max_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Open the case's ticket (once per handoff), with transcript; waits for nothing."""

    kind: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The handoff is over and the call goes back to the dialogue as `HandoffEnded`; when `transferred`, end both our legs instead."""

    outcome: Outcome
    step: str | None = None
    transferred: bool = False


HandoffCommand = (
    Say
    | PlayMusic
    | StopMusic
    | EnterQueue
    | ReserveAgent
    | ReleaseAgent
    | RingAgent
    | Whisper
    | StopWhisper
    | Join
    | NoteConnected
    | NoteHeld
    | Separate
    | HangUpAgent
    | TransferAttended
    | TransferBlind
    | BookCallback
    | RecordVoicemail
    | OpenTicket
    | StartTimer
    | StopTimer
    | Finish
)
