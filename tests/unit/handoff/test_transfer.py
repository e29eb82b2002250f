"""One handoff with fakes at its ports: what the phone, the queue and the desk are asked, and what the records keep."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ivr.commands import HandOff, Prompt
from ivr.config import Settings
from ivr.endpointing import Completeness
from ivr.events import Event, HandoffEnded, NoInput
from ivr.legs import (
    AudioHeard,
    CallOffered,
    DigitHeard,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegHeld,
    LegRinging,
    PlaybackFinished,
    TransferProgressed,
)
from ivr.ports import AgentCommand, Answer, Caller, Place, Reservation
from ivr.services import Services
from ivr.tones import Tones
from ivr.transfer import HeadStart, Transfer
from ivr.values import Language, Values
from tests.fakes import FakeDesk, FakeDetector, FakeListener, FakePhone, FakeRecords, FakeVoice

CALLER, AGENT = 1, 101
ANNA = Reservation("anna", "sip:anna@10.0.0.9", "zh")


@dataclass
class FakeQueue:
    """`ports.AgentQueue`: gives the reservations it was given, then places."""

    answers: list[Reservation | Place] = field(default_factory=lambda: [ANNA])
    asked: list[tuple[object, ...]] = field(default_factory=list)

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
    ) -> int:
        self.asked.append(("enter", queue, priority, caller))
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


class Handed:
    """A call that is handed over, and everything around it."""

    def __init__(self, folder: Path, queue: FakeQueue, hears: str = "", ahead: bool = False, **handoff: Any) -> None:
        self.phone, self.records, self.desk = FakePhone(), FakeRecords(), FakeDesk()
        self.voice, self.listener, self.queue = FakeVoice(), FakeListener([hears]), queue
        able = {"allow": "INVITE, ACK, BYE, REFER", "supported": "replaces"}
        self.offered = CallOffered(CALLER, "13800004567", "hotline", "10.0.0.1", "sip-1", able)
        self.call_id, self.leg, self.language, self.over = "c1", CALLER, "zh", False
        self.case: dict[str, object] = {"intent": "urge_delivery", "order.number": "88123"}
        self.dialogue, self.seconds = Words(), 0.0
        self.services = Services(
            self.phone, self.listener, self.voice, self.desk, self.records, FakeDetector, lambda *_: self.transfer
        )
        self.ended: list[HandoffEnded] = []
        self.claimed: list[int] = []
        settings = Settings.model_validate({"handoff": handoff})
        tones = Tones(folder / "prompts", folder / "cache")
        self.transfer = Transfer(
            self,  # type: ignore[arg-type]
            HandOff(4, "general", "agent", priority=3),
            settings,
            queue,
            tones,
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


@pytest.fixture
async def handed(tmp_path: Path) -> Handed:
    made = Handed(tmp_path, FakeQueue())
    await made.settle()
    return made


async def test_agent_is_rung_with_the_case_in_headers_and_whispered_to_alone(handed: Handed) -> None:
    (dialled,) = handed.phone.did("dial")
    assert dialled[1] == ANNA.uri
    assert set(dialled[2]) == {"User-to-User", "Call-Info"}  # type: ignore[call-overload]
    assert handed.claimed == [AGENT]
    await handed.hears(LegRinging(AGENT), LegAnswered(AGENT))
    plays = {order[1] for order in handed.phone.did("play") if order[2] == "handoff.whisper.wav"}
    assert plays == {AGENT}
    assert handed.phone.did("join") == []


async def test_key_one_joins_the_two_and_their_words_are_written_down(handed: Handed) -> None:
    handed.listener.hears = ["在吗"]
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    assert handed.phone.did("join") == [("join", CALLER, AGENT)]
    assert ("connected", 7) in handed.queue.asked
    for leg in (CALLER, AGENT):
        for number in range(60):
            handed.seconds += 0.06
            handed.transfer.on_leg(AudioHeard(leg, b"\1" * 960 if number < 20 else bytes(960), handed.seconds))
        await handed.settle()
    assert [line for line in handed.records.lines if line[1] == "在吗"] == [("caller", "在吗"), ("agent", "在吗")]


async def test_declined_agent_rests_and_the_next_one_is_rung(tmp_path: Path) -> None:
    bert = Reservation("bert", "sip:bert@10.0.0.9", "zh")
    handed = Handed(tmp_path, FakeQueue([ANNA, bert]))
    await handed.settle()
    await handed.hears(LegEnded(AGENT, 603))
    assert ("release", "anna", "available", "declined") in handed.queue.asked
    assert [order[1] for order in handed.phone.did("dial")] == [ANNA.uri, bert.uri]
    assert handed.queue.asked[-1] == ("reserve", 7, ("anna",))


async def test_keys_of_an_agent_who_was_given_up_are_not_the_callers(tmp_path: Path) -> None:
    bert = Reservation("bert", "sip:bert@10.0.0.9", "zh")
    handed = Handed(tmp_path, FakeQueue([ANNA, bert]))
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "2"))
    assert len(handed.phone.did("dial")) == 2
    await handed.hears(DigitHeard(AGENT, "1"))
    assert [what for what, _ in handed.desk.asked if what == "callback"] == []


async def test_agents_hold_takes_the_two_apart_with_words_and_music(handed: Handed) -> None:
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"), LegHeld(AGENT))
    assert handed.phone.did("separate") == [("separate", CALLER, AGENT)]
    assert "handoff.on_hold" in handed.said
    assert handed.queue.asked[-1] == ("held", True)
    assert handed.phone.did("play")[-1][2:] == ("tone-music.wav", 0.0, True)


async def test_caller_who_hangs_up_while_waiting_gets_callback_and_ticket(handed: Handed) -> None:
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": datetime.now(UTC)})
    handed.over = True
    assert handed.transfer.close() == "abandoned"
    await handed.settle()
    assert [what for what, _ in handed.desk.asked] == ["callback", "ticket"]
    assert {arguments["phone"] for _, arguments in handed.desk.asked} == {"13800004567"}
    released = ("release", "anna", "available", "caller_left")
    assert handed.queue.asked[-3:] == [released, ("promised", 7), ("finish", "abandoned")]
    assert handed.phone.did("hang_up") == [("hang_up", AGENT)] * 2
    assert handed.ended == []


def speak(handed: Handed, seconds: float = 1.2) -> None:
    """The caller speaks for a while, then is silent."""
    for number in range(round(3.0 / 0.06)):
        handed.seconds += 0.06
        spoken = number * 0.06 < seconds
        handed.transfer.on_leg(AudioHeard(CALLER, b"\1" * 960 if spoken else bytes(960), handed.seconds))


@pytest.mark.parametrize(
    ("said", "asked", "outcome"), [("给 我 回电", "callback", "callback"), ("算了", "ticket", "abandoned")]
)
async def test_spoken_wish_is_heard_while_music_plays(tmp_path: Path, said: str, asked: str, outcome: str) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(3, 120.0, True)]), hears=said)
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": datetime.now(UTC)})
    await handed.settle()
    grammar = handed.listener.grammars[-1]
    assert grammar.kind == "limited"
    assert {"给我回电", "留言", "还要多久"} <= set(grammar.phrases)
    speak(handed)
    await handed.settle()
    assert asked in [what for what, _ in handed.desk.asked]
    assert [event.outcome for event in handed.ended] == [outcome]
    assert ("caller", said) in handed.records.lines


async def test_how_long_is_answered_and_waiting_goes_on(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(3, 120.0, True)]), hears="还要 多久")
    await handed.settle()
    before = handed.said.count("handoff.progress")
    speak(handed)
    await handed.settle()
    assert handed.said.count("handoff.progress") == before + 1
    assert handed.ended == []


async def test_words_to_somebody_else_are_no_wish(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(3, 120.0, True)]), hears="[unk] 留言")
    await handed.settle()
    said = list(handed.said)
    speak(handed)
    await handed.settle()
    assert handed.said == said
    assert handed.ended == []


async def test_nothing_is_taken_for_a_wish_in_a_talk(handed: Handed) -> None:
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    assert handed.listener.grammars[-1].kind == "open"
    assert not handed.transfer._wishes.listening


async def test_callback_key_books_before_it_promises(handed: Handed) -> None:
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": datetime.now(UTC)})
    await handed.hears(DigitHeard(CALLER, "1"))
    assert handed.said[-1] == "handoff.callback_booked"
    assert ("promised", 7) in handed.queue.asked
    assert [event.outcome for event in handed.ended] == ["callback"]


async def test_message_ends_with_the_hash_key(handed: Handed) -> None:
    await handed.hears(DigitHeard(CALLER, "2"))
    assert "handoff.leave_message" in handed.said
    handed.seconds = 5.0
    await handed.hears(DigitHeard(CALLER, "#"))
    assert [event.outcome for event in handed.ended] == ["voicemail"]
    assert "handoff.message_kept" in handed.said


async def test_attended_referral_releases_both_legs_when_notify_says_200(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue(), way_out={"general": "refer"})
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    assert handed.phone.did("transfer_attended") == [("transfer_attended", CALLER, AGENT)]
    await handed.hears(TransferProgressed(CALLER, 100))
    assert handed.phone.did("hang_up") == []
    await handed.hears(TransferProgressed(CALLER, 200))
    assert handed.phone.did("hang_up") == [("hang_up", AGENT), ("hang_up", CALLER)]
    assert ("finish", "completed") in handed.queue.asked
    assert handed.ended == []


async def test_referral_that_fails_leaves_the_two_on_the_bridge(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue(), way_out={"general": "refer"})
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"), TransferProgressed(CALLER, 603))
    assert handed.phone.did("join") == [("join", CALLER, AGENT)]
    assert handed.phone.did("hang_up") == []


async def test_caller_who_hangs_up_during_a_referral_is_called_back_unless_the_agent_took_over(tmp_path: Path) -> None:
    for replaced, outcome in ((False, "abandoned"), (True, "completed")):
        handed = Handed(tmp_path, FakeQueue(), way_out={"general": "refer"})
        await handed.settle()
        await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
        if replaced:
            await handed.hears(LegEnded(AGENT, 200))
        handed.over = True
        assert handed.transfer.close() == outcome
        await handed.settle()
        assert [what for what, _ in handed.desk.asked] == ([] if replaced else ["callback", "ticket"])


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


async def test_desk_commands_of_another_agent_change_nothing(handed: Handed) -> None:
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    handed.transfer.on_agent_command(AgentCommand("c1", "mallory", "hang_up"))
    handed.transfer.on_agent_command(AgentCommand("c1", "mallory", "send_back", {"step": "satisfaction"}))
    handed.transfer.on_agent_command(AgentCommand("c1", "anna", "note", {"text": "客人赶时间"}))
    assert handed.phone.did("hang_up") == []
    assert handed.ended == []
    assert ("note", "客人赶时间") in handed.records.lines
    handed.transfer.on_agent_command(AgentCommand("c1", "anna", "send_back", {"step": "satisfaction"}))
    assert [(event.outcome, event.step) for event in handed.ended] == [("returned", "satisfaction")]
