"""A handoff begun ahead, while the robot still speaks: it rings and whispers, and waits with the rest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivr.commands import HandOff
from ivr.events import Event, NoInput
from ivr.legs import (
    DigitHeard,
    LegAnswered,
    LegEnded,
)
from ivr.ports import Answer, Place, Reservation
from ivr.transfer import HeadStart
from tests.unit.handoff.handed_call import AGENT, ANNA, CALLER, FakeQueue, Handed, Words
from tests.virtual_time import in_virtual_time


async def test_begun_ahead_it_rings_and_whispers_but_neither_speaks_nor_puts_through(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue(), ahead=True)
    await handed.settle()
    assert len(handed.phone.did("dial")) == 1
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    assert {order[1] for order in handed.phone.did("play")} == {AGENT}
    assert handed.phone.did("join") == []
    handed.transfer.go_on(handed.ended.append)
    assert handed.phone.did("join") == [("join", CALLER, AGENT)]
    # The robot has announced the colleague already.
    assert "handoff.connecting" not in handed.said


async def test_begun_ahead_nobody_is_joined_with_an_agent_who_only_rings(tmp_path: Path) -> None:
    bert = Reservation("bert", "sip:bert@10.0.0.9", "zh")
    handed = Handed(tmp_path, FakeQueue([ANNA, bert]), ahead=True)
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"), LegEnded(AGENT, 503))
    assert len(handed.phone.did("dial")) == 2
    handed.transfer.go_on(handed.ended.append)
    await handed.settle()
    assert handed.phone.did("join") == []
    assert any(wav.name.startswith("tone-") for _, wav, _ in handed.phone.playing.values())
    await handed.hears(LegAnswered(AGENT + 1), DigitHeard(AGENT + 1, "1"))
    assert handed.phone.did("join") == [("join", CALLER, AGENT + 1)]


async def test_who_accepts_and_hangs_up_before_the_robot_has_spoken_has_talked_to_nobody(tmp_path: Path) -> None:
    bert = Reservation("bert", "sip:bert@10.0.0.9", "zh")
    handed = Handed(tmp_path, FakeQueue([ANNA, bert]), ahead=True)
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"), LegEnded(AGENT, 200))
    assert [order[1] for order in handed.phone.did("dial")] == [ANNA.uri, bert.uri]
    handed.transfer.go_on(handed.ended.append)
    await handed.settle()
    assert (handed.ended, handed.phone.did("join")) == ([], [])
    assert "handoff.agent_lost" in handed.said


@in_virtual_time
async def test_one_that_ended_meanwhile_is_told_when_the_call_knows_of_it(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(1, None, False)]), ahead=True)
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": datetime.now(UTC)})
    await handed.settle()
    await asyncio.sleep(300)  # a robot that says so much
    handed.transfer.go_on(handed.ended.append)
    assert handed.ended == []
    await handed.settle()
    assert [event.outcome for event in handed.ended] == ["callback"]


async def test_begun_ahead_and_nobody_free_it_speaks_once_it_may(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(2, None, True)]), ahead=True)
    await handed.settle()
    assert handed.phone.did("play") == []
    handed.transfer.go_on(handed.ended.append)
    await handed.settle()
    assert handed.said == ["handoff.position"]
    assert handed.phone.did("play")[-1][2] == "tone-music.wav"


async def test_caller_who_is_gone_before_the_robot_has_spoken_is_called_back(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue(), ahead=True)
    await handed.settle()
    handed.over = True
    assert handed.transfer.close() == "abandoned"
    await handed.settle()
    assert [what for what, _ in handed.desk.asked] == ["callback", "ticket"]
    assert handed.ended == []


async def test_head_start_is_taken_once_and_begins_after_the_answer_was_noted() -> None:
    class Deciding(Words):
        def receive(self, event: Event) -> tuple[HandOff]:  # type: ignore[override]
            return (HandOff(1, "general", "agent"),)

    class Begun:
        ended: object = None

        def go_on(self, on_ended: object) -> None:
            self.ended = on_ended

    begun, asked = Begun(), list[HandOff]()
    start = HeadStart(Deciding())  # type: ignore[arg-type]

    def begin(command: HandOff) -> Any:
        asked.append(command)
        return begun

    start.begin = begin
    start.receive(NoInput(1, 1.0))
    assert asked == []
    await asyncio.sleep(0)
    assert [command.queue for command in asked] == ["general"]
    assert start.take(print) is begun  # type: ignore[comparison-overlap]
    assert begun.ended is print
    assert start.take(print) is None
