"""What the handoff machine is told to begin with: who calls, about what, and what the caller's phone can."""

from __future__ import annotations

from ivr.commands import HandOff
from ivr.config import Settings
from ivr.handoff.case import briefing_of, matter_of
from ivr.handoff.events import HandoffRequested
from ivr.handoff.state import Terms
from ivr.handoff.way_out import chosen
from ivr.transfer.handed_call import HandedCall
from ivr.transfer.place import shut_of


def requested(call: HandedCall, command: HandOff, settings: Settings, announced: bool) -> HandoffRequested:
    """The wish for a human as it stands now; `announced`: the robot tells the caller itself."""
    subject = call.dialogue.about(matter_of(call.case, command.reason))
    return HandoffRequested(
        call.seconds,
        call.call_id,
        command.queue,
        command.reason,
        call.language,
        skill=command.skill,
        priority=command.priority,
        way_out=chosen(settings.handoff.way_out.get(command.queue, "bridge"), call.offered.headers),
        caller=call.offered.caller,
        trusted=bool(settings.sip.trusted),
        case_url=f"{settings.console.url}/calls/{call.call_id}",
        briefing=briefing_of(call.case, call.language, subject, call.offered.caller),
        announced=announced,
        shut=shut_of(call.services.hours.standing(command.queue)),
        on_call=settings.hours.on_call.get(command.queue, ""),
    )


def terms_of(settings: Settings) -> Terms:
    """How long each part may take in this house."""
    terms = settings.handoff
    return Terms(
        ring_seconds=terms.ring_seconds, accept_seconds=terms.accept_seconds, max_wait_seconds=terms.max_wait_seconds
    )
