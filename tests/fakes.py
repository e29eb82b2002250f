"""Fakes at the ports, in one place: in-memory recorders that do what they are told and remember what was asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.commands import Grammar, Prompt
from ivr.errors import SpeechUnavailable, VoiceUnavailable
from ivr.events import Hypothesis
from ivr.legs import LegEvent
from ivr.ports import Answer
from ivr.tones import Tones
from ivr.values import Language, Value


class FakePhone:
    """`ports.Phone`: every order is written down as a tuple; playbacks end when the test says so."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self.orders: list[tuple[object, ...]] = []
        self.playing: dict[int, tuple[int, Path, float]] = {}
        self._playbacks = 0
        self._legs = 100

    def did(self, verb: str) -> list[tuple[object, ...]]:
        """The orders of one verb."""
        return [order for order in self.orders if order[0] == verb]

    def play(self, leg: int, wav: Path, at_seconds: float = 0.0, loop: bool = False) -> int:
        self._playbacks += 1
        self.playing[self._playbacks] = (leg, wav, at_seconds)
        self.orders.append(("play", leg, wav.name, round(at_seconds, 1), loop))
        return self._playbacks

    def stop(self, playback: int) -> None:
        if self.playing.pop(playback, None):
            self.orders.append(("stop", playback))

    def dial(self, uri: str, headers: Mapping[str, str] | None = None, caller_name: str = "") -> int:
        self._legs += 1
        self.orders.append(("dial", uri, dict(headers or {})))
        return self._legs

    def answer(self, leg: int, headers: Mapping[str, str] | None = None) -> None:
        self.orders.append(("answer", leg))

    def reject(self, leg: int, status: int, reason: str = "") -> None:
        self.orders.append(("reject", leg, status))

    def hang_up(self, leg: int, headers: Mapping[str, str] | None = None) -> None:
        self.orders.append(("hang_up", leg))

    def listen(self, leg: int, on: bool) -> None:
        self.orders.append(("listen", leg, on))

    def join(self, one: int, other: int) -> None:
        self.orders.append(("join", one, other))

    def separate(self, one: int, other: int) -> None:
        self.orders.append(("separate", one, other))

    def record(self, leg: int, wav: Path) -> None:
        self.orders.append(("record", leg, wav.name))

    def hush(self, leg: int, on: bool) -> None:
        self.orders.append(("hush", leg, on))

    def transfer(self, leg: int, uri: str, headers: Mapping[str, str] | None = None) -> None:
        self.orders.append(("transfer", leg, uri))

    def transfer_attended(self, leg: int, other: int) -> None:
        self.orders.append(("transfer_attended", leg, other))


@dataclass
class FakeVoice:
    """`ports.Voice`: every prompt has a file of its name; `broken` makes it fail, `unspeakable` at prompts of these names alone."""

    broken: bool = False
    unspeakable: frozenset[str] = frozenset()
    said: list[Prompt] = field(default_factory=list)
    forgotten: list[Path] = field(default_factory=list)

    async def wav(self, prompt: Prompt) -> Path:
        if self.broken or prompt.id in self.unspeakable:
            raise VoiceUnavailable("the voice process is gone")
        self.said.append(prompt)
        return Path(f"{prompt.id}.wav")

    def forget(self, file: Path) -> None:
        self.forgotten.append(file)


class FakeTones(Tones):
    """Sounds that have names, and no files."""

    def __init__(self) -> None:
        super().__init__(Path(), Path())

    def wav(self, name: str) -> Path:
        return Path(f"tone-{name}.wav")


@dataclass
class FakeRecognition:
    """`ports.Recognition`: hears what the listener was told to hear."""

    answer: tuple[Hypothesis, ...] | SpeechUnavailable
    fed: int = 0
    partial: str = ""

    def feed(self, pcm: bytes) -> None:
        self.fed += len(pcm)

    async def finish(self) -> tuple[Hypothesis, ...]:
        if isinstance(self.answer, SpeechUnavailable):
            raise self.answer
        return self.answer

    def cancel(self) -> None:
        self.partial = ""


@dataclass
class FakeListener:
    """`ports.Listener`: `hears` are the texts of the coming utterances, in order."""

    hears: list[str | SpeechUnavailable] = field(default_factory=list)
    available: bool = True
    grammars: list[Grammar] = field(default_factory=list)
    started: list[FakeRecognition] = field(default_factory=list)

    def start(self, language: Language, grammar: Grammar) -> FakeRecognition:
        self.grammars.append(grammar)
        heard = self.hears[0] if self.hears else ""
        answer = heard if isinstance(heard, SpeechUnavailable) else ((Hypothesis(heard, 0.9),) if heard else ())
        self.started.append(FakeRecognition(answer))
        return self.started[-1]


class FakeDetector:
    """`ports.SpeechDetector`: a frame is speech when it holds anything but silence."""

    def hear(self, pcm: bytes, seconds: float) -> list[tuple[float, float]]:
        return [(seconds, 1.0 if any(pcm) else 0.0)]


@dataclass
class FakeDesk:
    """`ports.OrderDesk`: answers from a table; `broken` makes it fail, `slow` makes it wait to be let go on."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, Value]]] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    broken: bool = False
    slow: asyncio.Event | None = None

    async def look_up(self, call_id: str, what: str, arguments: Mapping[str, Value]) -> Answer:
        return await self._answer(what, arguments)

    async def act(self, call_id: str, action: str, intent: str, arguments: Mapping[str, Value]) -> Answer:
        return await self._answer(action, arguments)

    async def contact(self, call_id: str, outcome: str, facts: Mapping[str, Value]) -> None:
        self.contacts.append(outcome)

    async def _answer(self, what: str, arguments: Mapping[str, Value]) -> Answer:
        if self.slow is not None:
            await self.slow.wait()
        if self.broken:
            raise ConnectionError("the database is gone")
        self.asked.append((what, arguments))
        return self.answers.get(what, Answer("unknown"))


@dataclass
class FakeRecords:
    """`ports.Records`: keeps everything in lists."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    details: list[Mapping[str, object]] = field(default_factory=list)
    events: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    cases: list[Mapping[str, object]] = field(default_factory=list)
    dispositions: list[str] = field(default_factory=list)
    endings: list[Mapping[str, object]] = field(default_factory=list)

    def started(self, call_id: str, caller: str, called: str, language: Language, version: str) -> None:
        self.events.append(("started", {"caller": caller, "version": version}))

    def line(self, call_id: str, speaker: str, text: str, seconds: float, details: Mapping[str, object]) -> None:
        self.lines.append((speaker, text))
        self.details.append(details)

    def case(self, call_id: str, facts: Mapping[str, object]) -> None:
        self.cases.append(facts)

    def event(self, call_id: str, kind: str, data: Mapping[str, object]) -> None:
        self.events.append((kind, data))

    def ended(self, call_id: str, disposition: str, seconds: float, details: Mapping[str, object]) -> None:
        self.dispositions.append(disposition)
        self.endings.append(details)

    async def flush(self) -> None:
        return
