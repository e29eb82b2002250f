"""Turn the caller's sound into happenings: voice detection → endpointing → recogniser.

How it works: each frame is kept for a second and given to the detector; its probability of speech goes to the endpointer, which
says when speech begins (the frames kept before it are fed to the recogniser) and when it has ended, sooner where the words so far
are complete. Then the ear is shut, and the recogniser's reading follows as soon as it is there.

Speech goes to the recogniser only from where it began (with pre-roll) to where it ended, so that a silent caller costs next to
nothing; the connection is opened when the ear opens, so that no word waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from ivr import turn_taking as turns
from ivr.commands import Listen
from ivr.endpointing import Completeness, Endpointer, MaxSpeech, SpeechEnded, SpeechStarted
from ivr.errors import SpeechUnavailable
from ivr.events import Hypothesis
from ivr.ports import Listener, Recognition, SpeechDetector

# Enough for the endpointer's pre-roll and the frames it took to be sure.
KEPT_SECONDS = 1.0


class Ear:
    """Hears one caller; closed it forgets, open it reports SpeechBegan, SpeechStopped and Recognised."""

    def __init__(
        self,
        listener: Listener,
        detector: SpeechDetector,
        completeness: Callable[[str], Completeness],
        on_happening: Callable[[turns.Happening], None],
        on_lost: Callable[[SpeechUnavailable], None],
    ) -> None:
        self._listener, self._detector, self._completeness = listener, detector, completeness
        self._on_happening, self._on_lost = on_happening, on_lost
        self._endpointer: Endpointer | None = None
        self._recognition: Recognition | None = None
        self._kept: deque[tuple[float, bytes]] = deque()
        self._feeding = False
        self._judged: tuple[str, Completeness] = ("", "incomplete")
        self._finishing: asyncio.Task[None] | None = None
        self.speech_ended_seconds: float | None = None

    def open(self, listen: Listen) -> None:
        """Listen as told; what was being recognised is forgotten."""
        self.close()
        self._judged = ("", "incomplete")
        self._endpointer = Endpointer(listen.endpointing, listen.max_speech_seconds)
        self._recognition = self._listener.start(listen.language, listen.grammar)

    def close(self) -> None:
        """Stop listening."""
        self._endpointer, self._feeding = None, False
        if self._finishing:
            self._finishing.cancel()
            self._finishing = None
        if self._recognition:
            self._recognition.cancel()
            self._recognition = None

    def hear(self, pcm: bytes, seconds: float) -> None:
        """One frame of the caller's sound that ended at `seconds` of call time."""
        self._keep(pcm, seconds)
        frames = self._detector.hear(pcm, seconds)
        if self._endpointer is None or self._recognition is None:
            return
        if self._feeding:
            self._recognition.feed(pcm)
        for ends, probability in frames:
            self._decide(ends, probability)
            if self._endpointer is None:
                return

    def _decide(self, seconds: float, probability: float) -> None:
        assert self._endpointer is not None
        assert self._recognition is not None
        partial = self._recognition.partial if self._feeding else ""
        match self._endpointer.frame(seconds, probability, self._judge(partial)):
            case SpeechStarted() as began:
                for ended, pcm in self._kept:
                    if ended > began.audio_from_seconds:
                        self._recognition.feed(pcm)
                self._feeding = True
                self._on_happening(turns.SpeechBegan())
            case SpeechEnded() as ended:
                self.speech_ended_seconds = ended.ended_seconds
                self._finish(turns.SpeechStopped(ended.speech_seconds))
            case MaxSpeech() as cut:
                self.speech_ended_seconds = cut.seconds
                self._finish(turns.SpeechStopped(cut.seconds - cut.began_seconds, too_long=True))

    def _judge(self, partial: str) -> Completeness:
        """How complete the words are; they change a few times a second, the frames come thirty times."""
        if partial != self._judged[0]:
            self._judged = (partial, self._completeness(partial) if partial else "incomplete")
        return self._judged[1]

    def _finish(self, stopped: turns.SpeechStopped) -> None:
        recognition, self._recognition = self._recognition, None
        self._endpointer, self._feeding = None, False
        self._on_happening(stopped)
        if recognition:
            self._finishing = asyncio.create_task(self._recognise(recognition))

    async def _recognise(self, recognition: Recognition) -> None:
        hypotheses: tuple[Hypothesis, ...] = ()
        try:
            hypotheses = await recognition.finish()
        except SpeechUnavailable as fault:
            self._finishing = None
            self._on_lost(fault)
            return
        except asyncio.CancelledError:
            recognition.cancel()
            raise
        self._finishing = None
        self._on_happening(turns.Recognised(hypotheses))

    def _keep(self, pcm: bytes, seconds: float) -> None:
        self._kept.append((seconds, pcm))
        while self._kept and self._kept[0][0] < seconds - KEPT_SECONDS:
            self._kept.popleft()
