"""What a telephone line does to speech, for evaluation: band, coding, noise and lost packets, the same for the same seed.

`clean` as it is · `telephone` 300–3,400 Hz and µ-law · `ulaw`, `alaw` coding alone · `snrN` telephone with white noise N dB below
the speech · `lossN` telephone with N % of 20 ms packets lost in bursts and faded repeats in their place (ITU-T G.711 App. I).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ivr.errors import UserError
from ivr.speech.audio import TELEPHONE, Samples, from_alaw, from_ulaw, level_dbfs, to_alaw, to_ulaw

_PACKET_SAMPLES = 160
_BURST_PACKETS = 2.0
NAMES = "clean, telephone, ulaw, alaw, snrN (dB), lossN (%)"


def condition(name: str) -> Callable[[Samples, int], Samples]:
    """The named condition as a function of sound and seed; raises UserError."""
    if found := re.fullmatch(r"(snr|loss)(\d{1,2})", name):
        amount = int(found[2])
        if found[1] == "snr":
            return lambda sound, seed: _noisy(telephone(sound), amount, seed)
        return lambda sound, seed: _lossy(telephone(sound), amount / 100, seed)
    plain: dict[str, Callable[[Samples], Samples]] = {
        "clean": lambda sound: sound,
        "telephone": telephone,
        "ulaw": lambda sound: np.frombuffer(from_ulaw(to_ulaw(sound.tobytes())), np.int16),
        "alaw": lambda sound: np.frombuffer(from_alaw(to_alaw(sound.tobytes())), np.int16),
    }
    if name not in plain:
        raise UserError(f"there is no condition `{name}`", f"one of {NAMES}")
    return lambda sound, seed: plain[name](sound)


def telephone(sound: Samples) -> Samples:
    """300 to 3,400 Hz (the corners fall off within 100 Hz), then µ-law."""
    spectrum = np.fft.rfft(sound.astype(np.float64))
    hertz = np.fft.rfftfreq(len(sound), 1 / TELEPHONE.rate)
    gain = np.clip((hertz - 200) / 100, 0, 1) * np.clip((3500 - hertz) / 100, 0, 1)
    return _ulaw(np.fft.irfft(spectrum * gain, len(sound)))


def _noisy(sound: Samples, decibels: int, seed: int) -> Samples:
    voiced = sound[np.abs(sound) > 0.05 * np.max(np.abs(sound), initial=1)]
    level = 10 ** ((level_dbfs(voiced) - decibels) / 20) * 32768
    noise = np.random.default_rng(seed).standard_normal(len(sound)) * level
    return _ulaw(sound + noise)


def _lossy(sound: Samples, share: float, seed: int) -> Samples:
    """Bursts by a two-state chain with the wanted share of loss (Gilbert), each packet concealed by the last good one, fading."""
    random = np.random.default_rng(seed)
    heard, good, fade, lost = sound.copy(), np.zeros(_PACKET_SAMPLES, np.int16), 1.0, False
    ends = 1 / _BURST_PACKETS
    begins = ends * share / max(1e-9, 1 - share)
    for at in range(0, len(sound) - _PACKET_SAMPLES + 1, _PACKET_SAMPLES):
        lost = random.random() >= ends if lost else random.random() < begins
        if lost:
            fade *= 0.6
            heard[at : at + _PACKET_SAMPLES] = (good * fade).astype(np.int16)
        else:
            good, fade = sound[at : at + _PACKET_SAMPLES], 1.0
    return heard


def _ulaw(sound: npt.NDArray[np.float64]) -> Samples:
    pcm = np.clip(sound, -32768, 32767).astype(np.int16).tobytes()
    return np.frombuffer(from_ulaw(to_ulaw(pcm)), np.int16)
