"""One handoff from the caller's side: find an agent, whisper, put through; or end in a callback or a message.

How it works

    NEW → WAITING → RINGING → WHISPERING → DECIDING → TALKING ⇄ HELD → ENDED
             ↑ ↓        └───────────┴──────────┘ next agent      └→ WAITING (passed on, agent lost)
             │ OFFERING → BOOKING → CONCLUDING → ENDED     TRANSFERRING: a REFER is under way
             └────┘   └→ RECORDING ──┘

WAITING asks for an agent every `retry_seconds`; who comes first is the queue's affair (`queue.py`). An agent who declines, is
busy, does not answer, or whose voicemail answers (nobody presses a key) is given up and the next one is asked. When patience
(`max_wait_seconds`) is over or nobody serves the queue, the caller chooses: callback, message, or waiting on. A callback is
promised only after it was written down (BOOKING). CONCLUDING lets the last words out before `Finish`. Every ending but
`completed` and `returned` opens a ticket, and a caller who hangs up while waiting is called back.

A closed queue is not asked: who comes then, or still waits when it closes (told some minutes before), is told when it opens and
chooses at once. What is urgent (priority 0 and 1) is asked for all the same, of whoever is there, then of who is on call. Who leaves
a door that was closed when they came, without choosing, has been promised nothing: no callback, no ticket.

Whoever is reserved is released exactly once, and every state but ENDED has something the caller hears or a timer that ends
it. `TABLE` decides every state × event: a handler (in `searching.py`, `doors.py`, `talking.py`, `endings.py`), `ignore` (stale, or of no
matter here), or `illegal`: IllegalTransition, and the machine is unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from ivr.errors import IllegalTransition
from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import doors, endings, searching, talking
from ivr.handoff import events as on
from ivr.handoff.commands import HandoffCommand
from ivr.handoff.state import Handoff, State, Terms
from ivr.handoff.step import Step

Handler = Callable[[Step, Any], None]


def ignore(step: Step, event: on.HandoffEvent) -> None:
    """Of no matter in this state."""


def illegal(step: Step, event: on.HandoffEvent) -> None:
    """Can't come in this state unless we are wrong."""
    raise IllegalTransition(f"a handoff that is {step.now.state} can't take {type(event).__name__}")


EVENTS: tuple[type, ...] = get_args(on.HandoffEvent)
_LEG = (
    on.AgentLegRinging,
    on.AgentLegAnswered,
    on.AgentLegEnded,
    on.WhisperFinished,
    on.AgentKeyPressed,
    on.TransferProgressed,
)
_DESK = (on.AgentAccepted, on.AgentDeclined, on.AgentHeld, on.AgentResumed, on.SentBack, on.PassedOn)
_ANSWERS = (on.CallbackBooked, on.CallbackRefused, on.MessageRecorded)


def _all(handler: Handler, *events: type) -> dict[type, Handler]:
    return dict.fromkeys(events, handler)


_BEGUN: dict[type, Handler] = {on.HandoffRequested: illegal, on.AgentReserved: searching.surplus_agent}
_TRYING: dict[type, Handler] = _BEGUN | {
    on.AgentLegEnded: searching.leg_ended,
    on.AgentDeclined: searching.declined,
    on.CallerKeyed: searching.key,
    on.CallerSaid: searching.wish,
    CallerHungUp: searching.caller_left,
    on.MediaLost: searching.media_lost,
    on.StepFailed: searching.attempt_failed,
    TimerFired: searching.trying_timer,
    **_all(
        ignore, on.NoAgent, on.QueueShut, on.AgentLegRinging, on.AgentHeld, on.AgentResumed, on.SentBack, on.PassedOn
    ),
    **_all(ignore, on.TransferProgressed, on.SayFinished, *_ANSWERS),
}
_TOGETHER: dict[type, Handler] = _BEGUN | {
    on.AgentLegEnded: talking.agent_hung_up,
    on.MediaLost: talking.media_lost,
    on.SentBack: talking.sent_back,
    on.PassedOn: talking.passed_on,
    CallerHungUp: talking.caller_left,
    on.StepFailed: talking.failed,
    **_all(
        ignore,
        on.NoAgent,
        on.QueueShut,
        on.AgentLegRinging,
        on.AgentLegAnswered,
        on.WhisperFinished,
        on.AgentKeyPressed,
    ),
    **_all(ignore, on.TransferProgressed, on.AgentAccepted, on.AgentDeclined, on.CallerKeyed, on.CallerSaid),
    **_all(ignore, on.SayFinished, TimerFired, *_ANSWERS),
}
_ENDING: dict[type, Handler] = _BEGUN | {
    CallerHungUp: endings.caller_left,
    on.MediaLost: endings.media_lost,
    **_all(ignore, on.NoAgent, on.QueueShut, on.CallerKeyed, on.CallerSaid, on.SayFinished, *_ANSWERS, *_LEG, *_DESK),
}

