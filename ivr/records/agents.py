"""The agents table, filled from config.yaml: transfer targets come from here and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterable

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import AgentSettings
from ivr.records.tables import AgentRow


def enrol(engine: Engine, agents: Iterable[AgentSettings]) -> None:
    """Write the configured agents into the table; a new one is available at once, a known one keeps the state it is in."""
    with Session(engine) as session, session.begin():
        known = {row.name: row for row in session.scalars(select(AgentRow))}
        for agent in agents:
            row = known.get(agent.name)
            if row is None:
                row = AgentRow(name=agent.name, state="available", since=time.time(), skills=[])
                session.add(row)
            row.uri, row.queues, row.languages = agent.uri, list(agent.queues), list(agent.languages)
