"""Hear what a waiting caller would rather, while music plays and prompts go on: a small grammar, opened anew after every utterance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from ivr.commands import Grammar, Listen
from ivr.document import Document
from ivr.ear import Ear
from ivr.errors import SpeechUnavailable
from ivr.events import Hypothesis
from ivr.handoff.events import Wish
from ivr.handoff.wishes import phrases_of, wish_of
from ivr.transfer.handed_call import HandedCall
from ivr.turn_taking import Happening, Recognised
from ivr.values import Language
from strict_yaml import Strict

Spoken = Literal["callback", "voicemail", "wait", "back", "goodbye", "agent"]
AGAIN_SECONDS = 3.0


class Wishes(Strict):
    """wishes.yaml."""

    zh: dict[Spoken, tuple[str, ...]]
    en: dict[Spoken, tuple[str, ...]]


@cache
def sentences(language: Language) -> Mapping[Wish, tuple[str, ...]]:
    """What may be said in a language; raises UserError with file, line and key when the file can't be used."""
    with as_file(files("ivr.handoff") / "wishes.yaml") as path:
        wishes = Document(path).typed(Wishes)
    return {wish: ways for wish, ways in (wishes.en if language == "en" else wishes.zh).items()}


class WishEar:
    """Open while the caller waits; `on_wish` gets the wish and what was recognised."""

    def __init__(self, call: HandedCall, on_wish: Callable[[Wish, Hypothesis], None]) -> None:
        self._call, self._on_wish = call, on_wish
        self._sentences = sentences(call.language)
        services = call.services
        self._ear = Ear(services.listener, services.detector(), lambda _: "complete", self._happened, self._lost)
        self._again: asyncio.TimerHandle | None = None
        self.listening = False

    def open(self) -> None:
        """Listen from now on, if not yet."""
        if not self.listening:
            self.listening = True
            self._call.services.phone.listen(self._call.leg, True)
            self._listen()

    def close(self) -> None:
        """Hear nothing any more."""
        self.listening = False
        self._ear.close()
        if self._again:
            self._again.cancel()
            self._again = None

    def hear(self, pcm: bytes, seconds: float) -> None:
        """A frame of the caller's sound."""
        if self.listening:
            self._ear.hear(pcm, seconds)

    def _listen(self) -> None:
        grammar = Grammar("limited", phrases_of(self._sentences))
        self._ear.open(Listen(0, "waiting", self._call.language, grammar, max_speech_seconds=5.0))

    def _happened(self, happening: Happening) -> None:
        if not isinstance(happening, Recognised) or not self.listening:
            return
        self._listen()
        if wish := wish_of(happening.hypotheses, self._sentences):
            self._on_wish(wish, happening.hypotheses[0])

    def _lost(self, fault: SpeechUnavailable) -> None:
        """Keys go on; the ear is tried again while the caller still waits."""
        self._again = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._try_again)

    def _try_again(self) -> None:
        if self.listening:
            self._listen()
