"""The agents table: who may be dialled (transfer targets come from nowhere else), and what agents say of themselves."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr.config import AgentSettings
from ivr.records.agent_states import came_into
from ivr.records.holding import changed, finish_wrap_ups, tell
from ivr.records.tables import AgentCommandRow, AgentRow, WrapUpRow


def enrol(engine: Engine, agents: Iterable[AgentSettings]) -> None:
    """Write the configured agents into the table; a new one is available at once, a known one keeps the state it is in.

    Another host that starts at the same moment may have put somebody there after we looked: looked at again, they are known.
    """
    listed = list(agents)
    try:
        _enrol(engine, listed)
    except IntegrityError:
        _enrol(engine, listed)


def _enrol(engine: Engine, agents: Iterable[AgentSettings]) -> None:
    with Session(engine) as session, session.begin():
        known = {row.name: row for row in session.scalars(select(AgentRow))}
        for agent in agents:
            row = known.get(agent.name)
            if row is None:
                row = AgentRow(name=agent.name, state="available", since=time.time())
                session.add(row)
                session.flush()
                came_into(session, row.id, row.state, row.since)
            row.uri, row.queues, row.skills = agent.uri, list(agent.queues), list(agent.skills)
            row.languages = list(agent.languages)


def set_state(session: Session, agent_id: int, state: str, reason: str, now: float) -> bool:
    """The agent's own switch: available, away or offline; refused (False) while a call rings or is talked on."""
    values: dict[str, Any] = {"state": state, "since": now, "away_reason": reason[:64] if state == "away" else ""}
    values |= {"call_id": None, "rest_until": 0.0}
    mine = (AgentRow.id == agent_id, AgentRow.state.in_(("available", "away", "offline", "wrap_up")))
    if not changed(session, update(AgentRow).where(*mine).values(**values)):
        return False
    finish_wrap_ups(session, agent_id, "not_given", "", now)
    came_into(session, agent_id, state, now, values["away_reason"])
    name = session.scalar(select(AgentRow.name).where(AgentRow.id == agent_id))
    tell(session, now, "agent", None, agent=name, state=state, reason=reason[:64])
    return True


def set_queues(session: Session, agent_id: int, queues: Sequence[str], now: float) -> None:
    """The agent serves these from the next call on; one of config.yaml has its own again at the next start."""
    row = session.get(AgentRow, agent_id)
    if row is not None:
        row.queues = list(queues)
        tell(session, now, "agent", row.call_id, agent=row.name, state=row.state, queues=list(queues))


def draft_wrap_up(session: Session, agent_id: int, call_id: str, disposition: str, note: str) -> None:
    """Keep what the agent has filled in so far: it is there after a reload, and stands if the time runs out."""
    mine = (WrapUpRow.agent_id == agent_id, WrapUpRow.call_id == call_id, WrapUpRow.finished_at.is_(None))
    session.execute(update(WrapUpRow).where(*mine).values(disposition=disposition, note=note))


def finish_wrap_up(session: Session, agent_id: int, disposition: str, note: str, away: bool, now: float) -> bool:
    """The agent gave the disposition and is free again, or away; False when there was nothing to wrap up."""
    finish_wrap_ups(session, agent_id, disposition, note, now)
    state = "away" if away else "available"
    values: dict[str, Any] = {
        "state": state,
        "since": now,
        "call_id": None,
        "away_reason": "after_call" if away else "",
    }
    mine = (AgentRow.id == agent_id, AgentRow.state == "wrap_up")
    if not changed(session, update(AgentRow).where(*mine).values(**values)):
        return False
    came_into(session, agent_id, state, now, values["away_reason"])
    name = session.scalar(select(AgentRow.name).where(AgentRow.id == agent_id))
    tell(session, now, "agent", None, agent=name, state=state, disposition=disposition)
    return True


def command(session: Session, agent: AgentRow, name: str, arguments: dict[str, Any], now: float) -> bool:
    """Tell the worker that owns the agent's call what the agent did; False when the agent has no call."""
    if agent.call_id is None:
        return False
    row = AgentCommandRow(call_id=agent.call_id, agent_id=agent.id, command=name, arguments=arguments, created_at=now)
    session.add(row)
    return True
