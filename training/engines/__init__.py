"""Speech engines: each takes a script and gives sound, or None when it failed."""

from __future__ import annotations

import random
from typing import Protocol

from training.utterances import Recording, Script


class Engine(Protocol):
    """A synthesiser with a number of voices; `say` draws voice, speed and pitch from `random_`."""

    def say(self, script: Script, random_: random.Random) -> Recording | None: ...
