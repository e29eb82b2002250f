"""What must hold at every moment of a storm, and what must be so when it is over; read from the database alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records import lost_calls
from ivr.records.holding import BUSY, HOLDING, LIVE, SETTLED
from ivr.records.processes import lives_here
from ivr.records.tables import AgentRow, CallRow, HandoffRow, WrapUpRow
from order_lookup.tables import Callback, Ticket

# Workers renew every two seconds; what was not renewed for longer belongs to a dead one.
STALE_SECONDS = 4.0
PROMISED = ("abandoned", "callback", "lost")


def broken(session: Session) -> Iterator[str]:
    """What is wrong at this moment, whatever was killed."""
    held = Counter(session.scalars(select(HandoffRow.agent_id).where(HandoffRow.state.in_(HOLDING))))
    yield from (f"agent {agent} is on {calls} calls" for agent, calls in held.items() if agent and calls > 1)
    calls = Counter(session.scalars(select(AgentRow.call_id).where(AgentRow.state.in_(BUSY))))
    yield from (f"call {call} has {agents} agents" for call, agents in calls.items() if call is None or agents > 1)


def orphans(session: Session, now: float) -> int:
    """Places in the queue and agents that a dead worker still holds."""
    stale = (HandoffRow.state.in_(LIVE), HandoffRow.heartbeat_at < now - STALE_SECONDS)
    places = [row for row in session.scalars(select(HandoffRow).where(*stale)) if not lives_here(row.worker)]
    held = select(HandoffRow.agent_id).where(HandoffRow.state.in_(HOLDING), HandoffRow.agent_id.is_not(None))
    agents = session.scalars(select(AgentRow.id).where(AgentRow.state.in_(BUSY), AgentRow.id.not_in(held))).all()
    return len(places) + len(agents)


def quiet(session: Session) -> bool:
    """Whether everything has come to its end."""
    live = select(HandoffRow.id).where(HandoffRow.state != "ended")
    due = select(HandoffRow.id).where(HandoffRow.follow_up.in_(("due", "served")))
    busy = select(AgentRow.id).where(AgentRow.state != "available")
    open_calls = select(CallRow.id).where(CallRow.ended_at.is_(None))
    return all(session.scalar(each.limit(1)) is None for each in (live, due, busy, open_calls))


def unsettled(session: Session) -> Iterator[str]:
    """Afterwards: who was lost, which call has no disposition, who still holds something."""
    promised = {key.partition(":")[0] for key in session.scalars(select(Callback.key).where(Callback.phone != ""))}
    ticketed = {key.partition(":")[0] for key in session.scalars(select(Ticket.key))}
    for row in session.scalars(select(HandoffRow)):
        if row.state != "ended":
            yield f"call {row.call_id} is still {row.state}"
        elif row.outcome == lost_calls.DISPOSITION and row.call_id not in promised:
            yield f"call {row.call_id} died with its worker without a callback"
        elif row.outcome not in (*SETTLED, lost_calls.DISPOSITION) and row.call_id not in ticketed:
            yield f"call {row.call_id} ended as {row.outcome} without a ticket"
        elif row.outcome in PROMISED and row.call_id not in promised:
            yield f"call {row.call_id} ended as {row.outcome} without a callback"
    for call in session.scalars(select(CallRow)):
        if call.ended_at is None or not call.disposition:
            yield f"call {call.id} has no disposition"
    for agent in session.scalars(select(AgentRow).where(AgentRow.state != "available")):
        yield f"{agent.name} is still {agent.state}"
    for wrap_up in session.scalars(select(WrapUpRow).where(WrapUpRow.disposition == "")):
        yield f"the wrap-up of call {wrap_up.call_id} has no disposition"


def counted(session: Session) -> dict[str, dict[str, int]]:
    """How handoffs and calls ended."""
    return {
        "handoffs": dict(Counter(session.scalars(select(HandoffRow.outcome)))),
        "calls": dict(Counter(session.scalars(select(CallRow.disposition)))),
    }
