"""A handoff brought into each of its states, and a sample of every event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.machine import HandoffMachine
from ivr.handoff.state import State

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
        on.QueueShut(20.0, on.Shut()),
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


def of(kind: type, commands: tuple[do.HandoffCommand, ...]) -> list[do.HandoffCommand]:
    return [command for command in commands if isinstance(command, kind)]


def says(commands: tuple[do.HandoffCommand, ...]) -> list[str]:
    return [command.prompt for command in commands if isinstance(command, do.Say)]
