"""Say prompts to a leg one after another, pause at once, and go on where it stopped.

How it works: `say` has all prompts rendered at once; the first is fetched, played, and the phone's word that it ended fetches the
next. Paused, the sound is stopped and its place remembered; what is fetched meanwhile waits. A prompt that can't be rendered or
played is left out. `drop` forgets it all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from ivr.commands import Prompt
from ivr.ports import Phone, Voice

# Going on a little before the interruption gives the caller the broken word again.
STEP_BACK_SECONDS = 0.3


class Mouth:
    """The prompts of one turn; `on_started` is told of each as its sound goes out, `on_failed` of each that is left out, `on_ended`
    once after the last."""

    def __init__(
        self,
        phone: Phone,
        voice: Voice,
        leg: int,
        on_started: Callable[[Prompt], None],
        on_ended: Callable[[], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        self._phone, self._voice, self._leg = phone, voice, leg
        self._on_started, self._on_ended, self._on_failed = on_started, on_ended, on_failed
        self._rendering: list[asyncio.Task[Path]] = []
        self._prompts: list[Prompt] = []
        self._playback: int | None = None
        self._wav: Path | None = None
        self._began_at, self._offset_seconds = 0.0, 0.0
        self._fetching: asyncio.Task[None] | None = None
        self._paused = False

    @property
    def busy(self) -> bool:
        """Whether something is being said or is about to be."""
        return self._playback is not None or self._fetching is not None or bool(self._prompts) or self._paused

    def say(self, prompts: tuple[Prompt, ...]) -> None:
        """Drop what was being said and say these; all are rendered at once, so that none waits for its turn."""
        self.drop()
        self._prompts = list(prompts)
        self._rendering = [asyncio.create_task(self._voice.wav(prompt)) for prompt in prompts]
        self._advance()

    def pause(self) -> None:
        """Stop the sound now."""
        self._paused = self.busy
        if self._playback is not None:
            self._phone.stop(self._playback)
            self._offset_seconds += time.monotonic() - self._began_at
            self._playback = None

    def resume(self) -> None:
        """Go on a little before the place where it stopped."""
        if not self._paused:
            return
        self._paused = False
        if self._wav is not None:
            self._play(self._wav, max(0.0, self._offset_seconds - STEP_BACK_SECONDS))
        elif self._fetching is None:
            self._advance()

    def drop(self) -> None:
        """Stop the sound now and forget what was to follow."""
        if self._playback is not None:
            self._phone.stop(self._playback)
        for task in (*self._rendering, *([self._fetching] if self._fetching else [])):
            task.cancel()
        self._rendering, self._prompts, self._fetching = [], [], None
        self._forget()
        self._playback, self._paused = None, False

    def playback_finished(self, playback: int) -> None:
        """The phone says that a playback came to its end."""
        if playback == self._playback:
            self._forget()
            self._playback = None
            self._advance()

    def _forget(self) -> None:
        if self._wav is not None:
            self._voice.forget(self._wav)
            self._wav = None

    def _advance(self) -> None:
        if not self._prompts:
            self._on_ended()
            return
        self._fetching = asyncio.create_task(self._play_next(self._prompts.pop(0), self._rendering.pop(0)))

    async def _play_next(self, prompt: Prompt, wav: asyncio.Task[Path]) -> None:
        try:
            self._wav = await wav
        except Exception as fault:
            self._leave_out(fault)
            return
        self._fetching, self._offset_seconds = None, 0.0
        self._on_started(prompt)
        if not self._paused:
            self._play(self._wav, 0.0)

    def _play(self, wav: Path, at_seconds: float) -> None:
        self._offset_seconds, self._began_at = at_seconds, time.monotonic()
        try:
            self._playback = self._phone.play(self._leg, wav, at_seconds)
        except Exception as fault:
            self._leave_out(fault)

    def _leave_out(self, fault: Exception) -> None:
        """Nobody will ever say that this one ended: what is to follow must not wait for it."""
        self._fetching = None
        self._forget()
        self._on_failed(fault)
        self._advance()
