"""Transitions while a human is looked for: waiting, ringing, whispering, deciding, transferring. The table is in `machine.py`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import briefing, commands, events
from ivr.handoff.doors import call_out
from ivr.handoff.headers import case_headers
from ivr.handoff.state import State
from ivr.handoff.step import (
    ACCEPT,
    PATIENCE,
    PROGRESS,
    RETRY,
    RING,
    TRANSFER,
    WHISPER,
    Step,
)  # fmt: skip

WISH_OF_KEY: dict[str, events.Wish] = {
    "1": "callback", "2": "voicemail", "3": "wait", "*": "back", "9": "goodbye", "0": "agent",
}  # fmt: skip
# What goes wrong with words or music costs no agent.
_COSMETIC = ("Say", "PlayMusic", "StopMusic", "EnterQueue", "OpenTicket")


def requested(step: Step, event: events.HandoffRequested) -> None:
    """The search begins."""
    step.to(request=event)
    if event.shut and not step.urgent:
        _take_place(step, event.seconds, out_of_hours=True)
        return step.closed(event.shut)
    if not event.announced:
        step.say("handoff.connecting", reason=event.reason)
    step.do(commands.PlayMusic("music"))
    enter_queue(step, event.seconds)


def enter_queue(step: Step, seconds: float) -> None:
    """Write the call into its queue and wait."""
    _take_place(step, seconds)
    step.wait(seconds)


def _take_place(step: Step, seconds: float, out_of_hours: bool = False) -> None:
    ask = step.request
    step.to(since=seconds)
    step.do(commands.EnterQueue(ask.queue, ask.skill, ask.language, ask.priority, ask.reason, out_of_hours))


def no_agent(step: Step, event: events.NoAgent) -> None:
    """Nobody yet: tell the caller where they stand, or that it will close, once, and ask again shortly."""
    step.to(position=event.position, expected_wait_seconds=event.expected_wait_seconds)
    if not event.staffed and not call_out(step, event.seconds):
        return step.offer("handoff.unstaffed")
    if not event.staffed:
        return
    if event.closes_at and not step.now.closing_told:
        step.to(closing_told=True, announced=True)
        step.say("handoff.closing", closes=event.closes_at)
    elif not step.now.announced:
        _progress(step)
    step.start(RETRY, step.terms.retry_seconds)


def _progress(step: Step) -> None:
    step.to(announced=True)
    position, wait = max(1, step.now.position), step.now.expected_wait_seconds
    if wait is None:
        return step.say("handoff.position", position=position)
    step.say("handoff.progress", position=position, wait=timedelta(minutes=max(1, round(wait / 60))))


def reserved(step: Step, event: events.AgentReserved) -> None:
    """An agent is ours: ring, or transfer blind where the queue's way out says so."""
    step.stop(RETRY)
    step.to(agent=event, attempt=step.now.attempt + 1, accepted=False, agent_gone=False, replaced=False)
    ask = step.request
    headers = case_headers(ask.call_id, ask.case_url, ask.caller, ask.trusted)
    if ask.way_out == "blind":
        step.to(State.TRANSFERRING, agent_gone=True)
        step.say("handoff.putting_through")
        step.do(commands.TransferBlind(event.agent, event.uri, headers))
        return step.start(TRANSFER, step.terms.transfer_seconds)
    step.to(State.RINGING)
    step.do(commands.PlayMusic("ringing"), commands.RingAgent(step.now.attempt, event.agent, event.uri, headers))
    step.start(RING, step.terms.ring_seconds)


def surplus_agent(step: Step, event: events.AgentReserved) -> None:
    """Came too late or twice: somebody else shall have this agent, unless it is the one being talked to."""
    if not step.ours(event.agent):
        step.do(commands.ReleaseAgent(event.agent, "available", "not_needed"))


def waiting_timer(step: Step, event: TimerFired) -> None:
    """Ask again, tell how long, or end the wait."""
    if event.name == RETRY:
        step.ask(event.seconds)
    elif event.name == PROGRESS:
        _progress(step)
        step.start(PROGRESS, step.terms.progress_seconds)
    elif event.name == PATIENCE:
        step.offer("handoff.offer")


def key(step: Step, event: events.CallerKeyed) -> None:
    """A key is a wish."""
    wish(step, events.CallerSaid(event.seconds, WISH_OF_KEY.get(event.key, "other")))


def wish(step: Step, event: events.CallerSaid) -> None:
    """At any time before the human is there: leave for a callback or a message, go back, or hear how long."""
    match event.wish:
        case "callback":
            step.drop_agent("available", "caller_left")
            step.book("asked_for")
        case "voicemail":
            step.drop_agent("available", "caller_left")
            step.take_message("handoff.leave_message")
        case "back":
            step.drop_agent("available", "caller_left")
            step.do(commands.StopMusic())
            step.finish("returned")
        case "goodbye":
            step.drop_agent("available", "caller_left")
            step.conclude("abandoned", "handoff.goodbye")
        case "agent" | "repeat" | "help" if step.now.state is State.WAITING:
            _progress(step)
        case _:
            pass


def answered(step: Step, event: events.AgentLegAnswered) -> None:
    """Somebody picked up: whisper."""
    if event.attempt != step.now.attempt:
        return
    step.stop(RING)
    step.to(State.WHISPERING)
    case = replace(step.request.briefing, waited_seconds=event.seconds - step.now.since)
    step.do(commands.Whisper(step.now.attempt, briefing.whisper(case), case.language))
    step.start(WHISPER, step.terms.whisper_seconds)


