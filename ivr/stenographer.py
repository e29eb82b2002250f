"""Write down what people say to each other, speaker by speaker, as they say it."""

from __future__ import annotations

from collections.abc import Callable

from ivr.commands import Grammar, Listen
from ivr.ear import Ear
from ivr.endpointing import Completeness
from ivr.events import Hypothesis
from ivr.ports import Listener, SpeechDetector
from ivr.turn_taking import Happening, Recognised, SpeechBegan
from ivr.values import Language

Heard = Callable[[str, Hypothesis], None]


class Stenographer:
    """Follows some legs of a call; `on_heard` gets the speaker's name and what was recognised."""

    def __init__(self, listener: Listener, detector: Callable[[], SpeechDetector], language: Language) -> None:
        self._listener, self._detector, self._language = listener, detector, language
        self._ears: dict[int, Ear] = {}

    def follow(self, leg: int, speaker: str, on_heard: Heard) -> None:
        """Write down everything this leg says until `stop`."""
        listen = Listen(0, "talk", self._language, Grammar("open"), max_speech_seconds=20.0)

        def happened(happening: Happening) -> None:
            if isinstance(happening, Recognised):
                if happening.hypotheses and happening.hypotheses[0].text:
                    on_heard(speaker, happening.hypotheses[0])
                self._open(leg, listen)

        self._hear_with(leg, happened, listen, "complete")

    def take_message(
        self, leg: int, max_seconds: float, on_begun: Callable[[], None], on_done: Callable[[Hypothesis | None], None]
    ) -> None:
        """Hear one message, ended by a long silence or the cap; `on_begun` is told that somebody speaks."""
        listen = Listen(0, "message", self._language, Grammar("open"), max_speech_seconds=max_seconds)

        def happened(happening: Happening) -> None:
            if isinstance(happening, SpeechBegan):
                on_begun()
            elif isinstance(happening, Recognised):
                self._ears.pop(leg, None)
                on_done(happening.hypotheses[0] if happening.hypotheses else None)

        self._hear_with(leg, happened, listen, "in_number")

    def hear(self, leg: int, pcm: bytes, seconds: float) -> None:
        """A frame of a leg's sound."""
        if ear := self._ears.get(leg):
            ear.hear(pcm, seconds)

    def stop(self) -> None:
        """Follow nobody any more."""
        for ear in self._ears.values():
            ear.close()
        self._ears.clear()

    def _hear_with(
        self, leg: int, happened: Callable[[Happening], None], listen: Listen, patience: Completeness
    ) -> None:
        """Without the recogniser the words are lost but not the moment they ended: that is reported as nothing heard."""
        lost = Recognised(())
        ear = Ear(self._listener, self._detector(), lambda _: patience, happened, lambda _: happened(lost))
        self._ears[leg] = ear
        ear.open(listen)

    def _open(self, leg: int, listen: Listen) -> None:
        if ear := self._ears.get(leg):
            ear.open(listen)
