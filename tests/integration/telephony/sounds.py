"""Tones to play, and what a recording holds."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path


def tone(folder: Path, hertz: int, seconds: float) -> Path:
    """An 8 kHz WAV of one tone."""
    file = folder / f"{hertz}-{seconds}.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        wanted = (int(6000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(int(seconds * 8000)))
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in wanted))
    return file


def loud_from_to(samples: memoryview, window: int = 80) -> list[tuple[float, float]]:
    """The stretches of sound in seconds; pauses of less than 50 ms belong to them."""
    stretches: list[tuple[float, float]] = []
    for start in range(0, len(samples) - window, window):
        if max(map(abs, samples[start : start + window])) < 500:
            continue
        begin, end = start / 8000, (start + window) / 8000
        if stretches and begin - stretches[-1][1] < 0.05:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((begin, end))
    return stretches


def channels(file: Path) -> tuple[memoryview, memoryview]:
    """Left and right of a stereo recording."""
    with wave.open(str(file)) as recorded:
        assert (recorded.getnchannels(), recorded.getframerate(), recorded.getsampwidth()) == (2, 8000, 2)
        both = memoryview(recorded.readframes(recorded.getnframes())).cast("h")
    return both[::2], both[1::2]
