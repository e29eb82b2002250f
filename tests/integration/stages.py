"""What the tests' own hotlines have in common: patience for a slow machine, and prompts of their own where theirs say too much."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from ivr.demo.stage import ROOT

# A hotline that starts on a busy machine takes its time; a call that waits for something waits as long.
PATIENCE_SECONDS = 60.0
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
