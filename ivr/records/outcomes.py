"""How calls ended, counted: the self-service rate and what stands beside it. One place, for the command line and `/metrics`.

Served by the robot is a call that was settled, every matter of it done (`ivr/matters.py`), and in which no human talked to the
caller: who is sent back for the satisfaction question by an agent also ends as `settled` and is not among them. Calls are judged at
their end; those from before that was so are left out of the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, func, select, true
from sqlalchemy.orm import Session

from ivr.handoff.calling_back import CALLED
from ivr.records.tables import CallRow, HandoffRow


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Numbers of calls that have ended."""

    ended: int
    judged: int
    self_served: int
    with_human: int
    line_lost: int

    @property
    def self_service_rate(self) -> float | None:
        """The share of judged calls that the robot served alone; None without any."""
        return self.self_served / self.judged if self.judged else None


def human_talked(session: Session, call_id: str) -> bool:
    """Whether an agent was put through to the caller."""
    talked = select(HandoffRow.id).where(HandoffRow.call_id == call_id, HandoffRow.connected_at.is_not(None))
    return session.scalar(talked.limit(1)) is not None


def outcomes(session: Session, since: float = 0.0) -> Outcomes:
    """Of the callers' calls that began at or after a moment; those that we placed are not among them."""
    ended = (CallRow.ended_at.is_not(None), CallRow.started_at >= since, CallRow.called != CALLED)
    talked = select(HandoffRow.call_id).where(HandoffRow.connected_at.is_not(None))

    def count(*also: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(CallRow).where(*ended, *also)) or 0

    served = count(CallRow.self_served == true())
    return Outcomes(
        ended=count(),
        judged=served + count(CallRow.self_served == false()),
        self_served=served,
        with_human=count(CallRow.id.in_(talked)),
        line_lost=count(CallRow.disposition == "line_lost"),
    )
