"""Whose turn it is to speak: prompts, speech and keys of one call, decided without sound or clock (pure).

How it works
------------
The call tells the machine what happens (prompts ended, speech started, key pressed, clock ran out) and carries out what it
answers (pause the prompts, open the ear, deliver an event to the dialogue). One `Listen` ends with exactly one of
UtteranceHeard, KeysPressed, NoInput, MaxSpeech.

    state       prompts ended          speech started      speech ended   recognised              key         clock
    QUIET       -                      -                   -              -                       kept        -
    SPEAKING    WAITING, or finished   pause, HEARING      -              -                       COLLECTING  -
    WAITING     -                      HEARING             -              -                       COLLECTING  NoInput
    HEARING     no resuming any more   -                   DECIDING       -                       COLLECTING  -
    DECIDING    no resuming any more   -                   -              words: UtteranceHeard   COLLECTING  -
                                                                          too long: MaxSpeech
                                                                          false alarm: back
    COLLECTING  -                      -                   -              -                       more/done   KeysPressed

A false alarm is a sound without words, or a filler said over a prompt (a cough, 嗯): the prompt goes on where it stopped.
Keys pressed while nothing listens are kept for the next `Listen` (type-ahead, ISO/IEC 13714); over a prompt that can't be
interrupted nothing is heard, and keys are kept until its end. A key beats speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ivr.commands import KeyInput, Listen
from ivr.events import Event, Hypothesis, KeysPressed, MaxSpeech, NoInput, PromptsFinished, UtteranceHeard

FILLERS = frozenset({"嗯", "呃", "啊", "哦", "唔", "哎", "um", "uh", "er", "hm", "mm", "mhm", "ah", "oh", "[unk]"})
SHORT_NOISE_SECONDS = 0.6
MOST_FALSE_ALARMS = 3


class State(Enum):
    """Where the turn stands."""

    QUIET = "quiet"
    SPEAKING = "speaking"
    WAITING = "waiting"
    HEARING = "hearing"
    DECIDING = "deciding"
    COLLECTING = "collecting"


@dataclass(frozen=True, slots=True)
class PromptsEnded:
    """The last prompt of the turn was played to its end."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The endpointer heard speech begin."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The endpointer heard it end; `too_long` when the cap ended it."""

    speech_seconds: float
    too_long: bool = False


@dataclass(frozen=True, slots=True)
class Recognised:
    """The recogniser's reading of the speech that stopped."""

    hypotheses: tuple[Hypothesis, ...]


@dataclass(frozen=True, slots=True)
class KeyHeard:
    """A DTMF key."""

    key: str


@dataclass(frozen=True, slots=True)
class ClockRanOut:
    """The no-input or inter-digit clock."""


Happening = PromptsEnded | SpeechBegan | SpeechStopped | Recognised | KeyHeard | ClockRanOut


@dataclass(frozen=True, slots=True)
class OpenEar:
    """Listen for speech from now on, as the Listen command says."""

    listen: Listen


@dataclass(frozen=True, slots=True)
class CloseEar:
    """Stop listening; forget what is being recognised."""


@dataclass(frozen=True, slots=True)
class PausePrompts:
    """Stop the prompt at once and remember where."""


@dataclass(frozen=True, slots=True)
class ResumePrompts:
    """Go on a little before where it stopped."""


@dataclass(frozen=True, slots=True)
class DropPrompts:
    """Stop the prompt and forget it and what was to follow."""


@dataclass(frozen=True, slots=True)
class StartClock:
    """Have ClockRanOut happen after `seconds`; there is one clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StopClock:
    """Forget the clock."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Tell the dialogue."""

    event: Event


Step = OpenEar | CloseEar | PausePrompts | ResumePrompts | DropPrompts | StartClock | StopClock | Deliver
Steps = tuple[Step, ...]


