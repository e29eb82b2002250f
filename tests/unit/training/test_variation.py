"""Variations of an utterance's features: what they change, and what they must not."""

from __future__ import annotations

import numpy as np
import pytest

from training.features import DIMENSION, mfcc
from training.variation import (
    DECIBEL,
    TO_MEL,
    TO_MFCC,
    backgrounds,
    beside,
    faster,
    loudness,
    under_noise,
    vary,
    warped_mel,
)


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(int(8000 * seconds)) / 8000)).astype(np.int16)


def test_cepstra_hold_all_of_the_mel_energies() -> None:
    features = mfcc(tone(700)).astype(np.float32)
    assert np.abs(features @ TO_MEL @ TO_MFCC - features).max() < 1e-2
    assert int((features @ TO_MEL).mean(0).argmax()) == pytest.approx(13, abs=2)  # 700 Hz is the 13th of 40 mel bands


def test_a_smaller_person_has_higher_formants() -> None:
    features = mfcc(tone(1000)).astype(np.float32)
    plain, small = ((features @ m).mean(0) for m in (TO_MEL, warped_mel(1.2)))
    raised = (mfcc(tone(1200)).astype(np.float32) @ TO_MEL).mean(0)
    assert small.argmax() > plain.argmax()
    assert int(small.argmax()) == pytest.approx(int(raised.argmax()), abs=1)


def test_speech_stays_so_many_decibels_above_the_noise() -> None:
    draw = np.random.default_rng(1)
    speech = mfcc(tone(1000)).astype(np.float32) @ TO_MEL
    quiet_band = speech.mean(0).argmin()
    noise = backgrounds(seed=1, count=1)[0]
    for ratio in (5.0, 25.0):
        heard = under_noise(speech, noise, ratio, draw)
        added = np.log(np.maximum(np.exp(heard) - np.exp(speech), 1e-9))
        assert loudness(speech) - loudness(added) == pytest.approx(ratio * DECIBEL, abs=0.8)
        assert heard[:, quiet_band].mean() > speech[:, quiet_band].mean()


def test_a_sound_beside_leaves_the_speech_as_it_was() -> None:
    speech = mfcc(tone(1000)).astype(np.float32) @ TO_MEL
    knocks = backgrounds(seed=1, count=8)[7]
    made = [beside(speech, knocks, np.random.default_rng(n)) for n in range(20)]
    before = [m for m in made if np.array_equal(m[-len(speech) :], speech)]
    after = [m for m in made if np.array_equal(m[: len(speech)], speech)]
    assert len(before) + len(after) == 20
    assert min(len(before), len(after)) > 3
    added = np.concatenate([m[: -len(speech)] for m in before])
    assert loudness(speech) - 30 * DECIBEL < loudness(added) < loudness(speech) + 6 * DECIBEL


def test_tempo_changes_the_number_of_frames_alone() -> None:
    features = mfcc(tone(500))
    assert len(faster(features, 1.25)) == pytest.approx(len(features) / 1.25, abs=1)
    assert np.abs(faster(features, 1.25)[20].astype(np.float32) - features[25].astype(np.float32)).max() < 0.5


def test_variations_differ_and_leave_every_phone_a_frame() -> None:
    features, noises = mfcc(tone(500, 0.6)), backgrounds(seed=1, count=8)
    made = [vary(features, 14, [features], noises, np.random.default_rng(n)) for n in range(40)]
    assert all(np.isfinite(m.astype(np.float32)).all() and m.shape[1] == DIMENSION for m in made)
    assert all(-(-len(m) // 3) > 14 for m in made)
    assert len({m.tobytes() for m in made}) > 30
