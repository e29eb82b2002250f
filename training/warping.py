"""One speaker made into many: pitch, tract length and tempo changed apart from each other."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from training.sound import Wave, resample

FRAME, HOP = 256, 64
ENVELOPE_TERMS = 14
"""Cepstral terms kept for the envelope at 8 kHz: enough for four formants, too few for the harmonics of a voice below 280 Hz."""


@dataclass(frozen=True, slots=True)
class Warp:
    """Factors: `pitch` and `tract` above 1 are higher and smaller (a child), `tempo` above 1 is faster."""

    pitch: float
    tract: float
    tempo: float


def draw_warp(random_: random.Random, voice: str) -> Warp:
    """A random other person; `woman` is turned into men and children too, `man` within what 8 kHz sources allow."""
    if voice == "woman":
        pitch = random_.choice([random_.uniform(0.5, 0.75), random_.uniform(0.75, 1.3)])
        tract = random_.uniform(0.78, 0.95) if pitch < 0.7 else random_.uniform(0.86, 1.14)
    else:
        pitch = random_.uniform(0.8, 1.6)
        tract = random_.uniform(0.88, 1.04) if pitch < 1.1 else random_.uniform(0.94, 1.22)
    return Warp(pitch, tract, random_.uniform(0.75, 1.5))


def stretch(wave: Wave, tempo: float, rate_hz: int) -> Wave:
    """The wave played faster by `tempo` at the same pitch: overlap-add of the pieces that fit best (WSOLA)."""
    size = int(0.03 * rate_hz)
    half, search = size // 2, int(0.008 * rate_hz)
    if abs(tempo - 1) < 0.02 or len(wave) < 3 * size:
        return wave
    window = np.hanning(2 * half)
    count = int((len(wave) - 2 * size - search) / (half * tempo))
    padded = np.concatenate([wave, np.zeros(2 * size + search)])
    result = np.zeros((count + 2) * half)
    at = 0
    for step in range(count):
        result[step * half : (step + 2) * half] += window * padded[at : at + 2 * half]
        natural = padded[at + half : at + 2 * half]
        ideal = int((step + 1) * half * tempo)
        low = max(0, ideal - search)
        candidates = padded[low : ideal + search + half]
        at = low + int(np.argmax(np.correlate(candidates, natural, "valid")))
    return result


def shift_envelope(wave: Wave, factor: float) -> Wave:
    """The spectral envelope moved up by `factor`, the harmonics left in place; 8 kHz."""
    if abs(factor - 1) < 0.02:
        return wave
    padded = np.concatenate([np.zeros(FRAME), wave, np.zeros(FRAME)])
    count = (len(padded) - FRAME) // HOP + 1
    window = np.hanning(FRAME)
    frames = padded[np.arange(FRAME)[None] + HOP * np.arange(count)[:, None]] * window
    spectrum = np.fft.rfft(frames)
    logs = np.log(np.abs(spectrum) + 1e-5)
    cepstra = np.fft.irfft(logs)
    cepstra[:, ENVELOPE_TERMS : FRAME - ENVELOPE_TERMS + 1] = 0
    envelope = np.fft.rfft(cepstra).real
    bins = np.arange(spectrum.shape[1])
    source = np.clip(bins / factor, 0, bins[-1])
    low = np.floor(source).astype(int)
    high = np.minimum(low + 1, bins[-1])
    moved = envelope[:, low] * (1 - (source - low)) + envelope[:, high] * (source - low)
    spectrum *= np.exp(np.clip(moved - envelope, -4, 4))
    back = np.fft.irfft(spectrum) * window
    result = np.zeros(len(padded))
    for step in range(count):
        result[step * HOP : step * HOP + FRAME] += back[step]
    return result[FRAME:-FRAME] * (HOP / (FRAME * 0.375))


def warp(wave: Wave, rate_hz: int, change: Warp) -> Wave:
    """The wave at `rate_hz` as the changed speaker would have said it, at 8 kHz."""
    at_telephone = resample(stretch(wave, change.tempo / change.pitch, rate_hz), 8000 / (rate_hz * change.pitch))
    return shift_envelope(at_telephone, change.tract / change.pitch)
