"""People as speakers: who is drawn, and what is put together from two recordings."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np

from training.humans import drawn, glide
from training.recordings import Source


def test_everybody_is_drawn_as_often_however_much_of_them_there_is() -> None:
    takes = {"many": 95, "few": 4, "one": 1}
    pool = [
        Source(Path(f"{who}{take}.wav"), ("one",), who, "man") for who, count in takes.items() for take in range(count)
    ]
    often = Counter(source.speaker for source in drawn(pool, 900, random.Random(1)))
    assert sum(often.values()) == 900
    assert all(240 < often[who] < 360 for who in takes)


def test_a_glide_begins_as_one_syllable_and_ends_as_the_other() -> None:
    made = glide(np.full(3200, 1.0), np.full(2400, -1.0), 8000)

    assert len(made) == 1600 + 1600 - 480
    assert (made[:1120] == 1).all()
    assert (np.diff(made[1120:1600]) < 0).all()  # no step in between
    assert (made[1600:] == -1).all()
