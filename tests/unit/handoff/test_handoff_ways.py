"""The handoff machine in the conversations it was made for: from the request to a human, a callback or a message."""

from __future__ import annotations

import pytest

from ivr.commands import StartTimer
from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.machine import HandoffMachine
from ivr.handoff.state import State, Terms
from ivr.handoff.step import TRANSFER
from tests.unit.handoff.handoff_states import DUE, REACH, REQUEST, RESERVED, SAMPLES, TALKING, of, says, told


def test_warm_transfer_from_request_to_goodbye() -> None:
    machine = HandoffMachine()
    first = machine.receive(REQUEST)
    assert says(first) == ["handoff.connecting"]
    assert do.EnterQueue("general", "", "zh", 5, "refund") in first
    assert do.ReserveAgent() in first
    ringing = machine.receive(RESERVED)
    (ring,) = of(do.RingAgent, ringing)
    assert isinstance(ring, do.RingAgent)
    assert ring.uri == "sip:anna@10.0.0.9"
    assert ring.headers["User-to-User"] == "63616c6c2d31;encoding=hex"
    assert do.PlayMusic("ringing") in ringing
    (whisper,) = of(do.Whisper, machine.receive(on.AgentLegAnswered(5.0, 1)))
    assert isinstance(whisper, do.Whisper)
    assert "请按1" in whisper.text
    machine.receive(on.WhisperFinished(11.0, 1))
    joined = machine.receive(on.AgentKeyPressed(12.0, 1, "1"))
    assert do.Join(1) in joined
    ended = machine.receive(on.AgentLegEnded(60.0, 1, 200))
    assert do.ReleaseAgent("anna", "wrap_up", "talked") in ended
    assert ended[-1] == do.Finish("completed")


@pytest.mark.parametrize(
    ("event", "release"),
    [
        (TimerFired("handoff.ring", 21.0), do.ReleaseAgent("anna", "away", "no_answer")),
        (on.AgentLegEnded(5.0, 1, 480), do.ReleaseAgent("anna", "away", "no_answer")),
        (on.AgentLegEnded(5.0, 1, 486), do.ReleaseAgent("anna", "available", "busy", 15)),
        (on.AgentLegEnded(5.0, 1, 603), do.ReleaseAgent("anna", "available", "declined", 15)),
        (on.AgentDeclined(5.0, "anna"), do.ReleaseAgent("anna", "available", "declined", 15)),
    ],
)
def test_unreached_agent_gives_way_to_the_next(event: on.HandoffEvent, release: do.ReleaseAgent) -> None:
    machine = told(RESERVED)
    commands = machine.receive(event)
    assert release in commands
    assert do.ReserveAgent(("anna",)) in commands
    assert do.PlayMusic("music") in commands


def test_voicemail_of_the_agent_is_not_a_human() -> None:
    machine = told(RESERVED, on.AgentLegAnswered(3.0, 1), on.WhisperFinished(9.0, 1))
    commands = machine.receive(TimerFired("handoff.accept", 19.0))
    assert do.HangUpAgent(1) in commands
    assert do.ReleaseAgent("anna", "away", "no_key") in commands


def test_declined_by_key_during_the_whisper() -> None:
    machine = told(RESERVED, on.AgentLegAnswered(3.0, 1))
    commands = machine.receive(on.AgentKeyPressed(5.0, 1, "2"))
    assert do.ReleaseAgent("anna", "available", "declined", 15) in commands


def test_accepted_on_the_desk_before_the_phone_is_picked_up() -> None:
    machine = told(RESERVED, on.AgentAccepted(2.0, "anna"), on.AgentLegAnswered(3.0, 1))
    assert machine.state is State.WHISPERING
    assert do.Join(1) in machine.receive(on.WhisperFinished(9.0, 1))


def test_asked_again_after_a_minute() -> None:
    machine = told(RESERVED, on.AgentDeclined(5.0, "anna"))
    assert do.ReserveAgent(("anna",)) in machine.receive(TimerFired("handoff.retry", 40.0))
    assert do.ReserveAgent(()) in machine.receive(TimerFired("handoff.retry", 66.0))