def leg_ended(step: Step, event: events.AgentLegEnded) -> None:
    """Busy and declined leave the agent available after a rest; a phone that nobody answers makes its agent away."""
    if event.attempt != step.now.attempt:
        return
    step.to(agent_gone=True)
    match event.status:
        case 486 | 600:
            step.next_agent(event, "available", "busy", step.terms.rest_seconds)
        case 603:
            step.next_agent(event, "available", "declined", step.terms.rest_seconds)
        case 200:
            step.next_agent(event, "available", "hung_up", step.terms.rest_seconds)
        case _:
            step.next_agent(event, "away", "no_answer")


def trying_timer(step: Step, event: TimerFired) -> None:
    """Time is up for ringing, whispering or deciding; patience lets the attempt finish."""
    if event.name == RING:
        step.next_agent(event, "away", "no_answer")
    elif event.name == ACCEPT:
        step.next_agent(event, "away", "no_key")
    elif event.name == WHISPER:
        whispered(step, events.WhisperFinished(event.seconds, step.now.attempt))
    elif event.name == PROGRESS:
        step.start(PROGRESS, step.terms.progress_seconds)
    elif event.name == PATIENCE:
        step.to(deadline=min(step.now.deadline, event.seconds))


def whispered(step: Step, event: events.WhisperFinished) -> None:
    """The agent knows; who accepted on the desk before is put through, anybody else has to press a key."""
    if event.attempt != step.now.attempt:
        return
    if step.now.accepted:
        return _put_through(step)
    step.stop(WHISPER)
    step.to(State.DECIDING)
    step.start(ACCEPT, step.terms.accept_seconds)


def agent_key(step: Step, event: events.AgentKeyPressed) -> None:
    """1 accepts, 2 declines, and neither has to wait for the whisper's end."""
    if event.attempt != step.now.attempt:
        return
    if event.key == "1":
        _put_through(step)
    elif event.key == "2":
        step.next_agent(event, "available", "declined", step.terms.rest_seconds)


def accepted_early(step: Step, event: events.AgentAccepted) -> None:
    """Accepted on the desk while the phone still rings: the whisper will be the last thing before the caller."""
    if step.ours(event.agent):
        step.to(accepted=True)


def accepted(step: Step, event: events.AgentAccepted) -> None:
    """Accepted on the desk with the phone in hand."""
    if step.ours(event.agent):
        _put_through(step)


def declined(step: Step, event: events.AgentDeclined) -> None:
    """Declined on the desk."""
    if step.ours(event.agent):
        step.next_agent(event, "available", "declined", step.terms.rest_seconds)


def _put_through(step: Step) -> None:
    step.stop(RETRY, PATIENCE, PROGRESS, WHISPER, ACCEPT)
    step.do(commands.StopWhisper(step.now.attempt))
    if step.request.way_out == "refer":
        step.to(State.TRANSFERRING)
        step.do(commands.TransferAttended(step.now.attempt))
        return step.start(TRANSFER, step.terms.transfer_seconds)
    _join(step)


def _join(step: Step) -> None:
    step.to(State.TALKING)
    step.do(commands.StopMusic(), commands.Join(step.now.attempt), commands.NoteConnected(step.now.attempt))


def media_lost(step: Step, event: events.MediaLost) -> None:
    """A caller without RTP is gone; an agent without RTP is not reached."""
    if event.party == "caller":
        caller_left(step, CallerHungUp(event.seconds))
    elif step.now.agent:
        step.next_agent(event, "away", "no_media")


def attempt_failed(step: Step, event: events.StepFailed) -> None:
    """Ringing or whispering failed on our side: the next agent, after a rest for this one."""
    if event.what not in _COSMETIC:
        step.next_agent(event, "available", "failed", step.terms.rest_seconds)


def caller_left(step: Step, event: CallerHungUp) -> None:
    """Nobody is lost: who hangs up before a human came is called back; not who was offered that at a closed door and left."""
    step.drop_agent("available", "caller_left")
    if not step.turned_away:
        step.do(commands.BookCallback("abandoned"))
    step.finish("abandoned")


def transfer_progressed(step: Step, event: events.TransferProgressed) -> None:
    """A final status decides; 1xx only says that the other phone rings."""
    if 200 <= event.status < 300:
        _transferred(step)
    elif event.status >= 300:
        transfer_failed(step, event)


def _transferred(step: Step) -> None:
    step.do(commands.NoteConnected(step.now.attempt))
    step.release("wrap_up", "transferred")
    step.finish("completed", transferred=True)


def transfer_failed(step: Step, event: events.TransferProgressed | events.StepFailed | TimerFired) -> None:
    """The phones can't do it: with the agent on the line we stay between the two; without, the next agent."""
    if isinstance(event, events.StepFailed) and event.what in _COSMETIC:
        return
    if step.now.agent_gone:
        return step.next_agent(event, "available", "transfer_failed", step.terms.rest_seconds)
    step.stop(TRANSFER)
    _join(step)


def transfer_timer(step: Step, event: TimerFired) -> None:
    """No final NOTIFY came; what else runs out while a blind transfer is tried counts should the caller wait on."""
    if event.name == TRANSFER:
        transfer_failed(step, event)
    elif event.name == PROGRESS:
        step.start(PROGRESS, step.terms.progress_seconds)
    elif event.name == PATIENCE:
        step.to(deadline=min(step.now.deadline, event.seconds))


def transfer_leg_ended(step: Step, event: events.AgentLegEnded) -> None:
    """With Replaces the agent's phone drops our leg for the new one: NOTIFY will say whether that worked."""
    if event.attempt == step.now.attempt:
        step.to(agent_gone=True, replaced=event.status == 200)


def transfer_caller_left(step: Step, event: CallerHungUp) -> None:
    """Who hangs up before NOTIFY said 200 is with the agent only if the agent's phone let go of us for the caller's."""
    if step.now.replaced:
        _transferred(step)
    else:
        caller_left(step, event)
