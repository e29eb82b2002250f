"""The floor of one call: the robot's mouth, the caller's ear and the clock between them, moved as turn-taking decides.

`turn_taking` says what ought to happen; this does it with sound and time. One turn at a time: prompts are said, then the
caller is listened to, and exactly one event tells the dialogue how that ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

from ivr import turn_taking as turns
from ivr.commands import Listen, Prompt
from ivr.ear import Ear
from ivr.endpointing import Completeness
from ivr.errors import SpeechUnavailable
from ivr.events import Event
from ivr.mouth import Mouth
from ivr.services import Services


class Floor:
    """Takes turns with one caller; `now` is call time in seconds."""

    def __init__(
        self,
        services: Services,
        leg: int,
        completeness: Callable[[str], Completeness],
        now: Callable[[], float],
        on_event: Callable[[Event], None],
        on_said: Callable[[Prompt, float | None], None],
        on_speech_lost: Callable[[SpeechUnavailable], None],
        on_voice_failed: Callable[[Exception], None],
    ) -> None:
        self._phone, self._leg, self._hushed = services.phone, leg, False
        self._now, self._on_event, self._on_said = now, on_event, on_said
        self._on_speech_lost = on_speech_lost
        self._turns = turns.TurnTaking()
        self._mouth = Mouth(
            services.phone, services.voice, leg, self._prompt_started, self._prompts_ended, on_voice_failed
        )
        self._ear = Ear(services.listener, services.detector(), completeness, self._happened, self._speech_lost)
        self._clock: asyncio.TimerHandle | None = None
        self._afterwards: list[Callable[[], None]] = []
        self._left = False
        self._speech_ended_seconds: float | None = None

    # -- what the call asks for ------------------------------------------------------------------------------------

    def take(self, turn: int, prompts: tuple[Prompt, ...], barge_in: bool, listen: Listen | None) -> None:
        """Begin a turn: say the prompts, then listen if asked to; what was going on is dropped. What is private isn't recorded."""
        self._left = False
        self._hush(bool(listen and listen.sensitive) or any(prompt.sensitive for prompt in prompts))
        self._mouth.drop()
        self._do(self._turns.begin(turn, bool(prompts), barge_in, listen, self._now()))
        if self._turns.state is turns.State.SPEAKING:
            self._mouth.say(prompts)

    def aside(self, prompt: Prompt) -> None:
        """Say this if nothing else is being said or heard; it belongs to no turn."""
        if self._turns.state is turns.State.QUIET and not self._mouth.busy and not self._left:
            self._mouth.say((prompt,))

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do this once everything was said; `settle` when nothing is."""
        self._afterwards.append(action)

    def settle(self) -> None:
        """If nothing is being said, do now what waits for that."""
        if self._mouth.busy:
            return
        waiting, self._afterwards = self._afterwards, []
        for action in waiting:
            action()

    def leave(self) -> None:
        """Somebody else talks to the caller (a handoff): hear nothing until the next turn is taken."""
        self._left = True
        self._hush(False)
        self._ear.close()
        self._stop_clock()

    def stop(self) -> None:
        """Say, hear and await nothing any more."""
        self._afterwards.clear()
        self._mouth.drop()
        self._do(self._turns.stop())

    def apologise(self, prompt: Prompt, then: Callable[[], None]) -> None:
        """Drop everything, say this and nothing else, then act."""
        self.stop()
        self._afterwards.append(then)
        self._mouth.say((prompt,))

    def _hush(self, on: bool) -> None:
        if on != self._hushed:
            self._hushed = on
            self._phone.hush(self._leg, on)

    # -- what the caller does --------------------------------------------------------------------------------------

    def hear(self, pcm: bytes) -> None:
        """A frame of the caller's sound that ends now."""
        self._ear.hear(pcm, self._now())

    def key(self, key: str) -> None:
        """A DTMF key."""
        self._happened(turns.KeyHeard(key))

    def playback_finished(self, playback: int) -> None:
        """The phone played something to its end."""
        self._mouth.playback_finished(playback)

    # -- turn-taking -----------------------------------------------------------------------------------------------

    def _happened(self, happening: turns.Happening) -> None:
        if self._left and not isinstance(happening, turns.PromptsEnded):
            return
        if isinstance(happening, turns.SpeechStopped):
            self._speech_ended_seconds = self._ear.speech_ended_seconds
        self._do(self._turns.receive(happening, self._now()))

    def _do(self, steps: turns.Steps) -> None:
        for step in steps:
            match step:
                case turns.OpenEar():
                    self._ear.open(step.listen)
                case turns.CloseEar():
                    self._ear.close()
                case turns.PausePrompts():
                    self._mouth.pause()
                case turns.ResumePrompts():
                    self._mouth.resume()
                case turns.DropPrompts():
                    self._mouth.drop()
                case turns.StartClock():
                    self._stop_clock()
                    loop = asyncio.get_running_loop()
                    self._clock = loop.call_later(step.seconds, self._happened, turns.ClockRanOut())
                case turns.StopClock():
                    self._stop_clock()
                case turns.Deliver():
                    self._on_event(step.event)
                case _:
                    assert_never(step)

    def _stop_clock(self) -> None:
        if self._clock:
            self._clock.cancel()
            self._clock = None

    def _prompt_started(self, prompt: Prompt) -> None:
        ended, self._speech_ended_seconds = self._speech_ended_seconds, None
        self._on_said(prompt, None if ended is None else self._now() - ended)

    def _prompts_ended(self) -> None:
        self._happened(turns.PromptsEnded())
        self.settle()

    def _speech_lost(self, fault: SpeechUnavailable) -> None:
        self._on_speech_lost(fault)
        if self._turns.state is turns.State.DECIDING:
            self._happened(turns.Recognised(()))
