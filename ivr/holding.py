"""What a waiting caller hears: prompts one after another, and music or ringing between them, never nothing."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ivr.commands import Prompt
from ivr.mouth import Mouth
from ivr.ports import Phone, Voice
from ivr.tones import Tones

log = structlog.get_logger()


class Holding:
    """One leg on hold; `on_said` is told of each prompt, `on_quiet` of the number of the last one whenever none is left.

    While it is `muted` somebody else speaks to the caller: prompts and music wait for `begin`.
    """

    def __init__(
        self,
        phone: Phone,
        voice: Voice,
        tones: Tones,
        leg: int,
        on_said: Callable[[Prompt], None],
        on_quiet: Callable[[int], None],
        muted: bool = False,
    ) -> None:
        self._phone, self._tones, self._leg, self._on_quiet = phone, tones, leg, on_quiet
        self._mouth = Mouth(phone, voice, leg, on_said, self._mouth_ended, self._not_spoken)
        self._waiting: list[tuple[int, Prompt]] = []
        self._saying = 0
        self._music: str | None = None
        self._after_beep: Callable[[], None] | None = None
        self._playback: int | None = None
        self._muted = muted

    def begin(self) -> None:
        """The caller is ours: say what waits, or let the music sound."""
        self._muted = False
        if self._waiting:
            self._say_next()
        elif self._music:
            self.play(self._music)

    def say(self, number: int, prompt: Prompt) -> None:
        """Say it after what is being said; music pauses."""
        self._waiting.append((number, prompt))
        if not self._muted and not self._mouth.busy:
            self._say_next()

    def play(self, music: str) -> None:
        """Let music or ringing sound from now on, whenever nothing is said."""
        self._music = music
        self._pause_music()
        if not self._muted and not self._mouth.busy and not self._waiting:
            self._playback = self._tones.play(self._phone, self._leg, music, loop=True)

    def stop_music(self) -> None:
        """No music any more; prompts go on."""
        self._music = None
        self._pause_music()

    def beep(self, then: Callable[[], None]) -> None:
        """A short tone once everything is said: speak now; `then` is called as it sounds."""
        self._after_beep = then
        if not self._mouth.busy and not self._waiting:
            self._beep()

    def silence(self) -> None:
        """Nothing at all any more."""
        self.stop_music()
        self._after_beep = None
        self._waiting.clear()
        self._mouth.drop()

    def hush(self) -> None:
        """Leave out what is being said and what was to follow; music goes on."""
        self._waiting.clear()
        self._mouth.drop()
        if self._music:
            self.play(self._music)

    def playback_finished(self, playback: int) -> None:
        """The phone says that a playback came to its end."""
        self._mouth.playback_finished(playback)

    def _say_next(self) -> None:
        self._pause_music()
        self._saying, prompt = self._waiting.pop(0)
        self._mouth.say((prompt,))

    def _mouth_ended(self) -> None:
        if self._waiting:
            self._say_next()
            return
        if self._music:
            self.play(self._music)
        self._beep()
        self._on_quiet(self._saying)

    def _beep(self) -> None:
        then, self._after_beep = self._after_beep, None
        if then:
            self._tones.play(self._phone, self._leg, "beep")
            then()

    def _not_spoken(self, fault: Exception) -> None:
        log.error("holding.prompt_not_spoken", fault=str(fault))

    def _pause_music(self) -> None:
        if self._playback is not None:
            self._phone.stop(self._playback)
            self._playback = None
