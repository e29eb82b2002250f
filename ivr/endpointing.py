"""Where an utterance begins and ends: speech and silence in seconds come in, decisions come out. Pure.

How it works. Every frame says when it ended and how likely it holds speech; a frame is *voiced* from `on_probability` up, and
once somebody speaks already from `off_probability` up, so that a voice that sinks is not cut. From `sure_probability` up one
frame is enough: after a soft initial (zh, sh, ch) a caller has been speaking for a while when a voice is first heard.

    QUIET     voiced                                     → RISING    remember where the run began
    RISING    voiced for `minimum_speech_seconds` in all → SPEAKING  SpeechStarted
              or voiced for sure, once                   → SPEAKING  SpeechStarted
              silent for longer than `bridge_seconds`    → QUIET     a click, not speech
    SPEAKING  silent                                     → FALLING
    FALLING   silent for as long as the words demand     → QUIET     SpeechEnded
              voiced                                     → RETURNING
    RETURNING voiced for `resume_seconds` in a row       → SPEAKING  the pause was inside the utterance
              silent                                     → FALLING   a breath: the silence goes on counting
    SPEAKING, FALLING, RETURNING for `max_speech_seconds` since the beginning → OVERRUN  MaxSpeech
    OVERRUN   silent for `complete_seconds`              → QUIET

The silence that ends an utterance is counted from its last voiced frame and depends on the words so far, which may change
from frame to frame: short when they are complete, long when something is missing, longest inside a number. Who has paused
inside the utterance will pause as long again: unless the words are complete, the silence must outlast the longest pause so
far by `SLOWER`, up to `MOST_PATIENCE_SECONDS`. Time in which no frame came (lost packets) counts as silence. Barge-in, false
alarms and no-input are decided elsewhere, on top of this.
Words: VoiceXML 2.0 §6.3.2 (completetimeout, incompletetimeout, maxspeechtimeout).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, assert_never

from ivr.commands import Endpointing

Completeness = Literal["complete", "incomplete", "in_number"]

# A gap between two frames longer than this is lost audio, not one long frame.
_LONGEST_FRAME_SECONDS = 0.2
# Pauses of one speaker resemble each other: a silence that much longer than any before it is the end.
SLOWER = 1.4
MOST_PATIENCE_SECONDS = 3.0
# Sums of frame times such as 10 × 0.01 fall a hair short of 0.1; a limit is met within a microsecond.
_ROUNDING_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody speaks since `began_seconds`; the recogniser wants the audio from `audio_from_seconds` (with pre-roll)."""

    seconds: float
    began_seconds: float
    audio_from_seconds: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The utterance is over; its last voiced frame ended at `ended_seconds`."""

    seconds: float
    began_seconds: float
    ended_seconds: float

    @property
    def speech_seconds(self) -> float:
        """From the first voiced frame to the last."""
        return self.ended_seconds - self.began_seconds


@dataclass(frozen=True, slots=True)
class MaxSpeech:
    """The utterance has lasted as long as it may and goes on."""

    seconds: float
    began_seconds: float


Decision = SpeechStarted | SpeechEnded | MaxSpeech


@dataclass(frozen=True, slots=True)
class Onset:
    """What counts as speech: probabilities, and how long a sound must last (two chunks of the detector)."""

    minimum_speech_seconds: float = 0.06
    bridge_seconds: float = 0.1
    resume_seconds: float = 0.06
    pre_roll_seconds: float = 0.3
    on_probability: float = 0.55
    off_probability: float = 0.35
    sure_probability: float = 0.9


class _State(Enum):
    QUIET = auto()
    RISING = auto()
    SPEAKING = auto()
    FALLING = auto()
    RETURNING = auto()
    OVERRUN = auto()


class Endpointer:
    """Finds utterances in a stream of frames, one after another."""

    def __init__(
        self, silences: Endpointing | None = None, max_speech_seconds: float = 15.0, onset: Onset | None = None
    ) -> None:
        self.silences = silences or Endpointing()
        self.max_speech_seconds = max_speech_seconds
        self.onset = onset or Onset()
        self._state = _State.QUIET
        self._now: float | None = None
        self._began = self._voiced_until = self._returned = 0.0
        self._voiced_seconds = self._longest_pause = 0.0
        self._audio_begins: float | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance is under way, its inner pauses included."""
        return self._state in (_State.SPEAKING, _State.FALLING, _State.RETURNING)

    @property
    def silent_seconds(self) -> float:
        """How long the pause inside the present utterance has lasted; 0 while a voice is heard or nobody speaks."""
        return self._silence() if self._state is _State.FALLING else 0.0

    def frame(self, seconds: float, speech: bool | float, completeness: Completeness) -> Decision | None:
        """Take the frame that ended at `seconds`, and decide; raises ValueError when time runs backwards."""
        if self._now is not None and seconds < self._now:
            raise ValueError(f"a frame at {seconds} s came after one at {self._now} s")
        begins = seconds if self._now is None else max(self._now, seconds - _LONGEST_FRAME_SECONDS)
        if self._audio_begins is None:
            self._audio_begins = begins
        self._now = seconds
        voiced = speech >= (self.onset.off_probability if self.speaking else self.onset.on_probability)
        sure = speech >= self.onset.sure_probability
        decision = self._voiced(begins, seconds, sure) if voiced else self._silent(seconds, completeness)
        return decision or self._overrun(seconds)

    def _voiced(self, begins: float, ends: float, sure: bool) -> Decision | None:
        match self._state:
            case _State.QUIET:
                self._state, self._began, self._voiced_seconds = _State.RISING, begins, 0.0
                return self._rise(begins, ends, sure)
            case _State.RISING:
                if begins - self._voiced_until > self.onset.bridge_seconds:
                    self._began, self._voiced_seconds = begins, 0.0
                return self._rise(begins, ends, sure)
            case _State.SPEAKING | _State.OVERRUN:
                self._voiced_until = ends
            case _State.FALLING:
                self._state, self._returned = _State.RETURNING, begins
                self._resume(ends)
            case _State.RETURNING:
                self._resume(ends)
            case _:
                assert_never(self._state)
        return None

    def _rise(self, begins: float, ends: float, sure: bool) -> SpeechStarted | None:
        self._voiced_seconds += ends - begins
        self._voiced_until = ends
        if not sure and self._voiced_seconds + _ROUNDING_SECONDS < self.onset.minimum_speech_seconds:
            return None
        self._state, self._longest_pause = _State.SPEAKING, 0.0
        assert self._audio_begins is not None
        return SpeechStarted(ends, self._began, max(self._audio_begins, self._began - self.onset.pre_roll_seconds))

    def _resume(self, ends: float) -> None:
        if ends - self._returned + _ROUNDING_SECONDS >= self.onset.resume_seconds:
            self._longest_pause = max(self._longest_pause, self._returned - self._voiced_until)
            self._state, self._voiced_until = _State.SPEAKING, ends

    def _silent(self, ends: float, completeness: Completeness) -> Decision | None:
        match self._state:
            case _State.QUIET:
                pass
            case _State.RISING:
                if self._silence() > self.onset.bridge_seconds:
                    self._state = _State.QUIET
            case _State.SPEAKING | _State.FALLING | _State.RETURNING:
                self._state = _State.FALLING
                if self._silence() + _ROUNDING_SECONDS >= self._needed(completeness):
                    self._state, self._audio_begins = _State.QUIET, self._voiced_until
                    return SpeechEnded(ends, self._began, self._voiced_until)
            case _State.OVERRUN:
                if self._silence() >= self.silences.complete_seconds:
                    self._state, self._audio_begins = _State.QUIET, self._voiced_until
            case _:
                assert_never(self._state)
        return None

    def _overrun(self, seconds: float) -> MaxSpeech | None:
        if not self.speaking or seconds - self._began + _ROUNDING_SECONDS < self.max_speech_seconds:
            return None
        self._state = _State.OVERRUN
        return MaxSpeech(seconds, self._began)

    def _silence(self) -> float:
        assert self._now is not None
        return self._now - self._voiced_until

    def _needed(self, completeness: Completeness) -> float:
        match completeness:
            case "complete":
                return self.silences.complete_seconds
            case "incomplete":
                return self._outlasting(self.silences.incomplete_seconds)
            case "in_number":
                return self._outlasting(self.silences.in_number_seconds)
            case _:
                assert_never(completeness)

    def _outlasting(self, seconds: float) -> float:
        """So much silence, or more where the speaker has paused for nearly as long before."""
        return max(seconds, min(SLOWER * self._longest_pause, MOST_PATIENCE_SECONDS))
