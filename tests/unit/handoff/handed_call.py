"""A call that is handed over, with fakes at its ports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.commands import HandOff, Prompt
from ivr.config import Settings
from ivr.endpointing import Completeness
from ivr.errors import RecordsError
from ivr.events import Event, HandoffEnded
from ivr.legs import (
    CallOffered,
    LegEvent,
    PlaybackFinished,
)
from ivr.ports import Caller, Hours, NeverClosed, Place, Reservation
from ivr.services import Services
from ivr.tones import Tones
from ivr.transfer import Transfer
from ivr.values import Language, Values
from tests.fakes import FakeDesk, FakeDetector, FakeListener, FakePhone, FakeRecords, FakeVoice

CALLER, AGENT = 1, 101
ANNA = Reservation("anna", "sip:anna@10.0.0.9", "zh")


@dataclass
class FakeQueue:
    """`ports.AgentQueue`: gives the reservations it was given, then places; the first `away` calls find no place."""

    answers: list[Reservation | Place] = field(default_factory=lambda: [ANNA])
    asked: list[tuple[object, ...]] = field(default_factory=list)
    out_of_hours: list[bool] = field(default_factory=list)
    away: int = 0

    async def enter(
        self,
        call_id: str,
        queue: str,
        skill: str,
        language: Language,
        priority: int,
        reason: str,
        caller: Caller = Caller(),
        briefing: Mapping[str, Any] | None = None,
        out_of_hours: bool = False,
    ) -> int:
        if self.away:
            self.away -= 1
            raise RecordsError("the database is away")
        self.asked.append(("enter", queue, priority, caller))
        self.out_of_hours.append(out_of_hours)
        return 7

    async def reserve(self, handoff: int, exclude: Sequence[str] = ()) -> Reservation | Place:
        self.asked.append(("reserve", handoff, tuple(exclude)))
        return self.answers.pop(0) if self.answers else Place(1, None, True)

    async def connected(self, handoff: int) -> None:
        self.asked.append(("connected", handoff))

    async def held(self, handoff: int, on: bool) -> None:
        self.asked.append(("held", on))

    async def promised(self, handoff: int, due_at: datetime) -> None:
        self.asked.append(("promised", handoff))

    async def release(self, handoff: int, agent: str, state: str, reason: str, rest_seconds: float = 0.0) -> None:
        self.asked.append(("release", agent, state, reason))

    async def finish(self, handoff: int, outcome: str) -> None:
        self.asked.append(("finish", outcome))


class Words:
    """The dialogue's part: prompts by their names."""

    version = "1"

    def receive(self, event: Event) -> tuple[()]:
        return ()

    def completeness(self, partial: str) -> Completeness:
        return "complete"

    def phrase(self, prompt_id: str, values: Values | None = None) -> Prompt:
        return Prompt(prompt_id, f"words of {prompt_id}", "zh")

    def about(self, matter: str) -> str:
        return f"about {matter}" if matter else ""


class Handed:
    """A call that is handed over, and everything around it."""

    def __init__(
        self,
        folder: Path,
        queue: FakeQueue,
        hears: str = "",
        ahead: bool = False,
        hours: Hours | None = None,
        priority: int = 3,
        **handoff: Any,
    ) -> None:
        self.phone, self.records, self.desk = FakePhone(), FakeRecords(), FakeDesk()
        self.voice, self.listener, self.queue = FakeVoice(), FakeListener([hears]), queue
        able = {"allow": "INVITE, ACK, BYE, REFER", "supported": "replaces"}
        self.offered = CallOffered(CALLER, "13800004567", "hotline", "10.0.0.1", "sip-1", able)
        self.call_id, self.leg, self.language, self.over = "c1", CALLER, "zh", False
        self.case: dict[str, object] = {"intent": "urge_delivery", "order.number": "88123"}
        self.dialogue, self.seconds = Words(), 0.0
        self.services = Services(
            self.phone,
            self.listener,
            self.voice,
            self.desk,
            self.records,
            Tones(folder / "prompts", folder / "cache"),
            FakeDetector,
            lambda *_: self.transfer,
            hours=hours or NeverClosed(),
        )
        self.ended: list[HandoffEnded] = []
        self.claimed: list[int] = []
        settings = Settings.model_validate({"handoff": handoff})
        self.transfer = Transfer(
            self,  # type: ignore[arg-type]
            HandOff(4, "general", "agent", priority=priority),
            settings,
            queue,
            lambda leg, _: self.claimed.append(leg),
            None if ahead else self.ended.append,
        )

    async def settle(self) -> None:
        """Let everything happen that waits for nothing but its turn, prompts to their end."""
        for _ in range(60):
            await asyncio.sleep(0)
            for playback, (leg, wav, _) in list(self.phone.playing.items()):
                if not wav.name.startswith("tone-"):
                    del self.phone.playing[playback]
                    self.transfer.on_leg(PlaybackFinished(leg, playback))

    async def hears(self, *events: LegEvent) -> None:
        for event in events:
            self.transfer.on_leg(event)
            await self.settle()

    @property
    def said(self) -> list[str]:
        return [prompt.id for prompt in self.voice.said]
