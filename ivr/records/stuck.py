"""Where callers get stuck: what came of each step of the dialogue in a time.

From the feed, which is kept for `retention.events_days`, are what was heard at a step and what was not, and the step from which
callers went to a human; from the transcripts, the step at which they hung up. "" is before the first answer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records import lost_calls
from ivr.records.tables import CallRow, EventRow, HandoffRow, LineRow

ANSWERS = ("understood", "no_match", "no_input")
HANDOFF_STEP = "handoff"
HUNG_UP = "caller_hung_up"


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
    ids = select(CallRow.id).where(
        CallRow.started_at >= since, CallRow.started_at < before, CallRow.ended_at.is_not(None)
    )
    found: dict[str, Step] = {}

    def at(name: str) -> Step:
        return found.setdefault(name, Step(name))

    heard: dict[str, list[tuple[float, str]]] = defaultdict(list)
    told = select(EventRow).where(EventRow.kind.in_(ANSWERS), EventRow.call_id.in_(ids)).order_by(EventRow.id)
    for event in session.scalars(told):
        name = str(event.data.get("step") or "")
        heard[event.call_id or ""].append((event.at, name))
        at(name).understood += event.kind == "understood"
        at(name).not_understood += event.kind == "no_match"
        at(name).silent += event.kind == "no_input"
    asked = select(HandoffRow).where(HandoffRow.call_id.in_(ids), HandoffRow.outcome != lost_calls.DISPOSITION)
    for handoff in session.scalars(asked):
        before_it = [name for moment, name in heard[handoff.call_id] if moment <= handoff.enqueued_at]
        at(before_it[-1] if before_it else "").to_human += 1
    for name in _last_steps(session, since, before).values():
        at(name).hung_up += 1
    return sorted(found.values(), key=lambda step: (-step.trouble, step.name))


def _last_steps(session: Session, since: float, before: float) -> dict[str, str]:
    """Where the robot was when callers hung up on it."""
    hung_up = (CallRow.started_at >= since, CallRow.started_at < before, CallRow.disposition == HUNG_UP)
    last = dict.fromkeys(session.scalars(select(CallRow.id).where(*hung_up)), "")
    said = select(LineRow.call_id, LineRow.details).join(CallRow, CallRow.id == LineRow.call_id)
    said = said.where(*hung_up, LineRow.speaker == "robot").order_by(LineRow.call_id, LineRow.position)
    for call_id, details in session.execute(said).tuples():
        step = str((details or {}).get("step") or "")
        last[call_id] = last[call_id] if step == HANDOFF_STEP else step
    return last