def test_position_is_said_once_and_then_every_two_minutes() -> None:
    machine = told()
    assert says(machine.receive(on.NoAgent(0.1, 3, 200.0))) == ["handoff.progress"]
    machine.receive(TimerFired("handoff.retry", 1.1))
    assert says(machine.receive(on.NoAgent(1.2, 2, 130.0))) == []
    again = machine.receive(TimerFired("handoff.progress", 120.0))
    assert says(again) == ["handoff.progress"]
    assert StartTimer("handoff.progress", 120) in again


@pytest.mark.parametrize("state", [State.WAITING, State.RINGING, State.WHISPERING, State.DECIDING, State.OFFERING])
def test_caller_can_leave_for_a_callback_at_any_time(state: State) -> None:
    machine = REACH[state]()
    commands = machine.receive(on.CallerSaid(20.0, "callback"))
    assert do.BookCallback("asked_for") in commands
    assert "handoff.callback_booked" not in says(commands)
    booked = machine.receive(on.CallbackBooked(20.5, DUE))
    assert do.Say(machine.handoff.said, "handoff.callback_booked", {"due": DUE}) in booked
    assert do.OpenTicket("callback", "refund") in booked
    assert machine.receive(on.SayFinished(25.0, machine.handoff.said))[-1] == do.Finish("callback")


def test_patience_ends_in_a_choice_and_silence_in_a_callback() -> None:
    machine = told()
    assert says(machine.receive(TimerFired("handoff.patience", 300.0))) == ["handoff.offer"]
    machine.receive(on.SayFinished(306.0, machine.handoff.said))
    assert says(machine.receive(TimerFired("handoff.choice", 314.0))) == ["handoff.offer_again"]
    assert do.BookCallback("no_choice") in machine.receive(TimerFired("handoff.choice", 330.0))


def test_patience_over_while_ringing_ends_in_the_choice_when_the_agent_does_not_come() -> None:
    machine = told(RESERVED)
    machine.receive(TimerFired("handoff.patience", 299.9))
    assert says(machine.receive(TimerFired("handoff.ring", 299.9))) == ["handoff.offer"]


def test_waiting_on_has_new_patience() -> None:
    machine = told(on.NoAgent(0.5), TimerFired("handoff.patience", 300.0))
    commands = machine.receive(on.CallerKeyed(310.0, "3"))
    assert machine.state is State.WAITING
    assert StartTimer("handoff.patience", 300) in commands
    assert machine.handoff.deadline == 610.0
    assert says(machine.receive(on.NoAgent(311.0, 2))) == ["handoff.position"]


def test_no_number_means_a_message() -> None:
    machine = told(on.CallerKeyed(1.0, "1"))
    commands = machine.receive(on.CallbackRefused(1.5, "no_number"))
    assert says(commands) == ["handoff.no_number_message"]
    assert of(do.RecordVoicemail, commands)
    kept = machine.receive(on.MessageRecorded(30.0, 12.0))
    assert do.OpenTicket("voicemail", "refund") in kept


def test_a_message_nobody_will_learn_of_is_a_failure_and_a_callback_that_is_booked_is_none() -> None:
    machine = told(on.CallerKeyed(1.0, "1"))
    for event in (on.CallbackRefused(1.5, "down"), on.MessageRecorded(30.0, 12.0), on.StepFailed(30.1, "OpenTicket")):
        machine.receive(event)
    assert machine.receive(CallerHungUp(31.0))[-1] == do.Finish("failed")
    booked = REACH[State.CONCLUDING]()
    booked.receive(on.StepFailed(20.0, "OpenTicket"))
    assert booked.receive(CallerHungUp(21.0))[-1] == do.Finish("callback")


def test_slow_database_promises_nothing() -> None:
    machine = told(on.CallerKeyed(1.0, "1"))
    assert says(machine.receive(TimerFired("handoff.book", 11.0))) == ["handoff.callback_failed_message"]


@pytest.mark.parametrize("state", [State.WAITING, State.RINGING, State.WHISPERING, State.DECIDING, State.OFFERING])
def test_who_hangs_up_before_a_human_came_is_called_back(state: State) -> None:
    machine = REACH[state]()
    reserved = machine.handoff.agent
    commands = machine.receive(CallerHungUp(30.0))
    assert do.BookCallback("abandoned") in commands
    assert do.OpenTicket("abandoned", "refund") in commands
    assert commands[-1] == do.Finish("abandoned")
    assert bool(of(do.ReleaseAgent, commands)) == bool(reserved)


