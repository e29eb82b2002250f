"""A closed queue, as the caller meets it: on coming, while waiting, when it is urgent; and what is promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.machine import HandoffMachine
from ivr.handoff.state import State
from ivr.hours import Standing
from ivr.legs import DigitHeard
from ivr.ports import Answer, Place
from tests.unit.handoff.handed_call import ANNA, CALLER, FakeQueue, Handed
from tests.unit.handoff.handoff_states import DUE, REQUEST, RESERVED, TALKING, of, says, told

SHUT = on.Shut(DUE)
LATE = replace(REQUEST, shut=SHUT)
URGENT = replace(LATE, queue="safety", priority=0, on_call="senior")


def test_who_comes_to_a_closed_door_hears_no_music_and_chooses_at_once() -> None:
    machine = HandoffMachine()
    commands = machine.receive(LATE)
    assert says(commands) == ["handoff.closed"]
    assert do.EnterQueue("general", "", "zh", 5, "refund", out_of_hours=True) in commands
    assert of(do.PlayMusic, commands) == of(do.ReserveAgent, commands) == []
    assert machine.state is State.OFFERING
    said = next(command for command in commands if isinstance(command, do.Say))
    assert said.values == {"opens": DUE, "week": None}


def test_what_is_promised_at_a_closed_door_is_written_down_first() -> None:
    machine = HandoffMachine()
    machine.receive(LATE)
    assert do.BookCallback("asked_for") in machine.receive(on.CallerSaid(4.0, "callback"))
    booked = machine.receive(on.CallbackBooked(4.2, DUE))
    assert says(booked) == ["handoff.callback_booked"]
    assert do.OpenTicket("callback", "refund") in booked


def test_the_robot_goes_on_for_who_comes_back_from_a_closed_door() -> None:
    machine = HandoffMachine()
    machine.receive(LATE)
    assert machine.receive(on.CallerKeyed(4.0, "*"))[-1] == do.Finish("returned")


@pytest.mark.parametrize("leaving", [CallerHungUp(4.0), on.MediaLost(4.0, "caller")])
def test_who_leaves_a_closed_door_was_promised_nothing(leaving: on.HandoffEvent) -> None:
    machine = HandoffMachine()
    machine.receive(LATE)
    commands = machine.receive(leaving)
    assert of(do.BookCallback, commands) == of(do.OpenTicket, commands) == []
    assert commands[-1] == do.Finish("abandoned")


def test_goodbye_at_a_closed_door_promises_nothing_either() -> None:
    machine = HandoffMachine()
    machine.receive(LATE)
    commands = machine.receive(on.CallerKeyed(4.0, "9"))
    assert says(commands) == ["handoff.goodbye_closed"]
    assert of(do.OpenTicket, commands) == []


def test_nobody_waits_on_at_a_closed_door_and_silence_means_a_callback() -> None:
    machine = HandoffMachine()
    machine.receive(LATE)
    assert says(machine.receive(on.CallerKeyed(4.0, "3"))) == ["handoff.closed_again"]
    assert machine.state is State.OFFERING
    assert do.BookCallback("no_choice") in machine.receive(TimerFired("handoff.choice", 30.0))


def test_whoever_waits_is_told_once_before_it_closes_and_chooses_when_it_has() -> None:
    machine = told(on.NoAgent(1.0, 2, 90.0))
    assert says(machine.receive(on.NoAgent(2.0, 2, 90.0, closes_at=DUE))) == ["handoff.closing"]
    assert says(machine.receive(on.NoAgent(3.0, 2, 90.0, closes_at=DUE))) == []
    commands = machine.receive(on.QueueShut(60.0, SHUT))
    assert says(commands) == ["handoff.closed_now"]
    left = machine.receive(CallerHungUp(62.0))
    assert do.BookCallback("abandoned") in left, "who waited is called back"
    assert do.OpenTicket("abandoned", "refund") in left


def test_the_phone_that_rings_at_closing_time_rings_on_and_a_talk_goes_on() -> None:
    ringing, talking = told(RESERVED), told(*TALKING)
    assert ringing.receive(on.QueueShut(5.0, SHUT)) == talking.receive(on.QueueShut(5.0, SHUT)) == ()
    assert (ringing.state, talking.state) == (State.RINGING, State.TALKING)


def test_danger_is_asked_for_all_the_same_then_of_who_is_on_call_then_told() -> None:
    machine = HandoffMachine()
    first = machine.receive(URGENT)
    assert do.ReserveAgent() in first, "somebody may be there out of hours"
    assert do.EnterQueue("safety", "", "zh", 0, "refund") in first
    on_call = machine.receive(on.QueueShut(0.2, SHUT))
    assert do.EnterQueue("senior", "", "zh", 0, "refund") in on_call
    assert do.ReserveAgent() in on_call
    assert says(on_call) == []
    assert says(machine.receive(on.QueueShut(0.4, SHUT))) == ["handoff.closed_urgent"]
    left = machine.receive(CallerHungUp(2.0))
    assert do.BookCallback("abandoned") in left
    assert do.OpenTicket("abandoned", "refund") in left


def test_who_is_on_call_is_asked_where_a_queue_is_open_and_nobody_is_there() -> None:
    machine = HandoffMachine()
    machine.receive(replace(URGENT, shut=None))
    assert do.EnterQueue("senior", "", "zh", 0, "refund") in machine.receive(on.NoAgent(0.2, staffed=False))
    assert machine.state is State.WAITING


def test_passed_on_to_a_closed_queue_the_caller_is_told_and_keeps_a_callback() -> None:
    machine = told(*TALKING)
    machine.receive(on.PassedOn(9.0, "anna", "after_sales"))
    assert says(machine.receive(on.QueueShut(9.2, SHUT))) == ["handoff.closed_now"]
    assert do.BookCallback("abandoned") in machine.receive(CallerHungUp(10.0))


# -- with fakes at the ports ------------------------------------------------------------------------------------------


class Doors:
    """`ports.Hours`: as the test says."""

    def __init__(self, standing: Standing, soon: datetime | None = None) -> None:
        self.now, self.soon = standing, soon

    def standing(self, queue: str) -> Standing:
        return self.now

    def closes_soon(self, queue: str) -> datetime | None:
        return self.soon


OPENS = datetime.now(UTC) + timedelta(hours=6)


async def test_a_closed_queue_is_entered_out_of_hours_and_asked_for_nobody(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([ANNA]), hours=Doors(Standing(False, OPENS)))
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": OPENS})
    await handed.settle()
    assert handed.queue.asked == [("enter", "general", 3, handed.queue.asked[0][3])]
    assert handed.queue.out_of_hours == [True]
    assert handed.said == ["handoff.closed"]
    assert [order for order in handed.phone.did("play") if "music" in str(order[2])] == []
    await handed.hears(DigitHeard(CALLER, "1"))
    assert [what for what, _ in handed.desk.asked] == ["callback", "ticket"]
    assert ("promised", 7) in handed.queue.asked
    assert [event.outcome for event in handed.ended] == ["callback"]


async def test_the_door_that_shuts_while_somebody_waits(tmp_path: Path) -> None:
    doors = Doors(Standing(True, OPENS), soon=OPENS)
    handed = Handed(tmp_path, FakeQueue([Place(2, 90.0, True)]), hours=doors)
    await handed.settle()
    assert "handoff.closing" in handed.said
    doors.now = Standing(False, OPENS)
    handed.transfer._receive(TimerFired("handoff.retry", 5.0))
    await handed.settle()
    assert handed.said[-1] == "handoff.closed_now"
    assert handed.ended == []
    assert handed.queue.out_of_hours == [False]


async def test_what_is_urgent_finds_who_is_there_out_of_hours(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([ANNA]), hours=Doors(Standing(False, OPENS)), priority=0)
    await handed.settle()
    assert [order[1] for order in handed.phone.did("dial")] == [ANNA.uri]
