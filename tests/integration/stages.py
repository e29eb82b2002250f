"""What the tests' own hotlines have in common: patience for a slow machine, and prompts of their own where theirs say too much."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.demo.stage import ROOT

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


async def until(what: str, look: Callable[[Session], T], engine: Engine, seconds: float = 120.0) -> T:
    """What the database has, once it has it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with Session(engine) as session:
            if found := look(session):
                return found
        await asyncio.sleep(0.25)
    raise AssertionError(f"in {seconds:.0f} s there was no {what}")