def test_broken_agent_line_finds_another_agent() -> None:
    machine = told(*TALKING)
    commands = machine.receive(on.AgentLegEnded(400.0, 1, 408))
    assert says(commands) == ["handoff.agent_lost"]
    assert do.ReserveAgent(("anna",)) in commands
    assert machine.state is State.WAITING


def test_hold_gives_music_and_back() -> None:
    machine = told(*TALKING)
    commands = machine.receive(on.AgentHeld(9.0, "anna"))
    assert do.Separate(1) in commands
    assert do.PlayMusic("music") in commands
    assert do.Join(1) in machine.receive(on.AgentResumed(20.0, "anna"))


def test_passed_on_ranks_higher_and_tells_the_next_agent() -> None:
    machine = told(*TALKING)
    commands = machine.receive(SAMPLES[on.PassedOn])
    assert do.EnterQueue("after_sales", "", "zh", 4, "refund") in commands
    assert do.ReleaseAgent("anna", "wrap_up", "passed_on") in commands
    machine.receive(on.AgentReserved(21.0, "bert", "sip:bert@10.0.0.9"))
    (whisper,) = of(do.Whisper, machine.receive(on.AgentLegAnswered(22.0, 2)))
    assert isinstance(whisper, do.Whisper)
    assert "wants photos checked" in whisper.text


def test_sent_back_names_the_step() -> None:
    commands = told(*TALKING).receive(SAMPLES[on.SentBack])
    assert do.HangUpAgent(1) in commands
    assert commands[-1] == do.Finish("returned", "satisfaction")


def test_refused_refer_keeps_the_conversation_on_the_bridge() -> None:
    machine = REACH[State.TRANSFERRING]()
    assert machine.receive(on.TransferProgressed(5.0, 100)) == ()
    assert do.Join(1) in machine.receive(on.TransferProgressed(6.0, 501))


def test_refer_that_worked_ends_both_legs() -> None:
    machine = REACH[State.TRANSFERRING]()
    machine.receive(on.AgentLegEnded(5.0, 1, 200))
    commands = machine.receive(on.TransferProgressed(6.0, 200))
    assert do.ReleaseAgent("anna", "wrap_up", "transferred") in commands
    assert commands[-1] == do.Finish("completed", transferred=True)


def test_refused_blind_transfer_tries_the_next_agent() -> None:
    request = on.HandoffRequested(0.0, "call-1", "general", "refund", "zh", way_out="blind")
    machine = told(RESERVED, request=request)
    assert machine.state is State.TRANSFERRING
    assert not of(do.HangUpAgent, told(RESERVED, request=request).receive(CallerHungUp(5.0)))
    commands = machine.receive(on.TransferProgressed(6.0, 404))
    assert do.ReserveAgent(("anna",)) in commands
    assert not of(do.HangUpAgent, commands)


def test_refer_of_which_nothing_is_heard_leaves_the_two_on_the_bridge() -> None:
    machine = REACH[State.TRANSFERRING]()
    assert do.Join(1) in machine.receive(TimerFired(TRANSFER, 40.0))
    assert machine.state is State.TALKING


def test_blind_refer_of_which_nothing_is_heard_tries_the_next_agent() -> None:
    request = on.HandoffRequested(0.0, "call-1", "general", "refund", "zh", way_out="blind")
    commands = told(RESERVED, request=request).receive(TimerFired(TRANSFER, 40.0))
    assert do.ReleaseAgent("anna", "available", "transfer_failed", Terms().rest_seconds) in commands
    assert do.ReserveAgent(("anna",)) in commands


def test_after_a_blind_transfer_that_failed_the_caller_is_told_the_position_again_and_keeps_the_patience_left() -> None:
    request = on.HandoffRequested(0.0, "call-1", "general", "refund", "zh", way_out="blind")
    machine = told(on.AgentReserved(118.0, "anna", "sip:anna@10.0.0.9"), request=request)
    assert machine.receive(TimerFired("handoff.progress", 120.0)) == (StartTimer("handoff.progress", 120),)
    machine.receive(on.TransferProgressed(125.0, 404))
    assert says(machine.receive(TimerFired("handoff.progress", 240.0))) == ["handoff.position"]
    machine.receive(on.AgentReserved(299.0, "bert", "sip:bert@10.0.0.9"))
    assert machine.receive(TimerFired("handoff.patience", 299.9)) == ()
    assert says(machine.receive(on.TransferProgressed(299.95, 404))) == ["handoff.offer"]


