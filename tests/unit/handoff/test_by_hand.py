"""An agent's own call to a customer: their phone first, a whisper, the customer's phone, a notice, and only then together."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ivr.commands import Prompt
from ivr.handoff.by_hand import Deed, Happened, Stage, after, outcome, whisper
from ivr.legs import LegAnswered, LegEnded, PlaybackFinished
from ivr.ports import AgentCommand
from ivr.services import Services
from ivr.tones import Tones
from ivr.transfer.by_hand import HandCall, Seconds, Wanted
from tests.fakes import FakeDetector, FakeListener, FakePhone, FakeRecords, FakeVoice

AGENT, CUSTOMER = 101, 102  # as the fake phone counts
NUMBER = "13800004567"


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("happened", Happened)
def test_whatever_happens_nobody_is_left_alone_on_the_line(stage: Stage, happened: Happened) -> None:
    then, deeds = after(stage, happened)
    if happened in (Happened.AGENT_GONE, Happened.CUSTOMER_GONE) and then is Stage.OVER and stage is not Stage.OVER:
        assert deeds == (Deed.HANG_UP, Deed.END)
    if Deed.JOIN in deeds:
        assert (stage, happened) == (Stage.NOTICING, Happened.NOTICED), "nobody is put through before the notice"
    if Deed.DIAL in deeds:
        assert (stage, happened) == (Stage.TELLING, Happened.WHISPERED), "no customer is rung without the agent"
    if stage is Stage.OVER:
        assert (then, deeds) == (Stage.OVER, ())


@pytest.mark.parametrize(
    ("stage", "status", "expected"),
    [
        (Stage.RINGING, 486, "put_off"),
        (Stage.TELLING, 200, "put_off"),
        (Stage.DIALLING, 486, "busy"),
        (Stage.DIALLING, 487, "no_answer"),
        (Stage.DIALLING, 603, "declined"),
        (Stage.DIALLING, 404, "wrong_number"),
        (Stage.NOTICING, 200, "broken_off"),
        (Stage.TALKING, 200, "handled_by_agent"),
    ],
)
def test_how_it_ended_is_told_by_sip(stage: Stage, status: int, expected: str) -> None:
    assert outcome(stage, Happened.CUSTOMER_GONE, status) == expected


def test_the_whisper_names_nobody_and_no_number() -> None:
    assert whisper("zh", "退款") == "回电，事由退款。正在为您呼叫客户，请稍候。"
    assert whisper("en", "") == "A promised call. The customer is being dialled, please hold the line."


class Desk:
    """A call by hand on fakes."""

    def __init__(self, folder: Path, seconds: Seconds = Seconds()) -> None:
        self.phone, self.voice, self.records = FakePhone(), FakeVoice(), FakeRecords()
        self.over, self.connected = list[str](), 0
        services = SimpleNamespace(
            phone=self.phone, voice=self.voice, records=self.records, listener=FakeListener(), detector=FakeDetector,
            tones=Tones(folder, folder), recording_of=lambda call_id: folder / f"{call_id}.wav",
        )  # fmt: skip
        dialogue = SimpleNamespace(
            version="1", about=lambda matter: "退款", phrase=lambda name: Prompt(name, "通话会被录音。", "zh")
        )
        wanted = Wanted(
            7, "c2", "desk:1", "anna", "sip:anna@a", NUMBER, f"sip:{NUMBER}@trunk.test", "general",
            case={"callback.of": "c1", "intent": "refund_request"},
        )  # fmt: skip
        self.call = HandCall(
            wanted, cast(Services, services), dialogue, seconds, lambda leg, call: None,
            self._connected, lambda call, outcome: self.over.append(outcome),
        )  # fmt: skip
        self.call.begin()

    def _connected(self, call: HandCall) -> None:
        self.connected += 1

    async def spoken(self) -> None:
        """What is being said comes to its end."""
        deadline = time.monotonic() + 20
        while not any("tone" not in wav.name for _, wav, _ in self.phone.playing.values()):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        playback = next(key for key, (_, wav, _) in self.phone.playing.items() if "tone" not in wav.name)
        leg = self.phone.playing.pop(playback)[0]
        self.call.on_leg(PlaybackFinished(leg, playback))

    async def told(self) -> None:
        """The agent has picked up and heard whom they get; the customer's phone rings."""
        self.call.on_leg(LegAnswered(AGENT))
        await self.spoken()


async def test_both_are_put_through_after_whisper_and_notice_and_it_is_written_as_a_call(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert [order[1] for order in desk.phone.did("dial")] == ["sip:anna@a"]
    await desk.told()
    assert [order[1] for order in desk.phone.did("dial")] == ["sip:anna@a", f"sip:{NUMBER}@trunk.test"]
    desk.call.on_leg(LegAnswered(CUSTOMER))
    assert desk.phone.did("join") == []
    assert desk.phone.did("record") == [("record", CUSTOMER, "c2.wav")]
    await desk.spoken()
    assert [prompt.id for prompt in desk.voice.said] == ["handoff.whisper", "callback_by_hand"]
    assert desk.phone.did("join") == [("join", CUSTOMER, AGENT)]
    assert desk.connected == 1
    desk.call.on_leg(LegEnded(CUSTOMER, 200))
    assert desk.over == ["handled_by_agent"]
    assert ("hang_up", AGENT) in desk.phone.orders
    desk.call.on_leg(LegEnded(AGENT, 200))
    assert desk.over == ["handled_by_agent"], "over once"


async def test_an_agent_who_does_not_pick_up_leaves_the_customer_in_peace(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Seconds(agent=0.05))
    await asyncio.sleep(0.2)
    assert desk.over == ["put_off"]
    assert ("hang_up", AGENT) in desk.phone.orders
    assert len(desk.phone.did("dial")) == 1


async def test_a_customer_who_does_not_pick_up_is_let_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Seconds(customer=0.05))
    await desk.told()
    await asyncio.sleep(0.2)
    assert ("hang_up", CUSTOMER) in desk.phone.orders
    desk.call.on_leg(LegEnded(CUSTOMER, 487))
    assert desk.over == ["no_answer"]
    assert ("hang_up", AGENT) in desk.phone.orders


async def test_without_its_notice_nobody_is_put_through(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.told()
    desk.voice.broken = True
    desk.call.on_leg(LegAnswered(CUSTOMER))
    await asyncio.sleep(0.05)
    assert desk.phone.did("join") == []
    assert desk.over == ["broken_off"]


async def test_the_agent_ends_it_from_the_desk_and_a_stopping_worker_lets_phones_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.call.on_agent_command(AgentCommand("c2", "bert", "hang_up"))
    assert desk.over == [], "only who makes the call ends it"
    desk.call.on_agent_command(AgentCommand("c2", "anna", "decline"))
    assert desk.over == ["put_off"]
    other = Desk(tmp_path)
    await other.told()
    other.call.stop()
    assert other.over == ["broken_off"]
    assert ("hang_up", CUSTOMER) in other.phone.orders
