"""A caller who waits says what they would rather: heard through music, and music itself is never heard as a wish."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.caller.ear import Ear
from ivr.caller.scenario import Scenario
from ivr.caller.scene import Equipment, run
from ivr.demo.stage import ROOT, Stage
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallRow, HandoffRow, LineRow
from ivr.tones import Tones
from order_lookup.tables import Callback

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
# Music has no pauses: what the robot says over it is looked up in its own transcript afterwards.
CALL = [
    {"hear": "请问有什么可以帮您", "within seconds": "25"},
    {"key": "0"},
    {"wait": "16"},
    {"play": "music.wav"},
    {"wait": "1"},
    {"say": "今天中午吃什么好呢"},
    {"wait": "2"},
    {"say": "还要多久"},
    {"wait": "13"},
    {"say": "给我回电"},
    {"hear": "已经登记", "within seconds": "20"},
]


async def test_wishes_are_heard_through_music(tmp_path: Path) -> None:
    music = Tones(tmp_path, tmp_path).wav("music")
    music.rename(tmp_path / "music.wav")
    async with Stage(tmp_path / "stage", orders=60) as stage:
        engine = open_database(stage.settings.database_url)
        with Session(engine) as session, session.begin():
            agent = session.scalars(select(AgentRow)).one()
            # On a call that goes on for longer than this one.
            agent.state, agent.call_id, agent.lease_until = "on_call", "another", time.time() + 600
        async with Equipment(ear=Ear({"zh": ROOT / "models/zh-small"})) as equipment:
            scenario = Scenario.model_validate({"number": "13800004567", "call": CALL})
            result = await run(scenario, stage.uri(), equipment=equipment, folder=tmp_path)
        assert result.ok, (result.failures, result.caller.heard)
        with Session(engine) as session:
            handoff = session.scalars(select(HandoffRow)).one()
            booked = session.scalars(select(Callback)).one()
            call = session.scalars(select(CallRow)).one()
            lines = session.scalars(select(LineRow).order_by(LineRow.position)).all()
            wishes = [line.details["wish"] for line in lines if "wish" in line.details]
            told = [line.details["prompt"] for line in lines if line.details.get("step") == "handoff"]
        engine.dispose()
    assert wishes == ["agent", "callback"]
    assert told == ["handoff.progress", "handoff.progress", "handoff.callback_booked"]
    assert handoff.outcome == "callback"
    assert booked.phone.endswith("13800004567")
    assert call.disposition
