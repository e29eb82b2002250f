"""Carry the stories out, two at a time, and look afterwards at what the records and the ledger say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.caller.ear import Ear
from ivr.caller.report import CallResult
from ivr.caller.scenario import load
from ivr.caller.scene import Equipment, prepare, run
from ivr.demo.live import Feed
from ivr.demo.stage import ROOT, Stage
from ivr.demo.story import FOLDER, Story
from ivr.records.database import open_database
from ivr.records.tables import CallRow, LineRow
from ivr.records.vcon import vcon
from ivr.transcript import mask_number
from order_lookup import CallerRef, SqlOrderSystem

ENDED_SECONDS = 15.0
RECORDED_SECONDS = 10.0
# Calls begin one after another, so that people can read along.
BETWEEN_SECONDS = 1.5
CALLS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one story; `faults` is empty when all is as it should be."""

    name: str
    shows: str
    call_id: str
    disposition: str
    seconds: float
    reply_gaps_ms: tuple[float, ...]
    stop_ms: tuple[float, ...]
    faults: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def ok(self) -> bool:
        return not self.faults

    def as_data(self) -> dict[str, Any]:
        """The outcome as JSON can hold it."""
        return {**asdict(self), "ok": self.ok, "files": [str(file) for file in self.files]}


class Show:
    """All stories on one stage."""

    def __init__(self, console: Console, stage: Stage, at_once: int) -> None:
        self._stage, self._at_once = stage, asyncio.Semaphore(at_once)
        self._engine = open_database(stage.settings.database_url)
        self._feed = Feed(console)

    async def run(self, stories: Sequence[Story]) -> list[Outcome]:
        """Carry out the stories; the feed is told meanwhile."""
        following = asyncio.create_task(self._feed.follow(self._engine))
        ear = Ear({"zh": ROOT / "models/zh-small", "en": ROOT / "models/en-small"})
        try:
            async with Equipment(ear=ear) as equipment:
                scenarios = {
                    story.name: load(FOLDER / story.scenario, story.variables(self._stage.agent_port))
                    for story in stories
                }
                for scenario in scenarios.values():
                    await prepare(scenario, equipment, FOLDER)
                calls = [
                    self._tell(place, story, scenarios[story.name], equipment) for place, story in enumerate(stories)
                ]
                results = await asyncio.gather(*calls)
            return [await self._outcome(story, *result) for story, result in zip(stories, results, strict=True)]
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following

    async def _tell(self, place: int, story: Story, scenario: Any, equipment: Equipment) -> tuple[CallResult, float]:
        async with self._at_once:
            await asyncio.sleep(BETWEEN_SECONDS * (place % CALLS_AT_ONCE))
            began = time.monotonic()
            self._feed.expect(mask_number(story.order.phone), story.name)
            uri, watch = self._stage.uri(story.called, place), self._feed.watcher(story.name)
            result = await run(scenario, uri, equipment=equipment, folder=FOLDER, on_event=watch)
            await self._ended(story)
            return result, time.monotonic() - began

    async def _ended(self, story: Story) -> None:
        """Wait until the hotline has written how the call ended."""
        for _ in range(int(ENDED_SECONDS / 0.2)):
            call = self._row(story)
            if call is not None and call.ended_at is not None:
                return
            await asyncio.sleep(0.2)

    def _row(self, story: Story) -> CallRow | None:
        call_id = self._feed.call_of(story.name)
        with Session(self._engine, expire_on_commit=False) as session:
            return session.get(CallRow, call_id) if call_id else None

    async def _recorded(self, row: CallRow) -> bool:
        """Wait for the recording: its two tracks are merged just after the call."""
        settings = self._stage.settings
        recording = settings.path(settings.records.recordings) / row.recording
        for _ in range(int(RECORDED_SECONDS / 0.1)):
            if row.recording and recording.is_file():
                return True
            await asyncio.sleep(0.1)
        return False

    async def _outcome(self, story: Story, result: CallResult, seconds: float) -> Outcome:
        row = self._row(story)
        faults = [f"{party.who}: {check.what}" for party in result.parties for check in party.checks if not check.met]
        disposition = row.disposition if row else "no call"
        if disposition not in story.ends:
            faults.append(f"ended as `{disposition}`, not as {' or '.join(story.ends)}")
        if story.refunds and not await self._refunded(story):
            faults.append("no refund is in the ledger")
        if row and not await self._recorded(row):
            faults.append(f"no recording within {RECORDED_SECONDS:.0f} s of the end")
        turns = [turn for turn in result.caller.turns]
        return Outcome(
            story.name,
            story.shows,
            row.id if row else "",
            disposition,
            round(seconds, 1),
            tuple(round(turn.reply_gap_ms) for turn in turns if turn.reply_gap_ms is not None),
            tuple(round(turn.stop_ms) for turn in turns if turn.stop_ms is not None),
            tuple(faults),
            self._files(row) if row else (),
        )

    async def _refunded(self, story: Story) -> bool:
        """Whether the order desk now says that the money is on its way."""
        system = await SqlOrderSystem.open(self._stage.settings.database_url)
        try:
            caller = CallerRef("demo-check", story.order.phone)
            decision = await system.decide("refund_status", story.order.order_number, caller)
            return bool({"refund_pending", "refunded"} & {situation.value for situation in decision.situations})
        finally:
            await system.close()

    def _files(self, row: CallRow) -> tuple[Path, ...]:
        """The call's recording, transcript and vCon, together in one folder."""
        folder = self._stage.folder / "calls"
        folder.mkdir(exist_ok=True)
        settings = self._stage.settings
        recordings = settings.path(settings.records.recordings)
        with Session(self._engine) as session:
            lines = session.scalars(select(LineRow).where(LineRow.call_id == row.id).order_by(LineRow.position)).all()
            text = "".join(f"{line.seconds:7.2f}  {line.speaker:<7}{line.text}\n" for line in lines)
            container = vcon(session, row.id, recordings, settings.console.url)
        transcript, vcon_file = folder / f"{row.id[:8]}.txt", folder / f"{row.id[:8]}.vcon.json"
        transcript.write_text(text, encoding="utf-8")
        vcon_file.write_text(json.dumps(container, ensure_ascii=False, indent=1), encoding="utf-8")
        return tuple(file for file in (recordings / row.recording, transcript, vcon_file) if file.is_file())
