"""Two hosts that start at the same moment bring the same agents."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.config import AgentSettings
from ivr.records.agents import enrol
from ivr.records.database import open_database
from ivr.records.tables import AgentRow

pytestmark = pytest.mark.integration
HOSTS, TIMES = 2, 20


def test_everybody_is_there_once_and_no_start_fails(postgres_server: str) -> None:
    engines = [open_database(f"{postgres_server}/postgres") for _ in range(HOSTS)]
    together = threading.Barrier(HOSTS)

    def start(host: int, time: int) -> None:
        agents = [AgentSettings(name=f"new{time}-{number}", uri=f"sip:n{number}@10.0.0.9") for number in range(20)]
        together.wait()
        enrol(engines[host], agents)

    with ThreadPoolExecutor(HOSTS) as pool:
        for time in range(TIMES):
            for done in [pool.submit(start, host, time) for host in range(HOSTS)]:
                done.result()
    with Session(engines[0]) as session:
        names = list(session.scalars(select(AgentRow.name).where(AgentRow.name.startswith("new"))))
        assert len(names) == len(set(names)) == TIMES * 20
        for row in session.scalars(select(AgentRow).where(AgentRow.name.startswith("new"))):
            session.delete(row)
        session.commit()
    for engine in engines:
        engine.dispose()
