"""The handoff machine: every state × event, and what holds on every path."""

from __future__ import annotations

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
from ivr.handoff.state import WAITING_STATES, State, Terms
from tests.unit.handoff.handoff_states import REACH, REQUEST, RESERVED, SAMPLES, of, told

# What each state makes of the sample events: the state after it. What is not named leaves the state as it is.
AFTER: dict[State, dict[type, State]] = {
    State.NEW: {on.HandoffRequested: State.WAITING},
    State.WAITING: {
        on.QueueShut: State.OFFERING,
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


def test_the_states_in_which_a_wish_is_listened_for_are_those_that_heed_one() -> None:
    deaf = (machine_module.ignore, machine_module.illegal)
    assert {state for state, row in TABLE.items() if row[on.CallerSaid] not in deaf} == WAITING_STATES


@pytest.mark.parametrize(("seconds", "excluded"), [(64.9, ("anna",)), (65.0, ())])
def test_an_agent_is_left_in_peace_for_a_minute(seconds: float, excluded: tuple[str, ...]) -> None:
    handoff = told(RESERVED, on.AgentDeclined(5.0, "anna")).handoff
    assert handoff.excluded(seconds, Terms().ask_again_seconds) == excluded


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
