"""Transitions without a human: the caller's choice, a callback, a message, the last words. The table is in `machine.py`."""

from __future__ import annotations

from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import commands, events
from ivr.handoff.commands import Outcome
from ivr.handoff.searching import WISH_OF_KEY
from ivr.handoff.state import State
from ivr.handoff.step import BOOK, CHOICE, CONCLUDE, RECORD, Step

OFFERS = 2


def offered(step: Step, event: events.SayFinished) -> None:
    """The question is out: now the caller has `choice_seconds`."""
    if event.number >= step.now.said:
        step.start(CHOICE, step.terms.choice_seconds)


def choice_key(step: Step, event: events.CallerKeyed) -> None:
    """A key is a wish."""
    choice(step, events.CallerSaid(event.seconds, WISH_OF_KEY.get(event.key, "other")))


def choice(step: Step, event: events.CallerSaid) -> None:
    """What the caller would rather."""
    match event.wish:
        case "callback":
            step.book("asked_for")
        case "voicemail":
            step.take_message("handoff.leave_message")
        case "wait" | "agent" if step.now.shut:
            _offer_again(step)
        case "wait" | "agent":
            step.stop()
            step.to(offers=0)
            step.say("handoff.waiting_on")
            step.do(commands.PlayMusic("music"))
            step.wait(event.seconds)
        case "back":
            step.finish("returned")
        case "goodbye":
            step.conclude("abandoned", "handoff.goodbye_closed" if step.turned_away else "handoff.goodbye")
        case "repeat" | "help" | "other":
            _offer_again(step)


def choice_timer(step: Step, event: TimerFired) -> None:
    """No choice came."""
    if event.name == CHOICE:
        _offer_again(step)


def _offer_again(step: Step) -> None:
    """Once more in other words; who still does not choose is called back."""
    if step.now.offers >= OFFERS:
        return step.book("no_choice")
    step.offer("handoff.closed_again" if step.now.shut else "handoff.offer_again")


def offer_failed(step: Step, event: events.StepFailed) -> None:
    """The question can't be asked: the safest answer is a callback."""
    if event.what == "Say":
        step.book("no_choice")


def booked(step: Step, event: events.CallbackBooked) -> None:
    """Written down, so it may be promised."""
    step.conclude("callback", "handoff.callback_booked", due=event.due)


def not_booked(step: Step, event: events.CallbackRefused) -> None:
    """Without a number to call, or without a database: a message, in which a number can be left."""
    withheld = event.reason == "no_number"
    step.take_message("handoff.no_number_message" if withheld else "handoff.callback_failed_message")


def booking_timer(step: Step, event: TimerFired) -> None:
    """The database is too slow to promise anything."""
    if event.name == BOOK:
        step.take_message("handoff.callback_failed_message")


def booking_failed(step: Step, event: events.StepFailed) -> None:
    """The callback could not be written down."""
    if event.what == "BookCallback":
        step.take_message("handoff.callback_failed_message")


def recorded(step: Step, event: events.MessageRecorded) -> None:
    """Kept, or nothing was said; either way the ticket has the case."""
    step.conclude("voicemail", "handoff.message_kept" if event.duration_seconds >= 1 else "handoff.message_empty")


def recording_timer(step: Step, event: TimerFired) -> None:
    """The recording never ended."""
    if event.name == RECORD:
        step.conclude("voicemail", "handoff.message_kept")


def recording_failed(step: Step, event: events.StepFailed) -> None:
    """No message could be taken; the ticket says so."""
    if event.what == "RecordVoicemail":
        step.conclude("failed", "handoff.failed")


def concluded(step: Step, event: events.SayFinished) -> None:
    """The last words are out."""
    if event.number >= step.now.said:
        step.finish(step.now.outcome)


def conclude_timer(step: Step, event: TimerFired) -> None:
    """The last words never ended."""
    if event.name == CONCLUDE:
        step.finish(step.now.outcome)


def conclude_failed(step: Step, event: events.StepFailed) -> None:
    """The last words can't be said; or nobody learns of a message, for its ticket can't be written: then the caller is called back."""
    if event.what == "OpenTicket" and step.now.outcome == "voicemail":
        step.to(outcome="failed")
    if event.what == "Say":
        step.finish(step.now.outcome)


def caller_left(step: Step, event: CallerHungUp) -> None:
    """What was under way counts: the callback is being written, the message so far is kept."""
    outcomes: dict[State, Outcome] = {State.BOOKING: "callback", State.RECORDING: "voicemail"}
    step.finish(outcomes.get(step.now.state, step.now.outcome))


def media_lost(step: Step, event: events.MediaLost) -> None:
    """A caller without RTP is gone."""
    if event.party == "caller":
        caller_left(step, CallerHungUp(event.seconds))
