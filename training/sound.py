"""Small operations on sound: rate, silence at the edges, tract and pitch."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from training.utterances import RATE_HZ, Samples

Wave = NDArray[np.float64]


def resample(wave: Wave, ratio: float) -> Wave:
    """The wave at `ratio` times its rate; played at the old rate it is slower and lower for a ratio above 1."""
    fraction = Fraction(ratio).limit_denominator(80)
    if fraction == 1:
        return wave
    result: Wave = signal.resample_poly(wave, fraction.numerator, fraction.denominator)
    return result


def to_samples(wave: Wave) -> Samples:
    """Float samples in ±1 as 16-bit ones, clipped."""
    return np.clip(np.round(wave * 32767), -32768, 32767).astype(np.int16)


def trim(samples: Samples, threshold: int = 60, margin: int = 120) -> Samples:
    """The sound without the silence at its ends."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > threshold)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin] if len(loud) else samples


def to_telephone_rate(samples: Samples, rate_hz: int, stretch: float = 1.0) -> Samples:
    """Engine output at 8 kHz, trimmed; `stretch` above 1 makes it slower and lower, as a larger person would be."""
    wave = samples.astype(np.float64) / 32768
    return trim(to_samples(resample(wave, stretch * RATE_HZ / rate_hz)))
