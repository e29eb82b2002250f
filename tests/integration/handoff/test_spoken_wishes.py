"""A caller who waits says what they would rather: heard through music, and music itself is never heard as a wish."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.caller.codec import Samples
from ivr.caller.sound import read_wav, write_wav
from ivr.demo.stage import Stage
from ivr.records.database import open_database
from ivr.records.tables import CallRow, HandoffRow, LineRow
from ivr.tones import Tones
from order_lookup.tables import Callback
from tests.integration.stages import GREETED, PATIENCE_SECONDS, all_agents_are_busy, brief, called

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(600)]
# Music has no pauses: what the robot says over it is looked up in its own transcript afterwards. The caller waits out what is
# said, which is short here.
CALL = [
    GREETED,
    {"key": "0"},
    {"wait": "6"},
    {"play": "music.wav"},
    {"wait": "1"},
    {"say": "今天中午吃什么好呢"},
    {"wait": "2"},
    {"say": "还要多久"},
    {"wait": "6"},
    {"say": "给我回电"},
    {"hear": "已经登记", "within seconds": str(PATIENCE_SECONDS)},
]


def music(folder: Path) -> Samples:
    """The beginning of each of the chords."""
    whole = read_wav(Tones(folder, folder).wav("music"))
    chord = len(whole) // 4
    return np.concatenate([whole[at : at + 3 * 8000] for at in range(0, len(whole), chord)])


async def test_wishes_are_heard_through_music(tmp_path: Path) -> None:
    write_wav(tmp_path / "music.wav", music(tmp_path / "tones"))
    changes = brief(tmp_path, handoff_progress="大约还要等{wait}。")
    async with Stage(tmp_path / "stage", orders=60, changes=changes) as stage:
        engine = open_database(stage.settings.database_url)
        all_agents_are_busy(engine)
        await called(stage, tmp_path, number="13800004567", call=CALL)
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
