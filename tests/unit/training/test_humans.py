"""People as speakers: who is drawn."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from training.humans import drawn
from training.recordings import Source


def test_everybody_is_drawn_as_often_however_much_of_them_there_is() -> None:
    takes = {"many": 95, "few": 4, "one": 1}
    pool = [
        Source(Path(f"{who}{take}.wav"), ("one",), who, "man") for who, count in takes.items() for take in range(count)
    ]
    often = Counter(source.speaker for source in drawn(pool, 900, random.Random(1)))
    assert sum(often.values()) == 900
    assert all(240 < often[who] < 360 for who in takes)
