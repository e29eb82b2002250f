"""Every time an utterance is learnt from, another variation of it: tempo, tract, microphone, level, noise, and sounds beside it.

All of it works on log mel energies, which Kaldi's MFCCs hold entirely (forty of forty), so it costs a hundredth of what
speech and signal processing would cost, and no two epochs see the same features.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from training.features import DIMENSION, HIGH_HZ, LOW_HZ, Features, mfcc
from training.sound import to_samples
from training.telephone import clicks, music, noise, tones
from training.utterances import RATE_HZ

Mel = NDArray[np.float32]
DECIBEL = np.log(10) / 10
"""One decibel in the natural logarithm of an energy."""
FLOOR = float(np.log(np.finfo(np.float32).eps))
"""Kaldi's logarithm of an energy of nothing."""
WARPS = tuple(np.round(np.linspace(0.82, 1.2, 20), 3))
"""Frequencies of the new speaker over those of the old: below 1 is a larger person."""
LIFTER = 22.0


def _cosines() -> tuple[Mel, Mel]:
    """Matrices from log mel energies [frames, 40] to Kaldi's liftered MFCCs and back."""
    order = np.arange(DIMENSION)
    table = np.sqrt(2 / DIMENSION) * np.cos(np.pi / DIMENSION * (order[:, None] + 0.5) * order[None])
    table[:, 0] = np.sqrt(1 / DIMENSION)
    lifter = 1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER)
    return (table * lifter).astype(np.float32), (table / lifter).T.astype(np.float32)


TO_MFCC, TO_MEL = _cosines()


@lru_cache(maxsize=len(WARPS))
def warped_mel(factor: float) -> Mel:
    """The matrix from MFCCs to the log mel energies of a speaker whose formants lie higher by `factor`."""
    low, high = (1127 * np.log(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    mels = np.linspace(low, high, DIMENSION + 2)[1:-1]
    hertz = 700 * (np.exp(mels / 1127) - 1)
    source = np.clip(1127 * np.log(1 + hertz / factor / 700), mels[0], mels[-1])
    place = (source - mels[0]) / (mels[1] - mels[0])
    below = np.minimum(place.astype(int), DIMENSION - 2)
    matrix = np.zeros((DIMENSION, DIMENSION), np.float32)
    matrix[below, np.arange(DIMENSION)] = 1 - (place - below)
    matrix[below + 1, np.arange(DIMENSION)] += place - below
    return TO_MEL @ matrix


def loudness(mel: Mel) -> float:
    """Logarithm of the mean energy per band of the louder half of the frames."""
    energies = np.sort(np.exp(mel).mean(1))
    return float(np.log(energies[len(energies) // 2 :].mean() + 1e-9))


def microphone(draw: np.random.Generator) -> Mel:
    """A smooth curve over the bands, a few decibels up and down, in logarithms of energy."""
    bands = np.arange(DIMENSION) / DIMENSION
    curve = sum(draw.normal(0, 3.5 / (n + 1)) * np.cos(np.pi * n * bands) for n in range(1, 6))
    return np.asarray(curve * DECIBEL, np.float32)


def backgrounds(seed: int, count: int = 240, seconds: float = 4.0) -> list[Mel]:
    """Log mel energies of noise, music, tones and knocks, all equally loud."""
    random_, size = random.Random(seed), int(seconds * RATE_HZ)
    makers = (noise, noise, noise, noise, music, music, tones, clicks)
    made = []
    for number in range(count):
        wave = makers[number % len(makers)](random_, size)
        mel = mfcc(to_samples(wave / (np.abs(wave).max() + 1e-9) * 0.5)).astype(np.float32) @ TO_MEL
        made.append((mel - loudness(mel)).astype(np.float32))
    return made


def faster(features: Features, tempo: float) -> Features:
    """The frames at another tempo, by interpolation."""
    at = np.arange(0, len(features) - 1, tempo)
    before = at.astype(int)
    share = (at - before).astype(np.float32)[:, None]
    wide = features.astype(np.float32)
    result: Features = (wide[before] * (1 - share) + wide[before + 1] * share).astype(np.float16)
    return result


def under_noise(mel: Mel, background: Mel, ratio_db: float, draw: np.random.Generator) -> Mel:
    """The energies with those of a background added, so that the speech is `ratio_db` louder."""
    start = draw.integers(len(background))
    rows = np.take(background, np.arange(start, start + len(mel)), axis=0, mode="wrap")
    result: Mel = np.logaddexp(mel, rows + np.float32(loudness(mel) - ratio_db * DECIBEL))
    return result


def beside(mel: Mel, background: Mel, draw: np.random.Generator) -> Mel:
    """The energies with a short sound before or after them, a knock, a breath, a key, in the quiet of their own pauses."""
    quiet = np.quantile(mel, 0.05, axis=0)
    length = int(draw.integers(3, 40))
    rows = np.take(background, np.arange(length) + draw.integers(len(background)), axis=0, mode="wrap")
    sound = np.logaddexp(quiet, rows + np.float32(loudness(mel) + draw.uniform(-25, 3) * DECIBEL))
    apart, outside = (quiet + draw.normal(0, 0.3, (int(draw.integers(2, 25)), DIMENSION)) for _ in range(2))
    pieces = [outside, sound, apart, mel]
    return np.concatenate(pieces if draw.random() < 0.5 else pieces[::-1]).astype(np.float32)


def vary(
    features: Features, phones: int, others: Sequence[Features], noises: Sequence[Mel], draw: np.random.Generator
) -> Features:
    """One variation of an utterance of so many phones; `others` may babble behind it. Silence (no phones) stays silence."""
    if draw.random() < 0.5:
        tempo = draw.uniform(0.8, 1.3)
        if len(features) / 3 / tempo > 1.4 * phones + 6:
            features = faster(features, tempo)
    warp = WARPS[draw.integers(len(WARPS))] if draw.random() < 0.7 else 1.0
    mel: Mel = features.astype(np.float32) @ (TO_MEL if warp == 1.0 else warped_mel(float(warp)))
    if phones and draw.random() < 0.25:
        mel = beside(mel, noises[int(draw.integers(len(noises)))], draw)
    if draw.random() < 0.6:
        mel = mel + microphone(draw)
    if draw.random() < 0.4:
        mel = mel + np.float32(draw.uniform(-10, 8) * DECIBEL)
    choice = draw.random()
    if choice < 0.55:
        ratio = draw.uniform(2, 30) if phones else draw.uniform(-15, 15)
        mel = under_noise(mel, noises[int(draw.integers(len(noises)))], ratio, draw)
    elif choice < 0.63 and phones and others:
        babble = others[int(draw.integers(len(others)))].astype(np.float32) @ TO_MEL
        mel = under_noise(mel, babble - loudness(babble), draw.uniform(10, 25), draw)
    varied: Features = (np.maximum(mel, FLOOR) @ TO_MFCC).astype(np.float16)
    return varied
