"""When each agent came into which state: one line per change, written in the transaction that makes it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ivr.records.tables import AgentStateRow

# Between the last sign of a worker that died and the moment when that was noticed: the agent neither talked nor waited.
UNKNOWN = "unknown"


def came_into(session: Session, agent_id: int, state: str, at: float, reason: str = "") -> None:
    """From this moment on the agent is in this state."""
    session.add(AgentStateRow(agent_id=agent_id, at=at, state=state, reason=reason[:64]))
