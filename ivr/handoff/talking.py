"""Transitions while caller and agent are joined, or the caller is on hold. The table is in `machine.py`."""

from __future__ import annotations

from dataclasses import replace

from ivr.events import CallerHungUp
from ivr.handoff import commands, events
from ivr.handoff.searching import enter_queue
from ivr.handoff.state import State
from ivr.handoff.step import PATIENCE, PROGRESS, Step


def _part(step: Step) -> None:
    """Take the two apart, or the music away; whichever the caller hears."""
    if step.now.state is State.TALKING:
        step.do(commands.Separate(step.now.attempt))
    else:
        step.do(commands.StopMusic())


def agent_hung_up(step: Step, event: events.AgentLegEnded) -> None:
    """A BYE ends the talk, and the robot has the caller again; anything else is a broken line."""
    if event.attempt != step.now.attempt:
        return
    step.to(agent_gone=True)
    if event.status != 200:
        return _agent_lost(step, event)
    _part(step)
    step.release("wrap_up", "talked")
    step.finish("completed")


def _agent_lost(step: Step, event: events.HandoffEvent) -> None:
    """The line to the agent broke: apologise and find another, with new patience."""
    _part(step)
    step.say("handoff.agent_lost")
    step.to(since=event.seconds, deadline=event.seconds + step.terms.max_wait_seconds, announced=False)
    step.start(PATIENCE, step.terms.max_wait_seconds)
    step.start(PROGRESS, step.terms.progress_seconds)
    step.next_agent(event, "away", "no_media")


def media_lost(step: Step, event: events.MediaLost) -> None:
    """A caller without RTP is gone; an agent without RTP is replaced."""
    if event.party == "agent":
        return _agent_lost(step, event)
    caller_left(step, CallerHungUp(event.seconds))


def caller_left(step: Step, event: CallerHungUp) -> None:
    """The caller hung up on the agent: the talk is over."""
    _part(step)
    step.drop_agent("wrap_up", "talked")
    step.finish("completed")


def held(step: Step, event: events.AgentHeld) -> None:
    """The caller is told, and hears music rather than nothing."""
    if step.ours(event.agent):
        _part(step)
        step.to(State.HELD)
        step.say("handoff.on_hold")
        step.do(commands.PlayMusic("music"), commands.NoteHeld(True))


def resumed(step: Step, event: events.AgentResumed) -> None:
    """Together again."""
    if step.ours(event.agent):
        step.to(State.TALKING)
        step.do(commands.StopMusic(), commands.Join(step.now.attempt), commands.NoteHeld(False))


def sent_back(step: Step, event: events.SentBack) -> None:
    """Back to the robot at a step the desk offered."""
    if step.ours(event.agent):
        _part(step)
        step.drop_agent("wrap_up", "sent_back")
        step.finish("returned", event.step)


def passed_on(step: Step, event: events.PassedOn) -> None:
    """To another queue, one rank higher: this caller has waited and talked already."""
    if not step.ours(event.agent):
        return
    ask = step.request
    _part(step)
    step.to(asked=(*step.now.asked, (event.agent, event.seconds)))
    step.drop_agent("wrap_up", "passed_on")
    step.say("handoff.passed_on")
    step.do(commands.PlayMusic("music"))
    told = replace(ask.briefing, note=event.note)
    rank = max(0, ask.priority - 1)
    asked = replace(ask, queue=event.queue, skill=event.skill, priority=rank, briefing=told, shut=None, on_call="")
    step.to(request=asked, shut=None, closing_told=False)
    enter_queue(step, event.seconds)


def failed(step: Step, event: events.StepFailed) -> None:
    """Joining failed: a line on which nobody hears anybody must not stay."""
    if event.what == "Join":
        _agent_lost(step, event)
