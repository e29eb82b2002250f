"""Transitions at a closed door: the caller is told who is back when, and what is urgent is asked of who is on call. The table is in `machine.py`."""

from __future__ import annotations

from dataclasses import replace

from ivr.handoff import commands, events
from ivr.handoff.step import Step


def shut(step: Step, event: events.QueueShut) -> None:
    """The queue has closed, before the caller came or while they waited."""
    if not call_out(step, event.seconds):
        step.closed(event.shut)


def call_out(step: Step, seconds: float) -> bool:
    """Nobody is there, and it can't wait: whoever is on call is asked instead, once; False where nobody is."""
    ask = step.request
    if not step.urgent or not ask.on_call:
        return False
    step.to(request=replace(ask, queue=ask.on_call, skill="", on_call=""))
    step.do(commands.EnterQueue(ask.on_call, "", ask.language, ask.priority, ask.reason))
    step.ask(seconds)
    return True
