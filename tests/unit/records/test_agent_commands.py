"""What agents do in the browser reaches the worker that has the call, each click once, while it still means something."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ivr.records import agents
from ivr.records.agent_commands import STALE_SECONDS, take_commands
from ivr.records.database import open_database
from ivr.records.tables import AgentRow

# By the clock of the database, which may be far from that of this machine.
NOW = 1_000_000.0


@pytest.mark.parametrize(("waited_seconds", "taken"), [(1.0, ["hold"]), (STALE_SECONDS + 1, [])])
def test_a_click_is_taken_once_and_not_when_its_moment_has_passed(
    tmp_path: Path, waited_seconds: float, taken: list[str]
) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    with Session(engine) as session, session.begin():
        anna = AgentRow(name="anna", state="on_call", call_id="c1")
        session.add(anna)
        session.flush()
        agents.command(session, anna, "hold", {}, NOW)
    looks = [take_commands(engine, ["c1", "c2"], NOW + waited_seconds) for _ in range(2)]
    assert [[each.command for each in look] for look in looks] == [taken, []]
    engine.dispose()
