"""One call with fakes at its ports and a scripted dialogue: what is heard, said, done, and what happens when things break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ivr.call import Call
from ivr.commands import (
    Act,
    Command,
    Grammar,
    HandOff,
    HangUp,
    KeyInput,
    Listen,
    LookUp,
    Note,
    Play,
    Prompt,
    StartTimer,
)
from ivr.endpointing import Completeness
from ivr.errors import SpeechUnavailable
from ivr.events import (
    ActionFinished,
    CallerHungUp,
    CallStarted,
    ComponentFailed,
    Event,
    HandoffEnded,
    KeysPressed,
    LookupFinished,
    NoInput,
    SpeechLost,
    TimerFired,
    UtteranceHeard,
)
from ivr.legs import AudioHeard, CallOffered, DigitHeard, LegAnswered, LegEnded, LegEvent, MediaLost, PlaybackFinished
from ivr.ports import Answer
from ivr.services import Services
from ivr.values import Values
from tests.fakes import FakeDesk, FakeDetector, FakeListener, FakePhone, FakeRecords, FakeVoice
from tests.virtual_time import in_virtual_time

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
            self.phone, self.listener, self.voice, self.desk, self.records, FakeDetector, self._start_handoff, None
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


async def test_a_question_is_asked_and_the_answer_heard() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("greet"), prompt("ask"))), listen(1))}, ["退款"])
    assert [order[2] for order in line.phone.did("play")] == ["greet.wav"]
    await line.prompts_end()
    assert [order[2] for order in line.phone.did("play")] == ["greet.wav", "ask.wav"]
    assert [file.name for file in line.voice.forgotten] == ["greet.wav", "ask.wav"]
    await line.speaks()
    [heard] = line.told(UtteranceHeard)
    assert heard.hypotheses[0].text == "退款"
    assert ("caller", "退款") in line.records.lines


async def test_what_is_private_is_not_recorded() -> None:
    private = (Play(2, (prompt("phone?"),)), listen(2, sensitive=True))
    line = await answered(
        {CallStarted: (Play(1, (prompt("greet"),)), listen(1)), UtteranceHeard: private}, ["退款", "138"]
    )
    assert line.phone.did("hush") == []
    await line.prompts_end()
    await line.speaks()
    assert line.phone.did("hush") == [("hush", LEG, True)]
    line.script.answers[UtteranceHeard] = (Play(3, (prompt("thanks"),)), HandOff(3, "general", "asked"))
    await line.prompts_end()
    await line.speaks()
    assert line.phone.did("hush") == [("hush", LEG, True), ("hush", LEG, False)]


async def test_a_human_is_recorded_after_a_private_question() -> None:
    private = (listen(1, sensitive=True),)
    line = await answered({CallStarted: private, UtteranceHeard: (HandOff(2, "general", "asked"),)}, ["人工"])
    await line.speaks()
    assert line.handoffs
    assert line.phone.did("hush") == [("hush", LEG, True), ("hush", LEG, False)]


async def test_speech_over_a_prompt_stops_it() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("long"),)), listen(1))}, ["人工"])
    await line.speaks()
    assert line.phone.did("stop") == [("stop", 1)]
    assert line.told(UtteranceHeard)[0].barged_in


async def test_a_cough_over_a_prompt_lets_it_go_on() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("long"),)), listen(1))}, [""])
    await line.speaks()
    plays = line.phone.did("play")
    assert [order[2] for order in plays] == ["long.wav", "long.wav"]
    assert line.told(UtteranceHeard) == []


@in_virtual_time
async def test_nothing_said_is_told_when_the_time_is_over() -> None:
    line = await answered({CallStarted: (listen(1, no_input_seconds=0.01),)})
    await asyncio.sleep(0.05)
    assert len(line.told(NoInput)) == 1


async def test_keys_are_collected() -> None:
    line = await answered({CallStarted: (listen(1, keys=KeyInput(max_digits=4)),)})
    await line.happens(*(DigitHeard(LEG, key) for key in "382#"))
    assert [event.keys for event in line.told(KeysPressed)] == ["382"]


async def test_an_answer_waits_for_the_prompt_that_announced_it() -> None:
    line = Line({CallStarted: (Play(1, (prompt("let me look"),)), LookUp(1, "order", {"number": "1"}))})
    line.desk.answers["order"] = Answer("found", {"order.status": "paid"})
    await line.happens(LegAnswered(LEG))
    assert line.told(LookupFinished) == []
    await line.prompts_end()
    assert [event.outcome for event in line.told(LookupFinished)] == ["found"]
    assert line.records.cases[-1]["order.status"] == "paid"


@pytest.mark.parametrize("announced", [False, True])
@pytest.mark.parametrize("broken", [False, True])
@in_virtual_time
async def test_a_slow_order_desk_is_not_silence(announced: bool, broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.errand.FILLER_SECONDS", 0.1)
    said = (Play(1, (prompt("let me look"),)),) if announced else ()
    line = Line({CallStarted: (*said, LookUp(1, "order"))})
    line.call.services = replace(line.call.services, slow_seconds=0.05)
    line.desk.slow, line.desk.broken = asyncio.Event(), broken
    await line.happens(LegAnswered(LEG))
    for fillers in (1, 2):
        await line.prompts_end()
        await asyncio.sleep(0.12)
        assert [text for _, text in line.records.lines].count("words of filler") >= fillers
    line.desk.slow.set()
    await settled()
    await line.prompts_end()
    assert len(line.told(ComponentFailed if broken else LookupFinished)) == 1
    said_so_far = len(line.records.lines)
    await asyncio.sleep(0.25)
    assert len(line.records.lines) == said_so_far


@in_virtual_time
async def test_a_quick_order_desk_needs_no_filler() -> None:
    line = Line({CallStarted: (LookUp(1, "order"),)})
    line.call.services = replace(line.call.services, slow_seconds=0.05)
    await line.happens(LegAnswered(LEG))
    await asyncio.sleep(0.1)
    assert line.records.lines == []


async def test_what_the_ledger_says_is_what_the_dialogue_hears() -> None:
    line = Line({CallStarted: (Act(1, "refund", "refund_request", {"order": "1"}),)})
    line.desk.answers["refund"] = Answer("failed")
    await line.happens(LegAnswered(LEG))
    assert [event.outcome for event in line.told(ActionFinished)] == ["failed"]


async def test_a_broken_order_desk_is_told_to_the_dialogue() -> None:
    line = Line({CallStarted: (LookUp(1, "order"),)})
    line.desk.broken = True
    await line.happens(LegAnswered(LEG))
    assert len(line.told(ComponentFailed)) == 1


async def test_a_broken_dialogue_becomes_an_apology_and_a_human() -> None:
    line = await answered({CallStarted: ValueError("ours")})
    assert [order[2] for order in line.phone.did("play")] == ["apology.wav"]
    await line.prompts_end()
    assert line.handoffs[0].command.reason == "fault"


async def test_a_dialogue_that_breaks_twice_ends_the_call_rather_than_be_silent() -> None:
    line = await answered({CallStarted: ValueError("ours"), HandoffEnded: ValueError("again")})
    await line.prompts_end()
    line.handoffs[0].on_ended(HandoffEnded(0, 1.0, "failed"))
    await settled()
    assert line.phone.did("hang_up") == [("hang_up", LEG)]
    assert line.call.disposition == "failed"


async def test_without_recogniser_the_dialogue_is_told_once_and_the_turn_ends() -> None:
    lost = SpeechUnavailable("gone")
    line = await answered({CallStarted: (listen(1),)}, [lost])
    await line.speaks()
    assert len(line.told(SpeechLost)) == 1


async def test_without_voice_the_question_is_still_open() -> None:
    line = Line({CallStarted: (Play(1, (prompt("ask"),)), listen(1))}, ["退款"])
    line.voice.broken = True
    await line.happens(LegAnswered(LEG))
    await line.speaks()
    assert len(line.told(UtteranceHeard)) == 1


async def test_a_handoff_begins_after_the_last_words_and_gets_the_legs_events() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("wait"),)), HandOff(1, "general", "agent"))})
    assert line.handoffs == []
    await line.prompts_end()
    await line.happens(DigitHeard(LEG, "1"), DigitHeard(101, "2"))
    assert [event.key for event in line.handoffs[0].events if isinstance(event, DigitHeard)] == ["1", "2"]
    line.handoffs[0].on_ended(HandoffEnded(1, 9.0, "completed"))
    assert line.call.disposition == "handled_by_agent"
    assert len(line.told(HandoffEnded)) == 1


async def test_the_case_of_a_handoff_begun_ahead_is_written_once() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("wait"),)), HandOff(1, "general", "agent"))})
    line.call.case["handoff.reason"] = "agent"  # as the worker does while the robot still says that it will
    line.call.record.keep_case()
    await line.prompts_end()
    assert len(line.handoffs) == 1
    assert [case for case in line.records.cases if "handoff.reason" in case] == [line.call.case]


async def test_how_the_humans_part_ended_is_how_the_call_ended() -> None:
    line = await answered({CallStarted: (HandOff(1, "general", "agent"),), HandoffEnded: (HangUp(2, "handed_off"),)})
    line.handoffs[0].on_ended(HandoffEnded(1, 9.0, "completed"))
    await line.happens(LegEnded(LEG, 200))
    assert line.records.dispositions == ["handled_by_agent"]


async def test_a_caller_who_hangs_up_on_the_agent_was_handled_by_the_agent() -> None:
    line = await answered({CallStarted: (HandOff(1, "general", "agent"),)})
    await line.happens(LegEnded(LEG, 200))
    assert line.handoffs[0].closed
    assert line.records.dispositions == ["handled_by_agent"]


BYE = HangUp(9, "settled")


async def ended(line: Line) -> tuple[str, object]:
    """The line ends: with which disposition, and whether the robot served the call alone."""
    await line.prompts_end()
    await line.happens(LegEnded(LEG, 200))
    (disposition,), (details,) = line.records.dispositions, line.records.endings
    return disposition, details["self_served"]


WANTED = Note(0, "understood", "open_question", {"intent": "refund_request"})
DECIDE = LookUp(1, "decision", {"intent": "refund_request"})
REFUND = Act(2, "refund_full", "refund_request", {"order": "3026"})


@pytest.mark.parametrize(
    ("decision", "ledger", "alone"),
    [("offer", "done", True), ("offer", "failed", False), ("inform", "", True), ("refuse", "", False)],
)
async def test_served_alone_is_a_settled_call_whose_matter_is_done(decision: str, ledger: str, alone: bool) -> None:
    steps: dict[type, tuple[Command, ...] | Exception] = {
        CallStarted: (WANTED, DECIDE),
        LookupFinished: (REFUND,) if ledger else (BYE,),
        ActionFinished: (BYE,),
    }
    line = Line(steps)
    line.desk.answers = {"decision": Answer(decision), "refund_full": Answer(ledger)}
    await line.happens(LegAnswered(LEG))
    assert await ended(line) == ("settled", alone)
    assert any(case.get("intent") == "refund_request" for case in line.records.cases)


@pytest.mark.parametrize(
    ("outcome", "step", "disposition"),
    [
        ("returned", "satisfaction", "settled"),
        ("voicemail", None, "message_left"),
        ("failed", None, "handoff_failed"),
    ],
)
async def test_a_call_with_a_human_in_it_is_not_the_robots(outcome: str, step: str | None, disposition: str) -> None:
    again = (Note(2, "understood", "open_question", {"intent": "order_status"}), BYE)
    line = await answered({CallStarted: (HandOff(1, "general", "agent"),), HandoffEnded: again})
    line.handoffs[0].on_ended(HandoffEnded(1, 9.0, outcome, step))
    assert await ended(line) == (disposition, False)


async def test_who_gave_up_waiting_and_was_served_by_the_robot_was_served_by_it_alone() -> None:
    again = (Note(2, "understood", "open_question", {"intent": "order_status"}), BYE)
    line = await answered({CallStarted: (HandOff(1, "general", "agent"),), HandoffEnded: again})
    line.handoffs[0].on_ended(HandoffEnded(1, 9.0, "returned"))
    assert await ended(line) == ("settled", True)


async def test_hanging_up_waits_for_the_farewell() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("bye"),)), HangUp(1, "settled"))})
    assert line.phone.did("hang_up") == []
    await line.prompts_end()
    assert line.phone.did("hang_up") == [("hang_up", LEG)]
    await line.happens(LegEnded(LEG, 200))
    assert line.records.dispositions == ["settled"]
    assert line.desk.contacts == ["settled"]
    assert line.over == [line.call]


@pytest.mark.parametrize("when", [CallStarted, NoInput])
@in_virtual_time
async def test_a_caller_who_hangs_up_leaves_nothing_behind(when: type) -> None:
    line = await answered({CallStarted: (StartTimer("progress", 0.02), Play(1, (prompt("ask"),)), listen(1))})
    if when is NoInput:
        await line.prompts_end()
    await line.happens(LegEnded(LEG, 200))
    await asyncio.sleep(0.05)
    assert line.phone.playing == {}
    assert line.told(TimerFired) == []
    assert line.script.told[-1] == CallerHungUp(line.script.told[-1].seconds)
    assert line.records.dispositions == ["caller_hung_up"]


@pytest.mark.parametrize(
    ("outcome", "told"), [("failed", True), ("refused", True), ("done", False), ("unknown", False)]
)
async def test_who_hung_up_before_hearing_that_it_was_not_done_is_told_by_a_human(outcome: str, told: bool) -> None:
    line = Line({CallStarted: (Act(1, "refund", "refund_request", {"order": "302610726346"}),)})
    line.desk.slow, line.desk.answers["refund"] = asyncio.Event(), Answer(outcome)
    await line.happens(LegAnswered(LEG), LegEnded(LEG, 200))
    line.desk.slow.set()
    await settled()
    tickets = [arguments for what, arguments in line.desk.asked if what == "open_ticket"]
    assert len(tickets) == told
    if told:
        assert (tickets[0]["order"], tickets[0]["phone"]) == ("302610726346", "13800138000")


async def test_who_heard_that_it_was_not_done_gets_no_ticket_for_it() -> None:
    line = Line({CallStarted: (Act(1, "refund", "refund_request", {"order": "1"}),)})
    line.desk.answers["refund"] = Answer("failed")
    await line.happens(LegAnswered(LEG))
    await line.happens(LegEnded(LEG, 200))
    assert [what for what, _ in line.desk.asked] == ["refund"]


async def test_lost_media_ends_the_call() -> None:
    line = await answered({CallStarted: (listen(1),)})
    await line.happens(MediaLost(LEG, 20.0))
    assert line.phone.did("hang_up") == [("hang_up", LEG)]
    await line.happens(LegEnded(LEG, 200))
    assert line.records.dispositions == ["media_lost"]


async def test_notes_are_written_and_kept_for_the_agent() -> None:
    line = await answered({CallStarted: (Note(1, "understood", "step", {"intent": "refund_request"}),)})
    assert ("understood", {"step": "step", "intent": "refund_request"}) in line.records.events
    assert line.call.case["intent"] == "refund_request"
