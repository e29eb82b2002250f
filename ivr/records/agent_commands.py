"""What agents did in the browser, handed to the worker that owns the call, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from ivr.ports import AgentCommand
from ivr.records.tables import AgentCommandRow, AgentRow

log = structlog.get_logger()
STALE_SECONDS = 30.0


def take_commands(engine: Engine, call_ids: Sequence[str], now: float) -> list[AgentCommand]:
    """Take what waits for these calls, oldest first; what waited too long is taken and dropped, for the moment has passed.

    `now` is by the clock that all hosts share (`database_clock`), as the desk's is that wrote them.
    """
    taken: list[AgentCommand] = []
    with Session(engine) as session, session.begin():
        waiting = select(AgentCommandRow, AgentRow.name).join(AgentRow, AgentRow.id == AgentCommandRow.agent_id)
        mine = waiting.where(AgentCommandRow.call_id.in_(call_ids), AgentCommandRow.taken_at.is_(None))
        for row, agent in session.execute(mine.order_by(AgentCommandRow.id)).all():
            claim = update(AgentCommandRow).where(AgentCommandRow.id == row.id, AgentCommandRow.taken_at.is_(None))
            result = session.execute(claim.values(taken_at=now))
            assert isinstance(result, CursorResult)
            if not result.rowcount:
                continue
            if row.created_at <= now - STALE_SECONDS:
                log.warning("agent_commands.too_old", command=row.command, call_id=row.call_id, agent=agent)
            else:
                arguments = {str(key): str(value) for key, value in row.arguments.items()}
                taken.append(AgentCommand(row.call_id, agent, row.command, arguments))
    return taken