def test_an_agent_asked_lately_is_not_asked_again_whoever_came_between() -> None:
    machine = told(RESERVED, on.AgentDeclined(5.0, "anna"), on.AgentReserved(6.0, "bert", "sip:bert@10.0.0.9"))
    assert do.ReserveAgent(("anna", "bert")) in machine.receive(on.AgentLegEnded(9.0, 2, 486))
    passed = told(RESERVED, on.AgentDeclined(2.0, "anna"), on.AgentReserved(3.0, "bert", "sip:bert@10.0.0.9"))
    passed.receive(on.AgentLegAnswered(4.0, 2))
    passed.receive(on.AgentAccepted(5.0, "bert"))
    assert do.ReserveAgent(("anna", "bert")) in passed.receive(on.PassedOn(9.0, "bert", "after_sales"))


def test_the_next_agent_starts_from_nothing_the_one_before_had() -> None:
    machine = told(RESERVED, on.AgentAccepted(2.0, "anna"), on.AgentLegEnded(3.0, 1, 486))
    machine.receive(on.AgentReserved(4.0, "bert", "sip:bert@10.0.0.9"))
    machine.receive(on.AgentLegAnswered(5.0, 2))
    machine.receive(on.WhisperFinished(9.0, 2))
    assert machine.state is State.DECIDING
    assert do.HangUpAgent(2) in machine.receive(on.AgentDeclined(10.0, "bert"))


def test_who_lost_the_agent_is_told_the_position_anew_and_has_new_patience() -> None:
    machine = told(on.NoAgent(0.5), *TALKING)
    machine.receive(on.AgentLegEnded(400.0, 1, 408))
    assert says(machine.receive(on.NoAgent(400.5, 2))) == ["handoff.position"]
    assert machine.handoff.deadline == 400.0 + Terms().max_wait_seconds


def test_an_urgent_call_passed_on_stays_the_most_urgent() -> None:
    request = on.HandoffRequested(0.0, "call-1", "safety", "danger", "zh", priority=0, announced=True)
    machine = told(*TALKING, request=request)
    assert do.EnterQueue("senior", "en", "zh", 0, "danger") in machine.receive(
        on.PassedOn(9.0, "anna", "senior", skill="en")
    )


def test_a_handoff_that_was_announced_is_not_announced_again() -> None:
    announced = on.HandoffRequested(0.0, "call-1", "general", "refund", "zh", announced=True)
    assert says(HandoffMachine().receive(announced)) == []


def test_agent_s_phone_that_let_go_means_the_caller_is_with_it() -> None:
    machine = REACH[State.TRANSFERRING]()
    machine.receive(on.AgentLegEnded(5.0, 1, 200))
    assert machine.receive(CallerHungUp(6.0))[-1] == do.Finish("completed", transferred=True)
    machine = REACH[State.TRANSFERRING]()
    machine.receive(on.AgentLegEnded(5.0, 1, 503))
    commands = machine.receive(CallerHungUp(6.0))
    assert do.BookCallback("abandoned") in commands
    assert commands[-1] == do.Finish("abandoned")


def test_hold_is_written_down_both_ways() -> None:
    machine = told(*TALKING)
    assert do.NoteHeld(True) in machine.receive(on.AgentHeld(20.0, "anna"))
    assert do.NoteHeld(False) in machine.receive(on.AgentResumed(25.0, "anna"))


def test_stale_attempt_is_dropped() -> None:
    machine = told(RESERVED, on.AgentDeclined(5.0, "anna"), on.AgentReserved(6.0, "bert", "sip:bert@10.0.0.9"))
    assert machine.receive(on.AgentLegAnswered(7.0, 1)) == ()
    assert machine.state is State.RINGING


def test_last_words_are_not_cut_by_an_earlier_prompt_ending() -> None:
    machine = told(on.CallerKeyed(1.0, "1"), on.CallbackBooked(2.0, DUE))
    assert machine.receive(on.SayFinished(2.1, machine.handoff.said - 1)) == ()
    assert machine.state is State.CONCLUDING
