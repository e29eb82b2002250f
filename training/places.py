"""Where the recipe reads and writes: the repository's folders, or for a smoke run a corner of the work folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMOKE = "TRAINING_SMOKE"
"""Environment variable that asks for a smoke run; in the environment, so that the recipe's processes see it too."""


@dataclass(frozen=True, slots=True)
class Places:
    """`profiles` in numbers, `work` for all that is made on the way, `models` and `clips` for what is to be committed."""

    profiles: Path
    work: Path
    models: Path
    clips: Path


def places() -> Places:
    """The folders of this run."""
    profiles, work = ROOT / "training" / "profiles", ROOT / "training" / "work"
    if os.environ.get(SMOKE):
        work = work / "smoke"
        return Places(profiles / "smoke", work, work / "models", work / "clips")
    return Places(profiles, work, ROOT / "models", ROOT / "tests" / "clips")
