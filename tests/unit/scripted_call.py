"""A call with fakes at its ports, and a dialogue that answers from a table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ivr.call import Call
from ivr.commands import (
    Command,
    Grammar,
    HandOff,
    Listen,
    Prompt,
)
from ivr.endpointing import Completeness
from ivr.events import (
    Event,
    HandoffEnded,
)
from ivr.legs import AudioHeard, CallOffered, LegAnswered, LegEvent, PlaybackFinished
from ivr.services import Services
from ivr.values import Values
from tests.fakes import FakeDesk, FakeDetector, FakeListener, FakePhone, FakeRecords, FakeTones, FakeVoice

LEG = 1
SILENCE, SPEECH = bytes(960), b"\1" * 960


def prompt(name: str) -> Prompt:
    return Prompt(name, f"words of {name}", "zh")


def listen(turn: int, **changes: Any) -> Listen:
    return Listen(turn, "step", "zh", Grammar("open"), **changes)


@dataclass
class Script:
    """A dialogue that answers each kind of event from a table, and remembers what it was told."""

    answers: dict[type, tuple[Command, ...] | Exception] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    version: str = "1"

    def receive(self, event: Event) -> tuple[Command, ...]:
        self.told.append(event)
        answer = self.answers.pop(type(event), ())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def completeness(self, partial: str) -> Completeness:
        return "complete"

    def phrase(self, prompt_id: str, values: Values | None = None) -> Prompt:
        return prompt(prompt_id)

    def about(self, matter: str) -> str:
        return f"about {matter}" if matter else ""


@dataclass
class Handoff:
    """A handoff that does nothing but remember."""

    command: HandOff
    on_ended: Callable[[HandoffEnded], None]
    events: list[LegEvent] = field(default_factory=list)
    closed: bool = False

    def on_leg(self, event: LegEvent) -> None:
        self.events.append(event)

    def close(self) -> str:
        self.closed = True
        return "completed"


class Line:
    """A call under test and the world around it."""

    def __init__(self, answers: dict[type, tuple[Command, ...] | Exception], hears: list[Any] | None = None) -> None:
        self.phone, self.voice, self.desk, self.records = FakePhone(), FakeVoice(), FakeDesk(), FakeRecords()
        self.listener = FakeListener(hears or [])
        self.script = Script(answers)
        self.handoffs: list[Handoff] = []
        self.over: list[Call] = []
        services = Services(
            self.phone,
            self.listener,
            self.voice,
            self.desk,
            self.records,
            FakeTones(),
            FakeDetector,
            self._start_handoff,
            None,
        )
        offered = CallOffered(LEG, "13800138000", "hotline", "127.0.0.1", "sip-id")
        self.call = Call(offered, "call-1", "zh", self.script, services, self.over.append)

    def _start_handoff(self, call: Call, command: HandOff, on_ended: Callable[[HandoffEnded], None]) -> Handoff:
        self.handoffs.append(Handoff(command, on_ended))
        return self.handoffs[-1]

    async def happens(self, *events: LegEvent) -> None:
        for event in events:
            self.call.on_leg(event)
        await settled()

    async def prompts_end(self) -> None:
        while self.phone.playing:
            await self.happens(PlaybackFinished(LEG, self.phone.playing.popitem()[0]))

    async def speaks(self) -> None:
        """A second of speech and a longer silence, in real frame times but without waiting for them."""
        began = self.call._began_at
        for frame in range(45):
            self.call._began_at = began - frame * 0.06
            self.call.on_leg(AudioHeard(LEG, SPEECH if frame < 16 else SILENCE, 0.0))
        await settled()

    def told(self, kind: type) -> list[Any]:
        return [event for event in self.script.told if isinstance(event, kind)]


async def settled() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


async def answered(answers: dict[type, tuple[Command, ...] | Exception], hears: list[Any] | None = None) -> Line:
    line = Line(answers, hears)
    await line.happens(LegAnswered(LEG))
    return line
