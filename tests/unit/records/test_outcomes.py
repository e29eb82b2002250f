"""The self-service rate: served alone is settled, done, and without a human, wherever it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from ivr.config import AgentSettings
from ivr.console.figures import figures
from ivr.ports import Caller, Reservation
from ivr.records.agents import enrol
from ivr.records.cli import report
from ivr.records.database import open_database
from ivr.records.journal import SqlRecords
from ivr.records.outcomes import Outcomes, outcomes
from ivr.records.queue import SqlQueue
from ivr.records.tables import CallRow


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    enrol(made, [AgentSettings(name="anna", uri="sip:anna@10.0.0.9")])
    yield made
    made.dispose()


async def talk(queue: SqlQueue, call_id: str) -> None:
    """An agent has the caller, and sends them back to the satisfaction question."""
    handoff = await queue.enter(call_id, "general", "", "zh", 5, "agent", Caller("13800004567"))
    held = await queue.reserve(handoff)
    assert isinstance(held, Reservation)
    await queue.connected(handoff)
    await queue.release(handoff, "anna", "wrap_up", "sent_back")
    await queue.finish(handoff, "returned")


async def filled(engine: Engine, folder: Path) -> None:
    """One call served alone, one by an agent, one where waiting was given up for the robot, one unsettled, one lost, one old."""
    records, queue = SqlRecords(engine, "w", folder / "spill"), SqlQueue(engine, "w")
    for call_id in ("alone", "agent", "came-back", "hung-up"):
        records.started(call_id, "13800004567", "hotline", "zh", "1")
    await talk(queue, "agent")
    waiting = await queue.enter("came-back", "general", "", "zh", 5, "agent", Caller("13800004567"))
    await queue.finish(waiting, "returned")
    for call_id in ("alone", "agent", "came-back"):
        records.ended(call_id, "settled", 60.0, {"self_served": True})
    records.ended("hung-up", "caller_hung_up", 9.0, {"self_served": False})
    await records.flush()
    records.close()
    with Session(engine) as session, session.begin():
        lost = session.get_one(CallRow, "alone").started_at
        session.add(CallRow(id="lost", started_at=lost, ended_at=lost, disposition="line_lost", self_served=False))
        session.add(CallRow(id="old", started_at=9.0, ended_at=60.0, disposition="settled", case={}))


async def test_who_an_agent_sent_back_was_not_served_by_the_robot_alone(engine: Engine, tmp_path: Path) -> None:
    await filled(engine, tmp_path)
    with Session(engine) as session:
        judged = {row.id: row.self_served for row in session.query(CallRow)}
        assert judged == {
            "alone": True, "agent": False, "came-back": True, "hung-up": False, "lost": False, "old": None,
        }  # fmt: skip
        assert outcomes(session) == Outcomes(ended=6, judged=5, self_served=2, with_human=1, line_lost=1)
        assert outcomes(session).self_service_rate == pytest.approx(0.4)
        assert outcomes(session, since=1000.0).ended == 5
        assert Outcomes(0, 0, 0, 0, 0).self_service_rate is None


async def test_metrics_and_report_say_the_same(engine: Engine, tmp_path: Path) -> None:
    await filled(engine, tmp_path)
    with Session(engine) as session:
        (family,) = [each for each in figures(session, 1.0) if each.name == "hotline_self_service"]
    assert {sample.labels["alone"]: sample.value for sample in family.samples} == {"yes": 2, "no": 3}
    config = tmp_path / "config.yaml"
    config.write_text("database: {url: 'sqlite:///hotline.db'}\n", encoding="utf-8")
    said = CliRunner().invoke(report, ["figures", "--json", "--config", str(config)])
    assert said.exit_code == 0, said.output
    assert json.loads(said.output)["self_service_rate"] == pytest.approx(0.4)
    shown = CliRunner().invoke(report, ["figures", "--config", str(config)])
    assert "40.0%" in shown.output
