"""How a call ends: with a human, by the robot alone, or because somebody hung up; and what its record says of it."""

from __future__ import annotations

import asyncio

import pytest

from ivr.commands import (
    Act,
    Command,
    HandOff,
    HangUp,
    LookUp,
    Note,
    Play,
    StartTimer,
    SwitchLanguage,
)
from ivr.events import (
    ActionFinished,
    CallerHungUp,
    CallStarted,
    HandoffEnded,
    LookupFinished,
    NoInput,
    TimerFired,
)
from ivr.legs import DigitHeard, LegAnswered, LegEnded, MediaLost
from ivr.ports import Answer
from tests.unit.scripted_call import LEG, Line, answered, listen, prompt, settled
from tests.virtual_time import in_virtual_time


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


async def test_a_score_and_a_change_of_language_are_written_when_they_come_not_at_the_end() -> None:
    """The worker may be killed before the call's end."""
    survey = Note(1, "survey", "goodbye.satisfaction", {"satisfaction": 1})
    line = await answered({CallStarted: (SwitchLanguage("en"), survey)})
    records = line.records
    assert records.endings == []
    assert ("language", {"language": "en"}) in records.events
    assert records.cases[-1]["satisfaction"] == 1
