"""What happened to a handoff, in the past tense: everything the handoff machine can be told.

`seconds` is call time, as in `ivr.events`. An `attempt` is one agent being rung; an event of an older attempt is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ivr.events import CallerHungUp, TimerFired
from ivr.handoff.briefing import Briefing
from ivr.values import Language, Week

WayOut = Literal["bridge", "refer", "blind"]
Wish = Literal["callback", "voicemail", "wait", "back", "goodbye", "agent", "repeat", "help", "other"]


@dataclass(frozen=True, slots=True)
class Shut:
    """A queue that is closed: when it opens (None: nobody knows yet), and the hours of a common week where they are worth telling."""

    opens_at: datetime | None = None
    week: Week | None = None


@dataclass(frozen=True, slots=True)
class HandoffRequested:
    """The dialogue wants a human; `priority` 0 is the most urgent, `caller` is what the trunk said and may be empty.

    `announced`: the robot has told the caller, or is telling. `shut`: the queue is closed. `on_call`: who is asked in its place when
    it is urgent and nobody is there.
    """

    seconds: float
    call_id: str
    queue: str
    reason: str
    language: Language
    skill: str = ""
    priority: int = 5
    way_out: WayOut = "bridge"
    caller: str = ""
    trusted: bool = False
    case_url: str = ""
    briefing: Briefing = field(default_factory=Briefing)
    announced: bool = False
    shut: Shut | None = None
    on_call: str = ""


@dataclass(frozen=True, slots=True)
class AgentReserved:
    """Answer to `ReserveAgent`: this agent is ours and will be rung by nobody else; `uri` is from the agents table."""

    seconds: float
    agent: str
    uri: str
    name: str = ""
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class NoAgent:
    """Answer to `ReserveAgent`: nobody yet; `position` counts from 1, `staffed` says whether anybody serves this queue now.

    `closes_at` is set when the queue will close in a few minutes.
    """

    seconds: float
    position: int = 1
    expected_wait_seconds: float | None = None
    staffed: bool = True
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueShut:
    """Answer to `ReserveAgent`: the queue is closed, and nobody of it is asked."""

    seconds: float
    shut: Shut


@dataclass(frozen=True, slots=True)
class AgentLegRinging:
    """The agent's phone rings."""

    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class AgentLegAnswered:
    """Somebody, or a voicemail, picked up the agent's phone."""

    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class AgentLegEnded:
    """The agent's leg is gone: the final SIP status, 200 after a normal BYE."""

    seconds: float
    attempt: int
    status: int = 200


@dataclass(frozen=True, slots=True)
class WhisperFinished:
    """The agent heard the whisper to its end."""

    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class AgentKeyPressed:
    """The agent keyed on the telephone: 1 accepts, 2 declines."""

    seconds: float
    attempt: int
    key: str


@dataclass(frozen=True, slots=True)
class AgentAccepted:
    """The agent accepted in the browser."""

    seconds: float
    agent: str


@dataclass(frozen=True, slots=True)
class AgentDeclined:
    """The agent declined in the browser."""

    seconds: float
    agent: str


@dataclass(frozen=True, slots=True)
class CallerKeyed:
    """The caller pressed a key."""

    seconds: float
    key: str


@dataclass(frozen=True, slots=True)
class CallerSaid:
    """The caller said something, understood as a wish."""

    seconds: float
    wish: Wish


@dataclass(frozen=True, slots=True)
class MediaLost:
    """No RTP came from one side for too long."""

    seconds: float
    party: Literal["caller", "agent"]


@dataclass(frozen=True, slots=True)
class AgentHeld:
    """The agent put the caller on hold, by telephone or browser."""

    seconds: float
    agent: str


@dataclass(frozen=True, slots=True)
class AgentResumed:
    """The agent is back from hold."""

    seconds: float
    agent: str


@dataclass(frozen=True, slots=True)
class SentBack:
    """The agent sends the caller back to the robot, at a named step."""

    seconds: float
    agent: str
    step: str


@dataclass(frozen=True, slots=True)
class PassedOn:
    """The agent hands the caller on to another queue; `note` is what the next agent is told."""

    seconds: float
    agent: str
    queue: str
    skill: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TransferProgressed:
    """NOTIFY for our REFER: the SIP status of the new call (RFC 3515)."""

    seconds: float
    status: int


@dataclass(frozen=True, slots=True)
class CallbackBooked:
    """The callback is written down and will be kept by `due`."""

    seconds: float
    due: datetime


@dataclass(frozen=True, slots=True)
class CallbackRefused:
    """The callback can't be promised: the caller's number is withheld or unusable, or the database refused."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class MessageRecorded:
    """The caller's message was kept; 0 seconds when nothing was said."""

    seconds: float
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class SayFinished:
    """Everything said to the caller so far was played to its end; `number` is the last `Say`'s."""

    seconds: float
    number: int


@dataclass(frozen=True, slots=True)
class StepFailed:
    """Something of ours broke while a command was carried out; `what` names the command's class."""

    seconds: float
    what: str


HandoffEvent = (
    HandoffRequested
    | AgentReserved
    | NoAgent
    | QueueShut
    | AgentLegRinging
    | AgentLegAnswered
    | AgentLegEnded
    | WhisperFinished
    | AgentKeyPressed
    | AgentAccepted
    | AgentDeclined
    | CallerKeyed
    | CallerSaid
    | CallerHungUp
    | MediaLost
    | AgentHeld
    | AgentResumed
    | SentBack
    | PassedOn
    | TransferProgressed
    | CallbackBooked
    | CallbackRefused
    | MessageRecorded
    | SayFinished
    | StepFailed
    | TimerFired
)
