"""What legs and the desk say, in the handoff machine's words. Pure."""

from __future__ import annotations

from ivr.handoff import events as on
from ivr.legs import (
    DigitHeard,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegHeld,
    LegResumed,
    LegRinging,
    MediaLost,
    TransferProgressed,
)
from ivr.ports import AgentCommand


def of_agent_leg(event: LegEvent, seconds: float, attempt: int, agent: str) -> on.HandoffEvent | None:
    """Something happened on the leg of the agent being tried or talked to."""
    match event:
        case DigitHeard(key=key):
            return on.AgentKeyPressed(seconds, attempt, key)
        case LegHeld():
            return on.AgentHeld(seconds, agent)
        case LegResumed():
            return on.AgentResumed(seconds, agent)
        case LegRinging():
            return on.AgentLegRinging(seconds, attempt)
        case LegAnswered():
            return on.AgentLegAnswered(seconds, attempt)
        case LegEnded():
            return on.AgentLegEnded(seconds, attempt, event.status)
        case MediaLost():
            return on.MediaLost(seconds, "agent")
        case _:
            return None


def of_caller_leg(event: LegEvent, seconds: float) -> on.HandoffEvent | None:
    """Something happened on the caller's leg; its end is told by `Transfer.close`."""
    match event:
        case DigitHeard(key=key):
            return on.CallerKeyed(seconds, key)
        case MediaLost():
            return on.MediaLost(seconds, "caller")
        case TransferProgressed():
            return on.TransferProgressed(seconds, event.status)
        case _:
            return None


def of_desk(command: AgentCommand, seconds: float) -> on.HandoffEvent | None:
    """The agent did something in the browser that concerns the handoff."""
    agent, arguments = command.agent, command.arguments
    match command.command:
        case "accept":
            return on.AgentAccepted(seconds, agent)
        case "decline":
            return on.AgentDeclined(seconds, agent)
        case "hold":
            return on.AgentHeld(seconds, agent)
        case "resume":
            return on.AgentResumed(seconds, agent)
        case "send_back":
            return on.SentBack(seconds, agent, arguments.get("step", ""))
        case "pass_on":
            where, skill, note = (arguments.get(key, "") for key in ("queue", "skill", "note"))
            return on.PassedOn(seconds, agent, where, skill, note)
        case _:
            return None
