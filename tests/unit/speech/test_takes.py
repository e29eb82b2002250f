"""Takes from the studio: silence cut, level set, faults told."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.speech.audio import Samples, level_dbfs
from ivr.speech.takes import LEVEL_DBFS, MARGIN_SECONDS, joined, ready, trimmed

RATE = 8000


def voice(seconds: float, level_dbfs: float = -20.0) -> Samples:
    """A buzz of a level, in syllables of 0.2 s with dips between them."""
    at = np.arange(int(seconds * RATE)) / RATE
    wave = np.sign(np.sin(2 * np.pi * 150 * at)) * np.where(at % 0.2 < 0.18, 1.0, 0.1)
    return np.asarray(wave * 32767 * 10 ** (level_dbfs / 20), np.int16)


def take(speech: Samples, before: float = 0.7, after: float = 0.9, noise_dbfs: float = -75.0) -> Samples:
    sound = np.concatenate([np.zeros(int(before * RATE)), speech, np.zeros(int(after * RATE))])
    hiss = np.random.default_rng(1).normal(0, 32768 * 10 ** (noise_dbfs / 20), len(sound))
    return np.asarray(np.clip(sound + hiss, -32768, 32767), np.int16)


def test_silence_is_cut_and_what_is_said_stays_whole() -> None:
    made = ready(take(voice(1.0)), syllables=5)
    assert made.faults == ()
    assert made.seconds == pytest.approx(1.0 + 2 * MARGIN_SECONDS, abs=0.03)


@pytest.mark.parametrize("level", [-35.0, -20.0, -9.0])
def test_every_take_gets_the_level_of_the_other_prompts(level: float) -> None:
    made = ready(take(voice(1.0, level)), syllables=5)
    said = np.frombuffer(made.pcm, np.int16)
    assert level_dbfs(said) == pytest.approx(LEVEL_DBFS, abs=1.5)
    assert made.level_dbfs == pytest.approx(level, abs=1.5)


def test_a_single_loud_click_does_not_clip_what_is_made() -> None:
    sound = take(voice(1.0, -35.0)).copy()
    sound[RATE] = 25_000
    said = np.frombuffer(ready(sound, syllables=5).pcm, np.int16)
    assert int(np.max(np.abs(said.astype(int)))) < 32_000


@pytest.mark.parametrize(
    ("sound", "syllables", "fault"),
    [
        (take(voice(1.0) * 0), 5, "nothing is heard"),
        (np.zeros(0, np.int16), 5, "nothing is heard"),
        (take(np.clip(voice(1.0, -1.0).astype(float) * 3, -32768, 32767).astype(np.int16)), 5, "clipped"),
        (take(voice(1.0, -30.0), noise_dbfs=-42.0), 5, "the noise is only"),
        (take(voice(1.0, -52.0), noise_dbfs=-85.0), 5, "very quiet"),
        (take(voice(0.4)), 12, "cut off"),
        (take(voice(6.0)), 5, "is more in it"),
    ],
)
def test_what_to_read_again_is_told(sound: Samples, syllables: int, fault: str) -> None:
    faults = ready(sound, syllables).faults
    assert any(fault in each for each in faults), faults


def test_sounds_are_joined_with_their_pauses_and_none_at_the_end() -> None:
    one = np.full(80, 5, np.int16)
    pcm = np.frombuffer(joined([(one, 0.1), (one, 0.5)]), np.int16)
    assert len(pcm) == 80 + 800 + 80
    assert not pcm[80:880].any()


def test_what_is_cut_begins_and_ends_softly() -> None:
    cut = trimmed(voice(0.5))
    assert abs(int(cut[0])) < 200
    assert abs(int(cut[-1])) < 200
