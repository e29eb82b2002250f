"""What happened, in the past tense: everything the dialogue can be told.

An event that answers a command echoes the command's `turn`; the dialogue drops an answer to an older turn (a prompt that
finished after barge-in must not start the no-input timer while the caller speaks). `seconds` is call time: seconds since the
call was answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.values import Language, Value


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; times are seconds from the start of the utterance, confidence 0..1."""

    text: str
    start_seconds: float
    end_seconds: float
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of an utterance: words separated by spaces, and the calibrated probability that it is right."""

    text: str
    confidence: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The call was answered; the dialogue begins. `caller` and `called` are digits or SIP user names, possibly empty."""

    seconds: float
    call_id: str
    caller: str
    called: str
    language: Language


@dataclass(frozen=True, slots=True)
class UtteranceHeard:
    """The caller spoke and stopped: N-best, best first; an empty tuple means speech that gave no words (no-match)."""

    turn: int
    seconds: float
    hypotheses: tuple[Hypothesis, ...]
    speech_seconds: float = 0.0
    barged_in: bool = False


@dataclass(frozen=True, slots=True)
class KeysPressed:
    """The caller keyed: digits without the terminator, or one of `*`, `#` alone."""

    turn: int
    seconds: float
    keys: str


@dataclass(frozen=True, slots=True)
class NoInput:
    """Neither speech nor keys came in time after the prompt ended (VoiceXML noinput)."""

    turn: int
    seconds: float


@dataclass(frozen=True, slots=True)
class MaxSpeech:
    """The caller spoke longer than allowed (VoiceXML maxspeechtimeout); what was understood so far is attached."""

    turn: int
    seconds: float
    hypotheses: tuple[Hypothesis, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptsFinished:
    """All prompts of the turn were played to their end."""

    turn: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer started by `StartTimer` ran out."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LookupFinished:
    """The order desk answered a `LookUp`: an outcome word and typed values for branching and speaking."""

    turn: int
    seconds: float
    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionFinished:
    """The ledger's word on an `Act`: outcome `done`, `refused`, `failed` or `unknown`."""

    turn: int
    seconds: float
    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageRecorded:
    """A message left by the caller was kept; one of no duration was not left."""

    turn: int
    seconds: float
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class HandoffEnded:
    """The handoff is over: `completed` (human and caller talked), `returned` (sent back to `step`), `callback`, `voicemail`, `abandoned` or `failed`."""

    turn: int
    seconds: float
    outcome: str
    step: str | None = None


@dataclass(frozen=True, slots=True)
class SpeechLost:
    """The recogniser can't be reached: go on by keys or to a human."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SpeechRestored:
    """The recogniser is back."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ComponentFailed:
    """Something of ours broke while carrying out the turn's command: apologise and hand off."""

    turn: int
    seconds: float
    what: str


@dataclass(frozen=True, slots=True)
class HoursChanged:
    """A queue has opened or closed: what is known of all of them now (`hours.QUEUE` and below)."""

    seconds: float
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The caller is gone; no command can reach them any more."""

    seconds: float


Event = (
    CallStarted
    | UtteranceHeard
    | KeysPressed
    | NoInput
    | MaxSpeech
    | PromptsFinished
    | TimerFired
    | LookupFinished
    | ActionFinished
    | MessageRecorded
    | HandoffEnded
    | SpeechLost
    | SpeechRestored
    | ComponentFailed
    | HoursChanged
    | CallerHungUp
)
