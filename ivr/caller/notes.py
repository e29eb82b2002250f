"""What one party did and heard in a call, and the report that is made of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from ivr.caller import measures
from ivr.caller.activity import Span
from ivr.caller.leg import Leg
from ivr.caller.report import Check, PartyResult, Turn


@dataclass(frozen=True, slots=True)
class Deed:
    """Something this party did, in seconds of the monotonic clock; `over`: the far end was speaking."""

    kind: str
    text: str
    start: float
    end: float
    over: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the far end said."""

    span: Span
    text: str


@dataclass(slots=True)
class Notes:
    """All that a party did, heard and checked, and the stretches in which it kept the far end on hold."""

    deeds: list[Deed] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    quiet: list[tuple[float, float]] = field(default_factory=list)


def party_result(who: str, leg: Leg | None, notes: Notes, began: float) -> PartyResult:
    """A party's side of the call; times count from `began`."""
    checks = tuple(notes.checks)
    if leg is None:
        return PartyResult(who, "", 0, "was not called", "", None, None, 0.0, False, (), checks, None)
    moments, stream = leg.moments, leg.stream
    answered, ended = moments.answered, moments.ended or time.monotonic()
    return PartyResult(
        who=who,
        call_id=leg.call_id,
        status=leg.status,
        reason=leg.reason,
        codec=stream.codec.name if stream.codec else "",
        ringing_ms=None if moments.rang is None else 1000 * (moments.rang - moments.began),
        setup_ms=None if answered is None else 1000 * (answered - moments.began),
        talked_seconds=0.0 if answered is None else ended - answered,
        ended_by_far_end=leg.ended_by_far_end,
        turns=_turns(notes, stream.heard.all, began),
        checks=checks,
        media=measures.media(stream.arrivals, stream.counters, notes.quiet) if answered else None,
    )


def _turns(notes: Notes, spans: Sequence[Span], began: float) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for deed, following in zip_longest(notes.deeds, notes.deeds[1:]):
        gap = measures.reply_gap(deed.end, spans, following.start if following else float("inf"))
        stop = measures.barge_in_stop(deed.start, spans) if deed.over else None
        turns.append(Turn(deed.kind, deed.text, deed.start - began, deed.end - began, _ms(gap), _ms(stop)))
    for remark in notes.remarks:
        turns.append(Turn("hear", remark.text, remark.span.start - began, remark.span.end - began))
    return tuple(sorted(turns, key=lambda turn: turn.start_seconds))


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds
