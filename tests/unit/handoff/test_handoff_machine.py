"""The handoff machine: every state × event, the conversations it was made for, and what holds on every path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.commands import StartTimer, StopTimer
from ivr.errors import IllegalTransition
from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff import machine as machine_module
from ivr.handoff.machine import EVENTS, TABLE, HandoffMachine
from ivr.handoff.state import State, Terms
from ivr.handoff.step import TRANSFER

DUE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
REQUEST = on.HandoffRequested(0.0, "call-1", "general", "refund", "zh", case_url="http://desk/calls/call-1")
RESERVED = on.AgentReserved(1.0, "anna", "sip:anna@10.0.0.9")


def told(*events: on.HandoffEvent, request: on.HandoffRequested = REQUEST) -> HandoffMachine:
    machine = HandoffMachine()
    for event in (request, *events):
        machine.receive(event)
    return machine


TALKING = (RESERVED, on.AgentLegAnswered(3.0, 1), on.AgentKeyPressed(4.0, 1, "1"))
REACH: dict[State, Callable[[], HandoffMachine]] = {
    State.NEW: HandoffMachine,
    State.WAITING: told,
    State.RINGING: lambda: told(RESERVED),
    State.WHISPERING: lambda: told(RESERVED, on.AgentLegAnswered(3.0, 1)),
    State.DECIDING: lambda: told(RESERVED, on.AgentLegAnswered(3.0, 1), on.WhisperFinished(9.0, 1)),
    State.TRANSFERRING: lambda: told(
        *TALKING, request=on.HandoffRequested(0.0, "call-1", "general", "refund", "zh", way_out="refer")
    ),
    State.TALKING: lambda: told(*TALKING),
    State.HELD: lambda: told(*TALKING, on.AgentHeld(9.0, "anna")),
    State.OFFERING: lambda: told(on.NoAgent(1.0, staffed=False)),
    State.BOOKING: lambda: told(on.CallerKeyed(1.0, "1")),
    State.RECORDING: lambda: told(on.CallerKeyed(1.0, "2")),
    State.CONCLUDING: lambda: told(on.CallerKeyed(1.0, "1"), on.CallbackBooked(2.0, DUE)),
    State.ENDED: lambda: told(CallerHungUp(1.0)),
}
SAMPLES: dict[type, on.HandoffEvent] = {
    type(event): event
    for event in (
        REQUEST,
        on.AgentReserved(20.0, "bert", "sip:bert@10.0.0.9"),
        on.NoAgent(20.0, 2, 130.0),
        on.AgentLegRinging(20.0, 1),
        on.AgentLegAnswered(20.0, 1),
        on.AgentLegEnded(20.0, 1, 200),
        on.WhisperFinished(20.0, 1),
        on.AgentKeyPressed(20.0, 1, "1"),
        on.AgentAccepted(20.0, "anna"),
        on.AgentDeclined(20.0, "anna"),
        on.CallerKeyed(20.0, "1"),
        on.CallerSaid(20.0, "callback"),
        CallerHungUp(20.0),
        on.MediaLost(20.0, "agent"),
        on.AgentHeld(20.0, "anna"),
        on.AgentResumed(20.0, "anna"),
        on.SentBack(20.0, "anna", "satisfaction"),
        on.PassedOn(20.0, "anna", "after_sales", note="wants photos checked"),
        on.TransferProgressed(20.0, 200),
        on.CallbackBooked(20.0, DUE),
        on.CallbackRefused(20.0, "no_number"),
        on.MessageRecorded(20.0, 12.0),
        on.SayFinished(20.0, 99),
        on.StepFailed(20.0, "Join"),
        TimerFired("handoff.nothing", 20.0),
    )
}

# What each state makes of the sample events: the state after it. What is not named leaves the state as it is.
AFTER: dict[State, dict[type, State]] = {
    State.NEW: {on.HandoffRequested: State.WAITING},
    State.WAITING: {
        on.AgentReserved: State.RINGING,
        on.CallerKeyed: State.BOOKING,
        on.CallerSaid: State.BOOKING,
        CallerHungUp: State.ENDED,
    },
    State.RINGING: {
        on.AgentLegAnswered: State.WHISPERING,
        on.AgentLegEnded: State.WAITING,
        on.AgentDeclined: State.WAITING,
        on.MediaLost: State.WAITING,
        on.StepFailed: State.WAITING,
        on.CallerKeyed: State.BOOKING,
        on.CallerSaid: State.BOOKING,
        CallerHungUp: State.ENDED,
    },
    State.TRANSFERRING: {
        on.TransferProgressed: State.ENDED,
        CallerHungUp: State.ENDED,
        on.StepFailed: State.TALKING,
    },
    State.TALKING: {
        on.AgentLegEnded: State.ENDED,
        on.MediaLost: State.WAITING,
        on.AgentHeld: State.HELD,
        on.SentBack: State.ENDED,
        on.PassedOn: State.WAITING,
        CallerHungUp: State.ENDED,
        on.StepFailed: State.WAITING,
    },
    State.OFFERING: {on.CallerKeyed: State.BOOKING, on.CallerSaid: State.BOOKING, CallerHungUp: State.ENDED},
    State.BOOKING: {
        on.CallbackBooked: State.CONCLUDING,
        on.CallbackRefused: State.RECORDING,
        CallerHungUp: State.ENDED,
    },
    State.RECORDING: {on.MessageRecorded: State.CONCLUDING, CallerHungUp: State.ENDED},
    State.CONCLUDING: {on.SayFinished: State.ENDED, CallerHungUp: State.ENDED},
    State.ENDED: {},
}
_trying = {key: state for key, state in AFTER[State.RINGING].items() if key is not on.AgentLegAnswered}
AFTER[State.WHISPERING] = {
    **_trying,
    on.WhisperFinished: State.DECIDING,
    on.AgentKeyPressed: State.TALKING,
    on.AgentAccepted: State.TALKING,
}
AFTER[State.DECIDING] = {**_trying, on.AgentKeyPressed: State.TALKING, on.AgentAccepted: State.TALKING}
AFTER[State.HELD] = {
    key: state for key, state in AFTER[State.TALKING].items() if key is not on.AgentHeld
} | {on.AgentResumed: State.TALKING}  # fmt: skip


def illegal(state: State, event: type) -> bool:
    return (event is on.HandoffRequested) == (state is not State.NEW)


def test_table_decides_every_state_and_event() -> None:
    assert set(TABLE) == set(State) == set(REACH) == set(AFTER)
    assert set(SAMPLES) == set(EVENTS)
    assert {state: set(EVENTS) - set(row) for state, row in TABLE.items() if set(row) != set(EVENTS)} == {}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_state_with_every_event(state: State, event: type) -> None:
    machine = REACH[state]()
    assert machine.state is state
    before = machine.handoff
    if illegal(state, event):
        with pytest.raises(IllegalTransition):
            machine.receive(SAMPLES[event])
        assert machine.handoff is before
        return
    commands = machine.receive(SAMPLES[event])
    assert machine.state is AFTER[state].get(event, state)
    if TABLE[state][event] is machine_module.ignore:
        assert commands == ()


def of(kind: type, commands: tuple[do.HandoffCommand, ...]) -> list[do.HandoffCommand]:
    return [command for command in commands if isinstance(command, kind)]


def says(commands: tuple[do.HandoffCommand, ...]) -> list[str]:
    return [command.prompt for command in commands if isinstance(command, do.Say)]


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
    assert says(machine.receive(TimerFired("handoff.ring", 299.95))) == ["handoff.offer"]


def test_waiting_on_has_new_patience() -> None:
    machine = told(TimerFired("handoff.patience", 300.0))
    commands = machine.receive(on.CallerKeyed(310.0, "3"))
    assert machine.state is State.WAITING
    assert StartTimer("handoff.patience", 300) in commands
    assert machine.handoff.deadline == 610.0


def test_no_number_means_a_message() -> None:
    machine = told(on.CallerKeyed(1.0, "1"))
    commands = machine.receive(on.CallbackRefused(1.5, "no_number"))
    assert says(commands) == ["handoff.no_number_message"]
    assert of(do.RecordVoicemail, commands)
    kept = machine.receive(on.MessageRecorded(30.0, 12.0))
    assert do.OpenTicket("voicemail", "refund") in kept


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


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([kind for kind in EVENTS if kind is not on.HandoffRequested]), max_size=40), st.data())
def test_on_every_path_agents_are_released_once_and_nobody_waits_in_silence(
    kinds: list[type], data: st.DataObject
) -> None:
    way_out = data.draw(st.sampled_from(["bridge", "refer", "blind"]))
    machine = HandoffMachine(Terms())
    mine: set[str] = set()
    audible = Audible()
    audible.hear(machine.receive(on.HandoffRequested(0.0, "c", "general", "refund", "en", way_out=way_out)))
    for number, kind in enumerate(kinds, start=1):
        event = _drawn(machine, kind, float(number * 7), data)
        if isinstance(event, on.AgentReserved):
            if event.agent in mine:
                continue
            mine.add(event.agent)
        commands = machine.receive(event)
        audible.hear(commands)
        for command in of(do.ReleaseAgent, commands):
            assert isinstance(command, do.ReleaseAgent)
            assert command.agent in mine
            mine.remove(command.agent)
        held = {machine.handoff.agent.agent} if machine.handoff.agent else set()
        assert mine == held
        check_invariants(machine, audible, commands)


def _drawn(machine: HandoffMachine, kind: type, seconds: float, data: st.DataObject) -> on.HandoffEvent:
    """A sample event of the kind, aimed at what the machine is doing now."""
    handoff = machine.handoff
    agent = handoff.agent.agent if handoff.agent else "nobody"
    if kind is TimerFired:
        return TimerFired(data.draw(st.sampled_from([*sorted(handoff.timers), "handoff.gone"])), seconds)
    if kind is on.AgentReserved:
        return on.AgentReserved(seconds, data.draw(st.sampled_from(["anna", "bert", "carl"])), "sip:x@10.0.0.9")
    if kind in (on.CallerKeyed, on.AgentKeyPressed):
        key = data.draw(st.sampled_from("01239*#"))
        return (
            on.CallerKeyed(seconds, key)
            if kind is on.CallerKeyed
            else on.AgentKeyPressed(seconds, handoff.attempt, key)
        )
    if kind is on.AgentLegEnded:
        return on.AgentLegEnded(seconds, handoff.attempt, data.draw(st.sampled_from([200, 408, 480, 486, 603])))
    if kind is on.StepFailed:
        return on.StepFailed(seconds, data.draw(st.sampled_from(["Join", "Say", "RingAgent", "BookCallback"])))
    if kind is on.MediaLost:
        return on.MediaLost(seconds, data.draw(st.sampled_from(["caller", "agent"])))
    if kind is on.SayFinished:
        return on.SayFinished(seconds, handoff.said)
    if kind is on.TransferProgressed:
        return on.TransferProgressed(seconds, data.draw(st.sampled_from([100, 200, 404])))
    if kind in (on.AgentLegRinging, on.AgentLegAnswered, on.WhisperFinished):
        return kind(seconds, handoff.attempt)
    if kind in (on.AgentAccepted, on.AgentDeclined, on.AgentHeld, on.AgentResumed):
        return kind(seconds, agent)
    if kind is on.SentBack:
        return on.SentBack(seconds, agent, "satisfaction")
    if kind is on.PassedOn:
        return on.PassedOn(seconds, agent, "after_sales")
    return SAMPLES[kind]


class Audible:
    """What the caller hears, as the commands have it."""

    def __init__(self) -> None:
        self.music = self.joined = False

    def hear(self, commands: tuple[do.HandoffCommand, ...]) -> None:
        for command in commands:
            match command:
                case do.PlayMusic():
                    self.music = True
                case do.StopMusic():
                    self.music = False
                case do.Join():
                    self.joined, self.music = True, False
                case do.Separate():
                    self.joined = False
                case _:
                    pass


def check_invariants(machine: HandoffMachine, audible: Audible, commands: tuple[do.HandoffCommand, ...]) -> None:
    handoff = machine.handoff
    if machine.state is State.ENDED:
        assert not handoff.timers
        return
    assert not of(do.Finish, commands)
    assert audible.joined == (machine.state is State.TALKING)
    speaks = machine.state in (State.OFFERING, State.RECORDING, State.CONCLUDING)
    assert audible.music or audible.joined or speaks or machine.state is State.BOOKING
    assert handoff.timers or machine.state in (State.TALKING, State.HELD)
    if machine.state is State.HELD:
        assert audible.music


def test_timers_stopped_are_timers_started() -> None:
    machine = HandoffMachine()
    running: set[str] = set()
    for event in (REQUEST, RESERVED, on.AgentLegAnswered(3.0, 1), on.AgentKeyPressed(4.0, 1, "1"), CallerHungUp(50.0)):
        for command in machine.receive(event):
            if isinstance(command, StartTimer):
                running.add(command.name)
            if isinstance(command, StopTimer):
                running.remove(command.name)
    assert running == set()
