"""A take from the studio as a recording for the telephone: its silence cut short, its level like every other prompt's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ivr.speech.audio import TELEPHONE, Samples, level_dbfs

# As loud as the synthesised prompts, so that nobody reaches for the volume when one follows the other.
LEVEL_DBFS = -20.0
# The loudest sample that a recording may have: what G.711 and a cheap loudspeaker still play cleanly.
PEAK_DBFS = -1.0
MARGIN_SECONDS = 0.03
FADE_SECONDS = 0.005
_FRAME_SECONDS = 0.01
# A frame is speech when it is no more than this below the loud ones (ITU-T P.56 has 15.9 dB; quiet endings of words need more).
_BELOW_LOUD_DB = 30.0
_QUIETEST_DBFS = -60.0
_CLIPPED_SHARE = 0.001
_LEAST_SNR_DB = 20.0
_FEWEST_PER_SECOND, _MOST_PER_SECOND = 1.5, 8.0


@dataclass(frozen=True, slots=True)
class Take:
    """A take made ready, and what was wrong with it; `level_dbfs` is that of its speech before."""

    pcm: bytes
    level_dbfs: float
    faults: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasts, silence around it cut."""
        return TELEPHONE.seconds(self.pcm)


def ready(samples: Samples, syllables: int) -> Take:
    """A take of 8 kHz with so many syllables (English: words), made ready; the faults say what to read again."""
    levels = _levels(samples)
    spoken = _spoken(levels)
    if not spoken.any():
        return Take(b"", -100.0, ("nothing is heard in it",))
    level = _mean_db(levels[spoken])
    cut = trimmed(samples, levels)
    return Take(_levelled(cut, level).tobytes(), level, tuple(_faults(samples, levels, spoken, len(cut), syllables)))


def trimmed(samples: Samples, levels: npt.NDArray[np.float64] | None = None) -> Samples:
    """Without the silence before and behind what is said, but for a few hundredths of a second that fade in and out."""
    levels = _levels(samples) if levels is None else levels
    frames = np.flatnonzero(_spoken(levels))
    if not len(frames):
        return samples[:0]
    frame, margin = _samples(_FRAME_SECONDS), _samples(MARGIN_SECONDS)
    start, end = max(0, int(frames[0]) * frame - margin), (int(frames[-1]) + 1) * frame + margin
    cut = samples[start:end].astype(np.float32)
    fade = min(_samples(FADE_SECONDS), len(cut) // 2)
    ramp = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)
    cut[:fade] *= ramp
    cut[len(cut) - fade :] *= ramp[::-1]
    return np.asarray(cut, np.int16)


def joined(sounds: Sequence[tuple[Samples, float]]) -> bytes:
    """Sounds one after the other, each with the seconds of silence that follow it; the last one's are left out."""
    parts: list[Samples] = []
    for index, (sound, pause) in enumerate(sounds):
        parts.append(sound)
        if index < len(sounds) - 1:
            parts.append(np.zeros(_samples(pause), np.int16))
    return b"".join(part.tobytes() for part in parts)


def _faults(
    samples: Samples, levels: npt.NDArray[np.float64], spoken: npt.NDArray[np.bool_], length: int, syllables: int
) -> list[str]:
    """What a listener would mind, each with the remedy."""
    faults = []
    if float(np.mean(np.abs(samples.astype(np.int32)) >= 32700)) > _CLIPPED_SHARE:
        faults.append("it is clipped: record it again, quieter")
    noise, level = float(np.percentile(levels, 5)), _mean_db(levels[spoken])
    if level - noise < _LEAST_SNR_DB and noise > _QUIETEST_DBFS:
        faults.append(f"the noise is only {level - noise:.0f} dB below the voice: record it in a quiet room")
    if level < -45:
        faults.append(f"the voice is very quiet ({level:.0f} dBFS): record it again, nearer to the microphone")
    pace = syllables / (length / TELEPHONE.rate)
    if pace > _MOST_PER_SECOND:
        faults.append(f"{syllables} syllables in {length / TELEPHONE.rate:.1f} s: is something cut off?")
    if pace < _FEWEST_PER_SECOND and length > 2 * TELEPHONE.rate:
        faults.append(f"{syllables} syllables in {length / TELEPHONE.rate:.1f} s: is more in it, or a long silence?")
    return faults


def _levelled(samples: Samples, level: float) -> Samples:
    peak = float(np.max(np.abs(samples.astype(np.float32)), initial=1.0)) / 32768
    gain = min(10 ** ((LEVEL_DBFS - level) / 20), 10 ** (PEAK_DBFS / 20) / max(peak, 1e-6))
    return np.asarray(np.clip(samples.astype(np.float32) * gain, -32768, 32767), np.int16)


def _levels(samples: Samples) -> npt.NDArray[np.float64]:
    """The level of each hundredth of a second, dBFS; what is left over is a frame, too."""
    frame = _samples(_FRAME_SECONDS)
    return np.array([level_dbfs(samples[at : at + frame]) for at in range(0, len(samples), frame)] or [-100.0])


def _spoken(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which frames are speech: near enough to the loud ones, whatever the recording's own level."""
    loud = float(np.percentile(levels, 95)) if len(levels) > 20 else float(np.max(levels))
    return np.asarray(levels > max(loud - _BELOW_LOUD_DB, _QUIETEST_DBFS))


def _mean_db(levels: npt.NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def _samples(seconds: float) -> int:
    return round(seconds * TELEPHONE.rate)
