"""Where callers get stuck: what came of each step of the dialogue in a time.

From the feed, which is kept for `retention.events_days`, are what was heard at a step and what was not, and the step from which
callers went to a human; from the transcripts, the step at which they hung up. "" is before the first answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ivr.records import lost_calls
from ivr.records.tables import CallRow, EventRow, HandoffRow, LineRow
from ivr.records.traffic import HUNG_UP

Began = tuple[ColumnElement[bool], ...]

ANSWERS = ("understood", "no_match", "no_input")
HANDOFF_STEP = "handoff"


@dataclass(slots=True)
class Step:
    """A step of the dialogue: how often callers answered and were understood, were not, or were silent, and where they went."""

    name: str
    understood: int = 0
    not_understood: int = 0
    silent: int = 0
    to_human: int = 0
    hung_up: int = 0

    @property
    def trouble(self) -> int:
        """How much there is to look into."""
        return self.not_understood + self.silent + self.to_human + self.hung_up

    @property
    def understood_rate(self) -> float | None:
        """The share of answers that were understood; silence is no answer."""
        answers = self.understood + self.not_understood
        return self.understood / answers if answers else None


def steps(session: Session, since: float, before: float) -> list[Step]:
    """The steps of the calls that began in this time and have ended, the most troublesome first."""
    began = (CallRow.started_at >= since, CallRow.started_at < before, CallRow.ended_at.is_not(None))
    found: dict[str, Step] = {}

    def at(name: str | None) -> Step:
        return found.setdefault(name or "", Step(name or ""))

    for name, kind, number in _answers(session, began):
        step = at(name)
        step.understood += number if kind == "understood" else 0
        step.not_understood += number if kind == "no_match" else 0
        step.silent += number if kind == "no_input" else 0
    for name in _left_for_a_human(session, began):
        at(name).to_human += 1
    for name in _last_steps(session, began).values():
        at(name).hung_up += 1
    return sorted(found.values(), key=lambda step: (-step.trouble, step.name))


def _answers(session: Session, began: Began) -> list[tuple[str, str, int]]:
    """How often what came of a step."""
    step = EventRow.data["step"].as_string()
    told = select(step, EventRow.kind, func.count()).join(CallRow, CallRow.id == EventRow.call_id)
    told = told.where(*began, EventRow.kind.in_(ANSWERS)).group_by(step, EventRow.kind)
    return list(session.execute(told).tuples())


def _left_for_a_human(session: Session, began: Began) -> Iterator[str]:
    """The step last answered before each wait for a human."""
    asked = (*began, HandoffRow.outcome != lost_calls.DISPOSITION)
    waits = select(HandoffRow.call_id, HandoffRow.enqueued_at).join(CallRow, CallRow.id == HandoffRow.call_id)
    calls = select(HandoffRow.call_id).join(CallRow, CallRow.id == HandoffRow.call_id).where(*asked)
    step = EventRow.data["step"].as_string()
    told = select(EventRow.call_id, EventRow.at, step).where(EventRow.call_id.in_(calls), EventRow.kind.in_(ANSWERS))
    heard: dict[str | None, list[tuple[float, str]]] = defaultdict(list)
    for call_id, at, name in session.execute(told.order_by(EventRow.id)).tuples():
        heard[call_id].append((at, name))
    for call_id, asked_at in session.execute(waits.where(*asked)).tuples():
        yield next((name for at, name in reversed(heard[call_id]) if at <= asked_at), "")


def _last_steps(session: Session, began: Began) -> dict[str, str]:
    """Where the robot was when callers hung up on it."""
    hung_up = (*began, CallRow.disposition == HUNG_UP)
    last = dict.fromkeys(session.scalars(select(CallRow.id).where(*hung_up)), "")
    step = LineRow.details["step"].as_string()
    said = select(LineRow.call_id, step).join(CallRow, CallRow.id == LineRow.call_id)
    said = said.where(*hung_up, LineRow.speaker == "robot").order_by(LineRow.call_id, LineRow.position)
    for call_id, name in session.execute(said).tuples():
        last[call_id] = last[call_id] if name == HANDOFF_STEP else name or ""
    return last