TABLE: dict[State, dict[type, Handler]] = {
    State.NEW: _all(illegal, *EVENTS) | {on.HandoffRequested: searching.requested},
    State.WAITING: _BEGUN
    | {
        on.NoAgent: searching.no_agent,
        on.QueueShut: doors.shut,
        on.AgentReserved: searching.reserved,
        on.CallerKeyed: searching.key,
        on.CallerSaid: searching.wish,
        CallerHungUp: searching.caller_left,
        on.MediaLost: searching.media_lost,
        TimerFired: searching.waiting_timer,
        **_all(ignore, on.SayFinished, on.StepFailed, *_ANSWERS, *_LEG, *_DESK),
    },
    State.RINGING: _TRYING
    | {
        on.AgentLegAnswered: searching.answered,
        on.AgentAccepted: searching.accepted_early,
        **_all(ignore, on.WhisperFinished, on.AgentKeyPressed),
    },
    State.WHISPERING: _TRYING
    | {
        on.WhisperFinished: searching.whispered,
        on.AgentKeyPressed: searching.agent_key,
        on.AgentAccepted: searching.accepted,
        on.AgentLegAnswered: ignore,
    },
    State.DECIDING: _TRYING
    | {
        on.AgentKeyPressed: searching.agent_key,
        on.AgentAccepted: searching.accepted,
        **_all(ignore, on.AgentLegAnswered, on.WhisperFinished),
    },
    State.TRANSFERRING: _BEGUN
    | {
        on.TransferProgressed: searching.transfer_progressed,
        on.AgentLegEnded: searching.transfer_leg_ended,
        CallerHungUp: searching.transfer_caller_left,
        TimerFired: searching.transfer_timer,
        on.StepFailed: searching.transfer_failed,
        # Media goes direct: that we hear none any more is what was wanted.
        on.MediaLost: ignore,
        **_all(
            ignore,
            on.NoAgent,
            on.QueueShut,
            on.AgentLegRinging,
            on.AgentLegAnswered,
            on.WhisperFinished,
            on.AgentKeyPressed,
        ),
        **_all(ignore, on.CallerKeyed, on.CallerSaid, on.SayFinished, *_DESK, *_ANSWERS),
    },
    State.TALKING: _TOGETHER | {on.AgentHeld: talking.held, on.AgentResumed: ignore},
    State.HELD: _TOGETHER | {on.AgentResumed: talking.resumed, on.AgentHeld: ignore},
    State.OFFERING: _BEGUN
    | {
        on.SayFinished: endings.offered,
        on.CallerKeyed: endings.choice_key,
        on.CallerSaid: endings.choice,
        CallerHungUp: searching.caller_left,
        on.MediaLost: searching.media_lost,
        TimerFired: endings.choice_timer,
        on.StepFailed: endings.offer_failed,
        **_all(ignore, on.NoAgent, on.QueueShut, *_LEG, *_DESK, *_ANSWERS),
    },
    State.BOOKING: _ENDING
    | {
        on.CallbackBooked: endings.booked,
        on.CallbackRefused: endings.not_booked,
        TimerFired: endings.booking_timer,
        on.StepFailed: endings.booking_failed,
    },
    State.RECORDING: _ENDING
    | {
        on.MessageRecorded: endings.recorded,
        TimerFired: endings.recording_timer,
        on.StepFailed: endings.recording_failed,
    },
    State.CONCLUDING: _ENDING
    | {
        on.SayFinished: endings.concluded,
        TimerFired: endings.conclude_timer,
        on.StepFailed: endings.conclude_failed,
    },
    State.ENDED: _all(ignore, *EVENTS) | _BEGUN,
}


class HandoffMachine:
    """One handoff; `receive` is total over the events and leaves the machine unchanged when it raises."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.terms = terms or Terms()
        self.handoff = Handoff()

    @property
    def state(self) -> State:
        """Where the handoff stands."""
        return self.handoff.state

    def receive(self, event: on.HandoffEvent) -> tuple[HandoffCommand, ...]:
        """What to do now; raises IllegalTransition for an event that can't come in this state."""
        handoff = self.handoff
        if isinstance(event, TimerFired):
            handoff = replace(handoff, timers=handoff.timers - {event.name})
        step = Step(handoff, self.terms)
        TABLE[handoff.state][type(event)](step, event)
        self.handoff = step.now
        return tuple(step.commands)
