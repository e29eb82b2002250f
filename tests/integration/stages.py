"""What the tests' own hotlines have in common: patience for a slow machine, and prompts of their own where theirs say too much."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.caller.ear import Ear
from ivr.caller.scenario import Scenario
from ivr.caller.scene import Equipment, run
from ivr.demo.stage import ROOT, Stage
from ivr.records.tables import AgentRow

# A hotline that starts on a busy machine takes its time; a call that waits for something waits as long.
PATIENCE_SECONDS = 60.0
T = TypeVar("T")
GREETED = {"hear": "请问有什么可以帮您", "within seconds": str(PATIENCE_SECONDS)}


def brief(folder: Path, **texts: str) -> dict[str, Any]:
    """Changes for a `Stage`: its prompts are the hotline's, with a greeting of one word and these Chinese texts instead of theirs.

    A prompt `handoff.position` is named `handoff_position` here.
    """
    prompts = folder / "prompts"
    shutil.copytree(ROOT / "prompts", prompts)
    for name, text in {"greeting": "您好。", **texts}.items():
        _reword(prompts / "zh", name.replace("handoff_", "handoff."), text)
    _reword(prompts / "en", "greeting", "Hello.")
    return {"dialplan": {"prompts": str(prompts)}}


def _reword(folder: Path, name: str, text: str) -> None:
    line = re.compile(rf"^{re.escape(name)}: .*$", re.MULTILINE)
    (file,) = (each for each in folder.glob("*.yaml") if line.search(each.read_text(encoding="utf-8")))
    file.write_text(line.sub(f"{name}: {text}", file.read_text(encoding="utf-8")), encoding="utf-8")


def all_agents_are_busy(engine: Engine) -> None:
    """Whoever could take a call is on another one, which goes on for longer than the test's."""
    with Session(engine) as session, session.begin():
        for agent in session.scalars(select(AgentRow)):
            agent.state, agent.call_id, agent.lease_until = "on_call", "another", time.time() + 600


async def called(stage: Stage, folder: Path, to: str = "hotline", **scenario: Any) -> None:
    """A synthetic caller's call, which goes as its scenario says; they hear no other language than their own."""
    told = Scenario.model_validate(scenario)
    async with Equipment(ear=Ear({told.language: ROOT / f"models/{told.language}-small"})) as equipment:
        result = await run(told, stage.uri(to), equipment=equipment, folder=folder)
    assert result.ok, (result.failures, result.caller.heard)


async def until(what: str, look: Callable[[Session], T], engine: Engine, seconds: float = 120.0) -> T:
    """What the database has, once it has it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with Session(engine) as session:
            if found := look(session):
                return found
        await asyncio.sleep(0.25)
    raise AssertionError(f"in {seconds:.0f} s there was no {what}")