class TurnTaking:
    """The machine; `seconds` is call time."""

    def __init__(self) -> None:
        self.state = State.QUIET
        self._turn = 0
        self._listen: Listen | None = None
        self._typed = ""
        self._ear_open = False
        self._barged_in = False
        self._resumable = False
        self._speech = SpeechStopped(0.0)
        self._false_alarms = 0
        self._hash_is_stale = False

    def begin(self, turn: int, prompts: bool, barge_in: bool, listen: Listen | None, seconds: float) -> Steps:
        """Start a turn: say prompts (if any), then listen (if asked to). What was going on is dropped."""
        steps: Steps = (StopClock(), CloseEar())
        self._turn, self._listen = turn, listen
        self._ear_open, self._barged_in, self._resumable, self._false_alarms = False, False, False, 0
        self.state = State.SPEAKING if prompts else State.QUIET
        if listen is None:
            return steps
        if self._typed and (barge_in or not prompts):
            return steps + self._take_typed(seconds)
        if prompts and not barge_in:
            return steps
        self._ear_open = True
        if prompts:
            return (*steps, OpenEar(listen))
        self.state = State.WAITING
        return (*steps, OpenEar(listen), StartClock(listen.no_input_seconds))

    def stop(self) -> Steps:
        """Nothing is said or awaited any more."""
        self.state, self._listen, self._typed = State.QUIET, None, ""
        return (StopClock(), CloseEar(), DropPrompts())

    def receive(self, happening: Happening, seconds: float) -> Steps:
        """What to do about a happening; one that means nothing in this state changes nothing."""
        match happening:
            case PromptsEnded():
                return self._prompts_ended(seconds)
            case SpeechBegan() if self.state is State.SPEAKING and self._ear_open:
                self.state, self._barged_in, self._resumable = State.HEARING, True, True
                return (PausePrompts(),)
            case SpeechBegan() if self.state is State.WAITING:
                self.state, self._barged_in, self._resumable = State.HEARING, False, False
                return (StopClock(),)
            case SpeechStopped() if self.state is State.HEARING:
                self.state, self._speech = State.DECIDING, happening
                return ()
            case Recognised() if self.state is State.DECIDING:
                return self._recognised(happening.hypotheses, seconds)
            case KeyHeard():
                return self._key(happening.key, seconds)
            case ClockRanOut():
                return self._clock(seconds)
        return ()

    def _prompts_ended(self, seconds: float) -> Steps:
        if self.state in (State.HEARING, State.DECIDING):
            self._resumable = False
            return ()
        if self.state is not State.SPEAKING:
            return ()
        if self._listen is None:
            self.state = State.QUIET
            return (Deliver(PromptsFinished(self._turn, seconds)),)
        if self._typed:
            return self._take_typed(seconds)
        opening: Steps = () if self._ear_open else (OpenEar(self._listen),)
        self.state, self._ear_open = State.WAITING, True
        return (*opening, StartClock(self._listen.no_input_seconds))

    def _recognised(self, hypotheses: tuple[Hypothesis, ...], seconds: float) -> Steps:
        assert self._listen is not None
        if self._speech.too_long:
            return self._finish(MaxSpeech(self._turn, seconds, hypotheses))
        if self._is_false_alarm(hypotheses):
            self._false_alarms += 1
            if self._barged_in and self._resumable:
                self.state = State.SPEAKING
                return (OpenEar(self._listen), ResumePrompts())
            self.state = State.WAITING
            return (OpenEar(self._listen), StartClock(self._listen.no_input_seconds))
        return self._finish(
            UtteranceHeard(self._turn, seconds, hypotheses, self._speech.speech_seconds, self._barged_in)
        )

    def _is_false_alarm(self, hypotheses: tuple[Hypothesis, ...]) -> bool:
        if self._false_alarms >= MOST_FALSE_ALARMS:
            return False
        words = set(hypotheses[0].text.lower().split()) if hypotheses else set()
        if not words:
            return self._resumable or self._speech.speech_seconds <= SHORT_NOISE_SECONDS
        return self._barged_in and words <= FILLERS and self._speech.speech_seconds <= 2 * SHORT_NOISE_SECONDS

    def _key(self, key: str, seconds: float) -> Steps:
        stale, self._hash_is_stale = self._hash_is_stale and key == "#", False
        if stale:
            return ()
        if self.state is State.QUIET or (self.state is State.SPEAKING and not self._ear_open):
            self._typed += key
            return ()
        if self.state is not State.COLLECTING:
            self.state, self._typed = State.COLLECTING, ""
            return (StopClock(), CloseEar(), DropPrompts(), *self._collect(key, seconds))
        return self._collect(key, seconds)

    def _take_typed(self, seconds: float) -> Steps:
        typed, self._typed, self.state = self._typed, "", State.COLLECTING
        steps: Steps = (DropPrompts(),)
        for index, key in enumerate(typed):
            steps += self._collect(key, seconds)
            if self.state is not State.COLLECTING:
                rest = typed[index + 1 :]
                self._typed = rest.removeprefix("#") if self._hash_is_stale else rest
                self._hash_is_stale = self._hash_is_stale and not rest
                break
        return steps

    def _collect(self, key: str, seconds: float) -> Steps:
        assert self._listen is not None
        wanted: KeyInput = self._listen.keys
        if key == "#":
            return self._keys_done(self._typed or "#", seconds)
        if key == "*" or (wanted.max_digits == 1 and not self._typed):
            return self._keys_done(key, seconds)
        self._typed += key
        if len(self._typed) >= wanted.max_digits:
            # Who was told to end with # presses it also after the last digit there can be; it means nothing then.
            self._hash_is_stale = wanted.max_digits > 1
            return self._keys_done(self._typed, seconds)
        return (StartClock(wanted.interdigit_seconds),)

    def _keys_done(self, keys: str, seconds: float) -> Steps:
        self._typed = ""
        return self._finish(KeysPressed(self._turn, seconds, keys))

    def _clock(self, seconds: float) -> Steps:
        if self.state is State.WAITING:
            return self._finish(NoInput(self._turn, seconds))
        if self.state is State.COLLECTING and self._typed:
            return self._keys_done(self._typed, seconds)
        return ()

    def _finish(self, event: Event) -> Steps:
        self.state, self._listen, self._ear_open = State.QUIET, None, False
        return (StopClock(), CloseEar(), DropPrompts(), Deliver(event))
