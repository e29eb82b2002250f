"""The sounds that are not speech: ringing, a beep, and hold music, made once and kept beside the prompts.

Ringing follows the Chinese plan, 450 Hz one second on and four off (GB 3380; ITU-T E.180 supplement 2). A recording named
`prompts/sounds/<name>.wav` wins over the made one. While the disk is full they are kept in memory: who waits must not hear nothing.
"""

from __future__ import annotations

import os
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from ivr.errors import AudioFormatError
from ivr.ports import Phone

log = structlog.get_logger()
RATE = 8000
Samples = NDArray[np.float64]
_CHORDS = ((262, 330, 392, 523), (220, 262, 330, 440), (175, 220, 262, 349), (196, 247, 294, 392))
_NOTE_SECONDS = 0.4


class Tones:
    """Finds or makes the sounds."""

    def __init__(self, recorded: Path, cache: Path) -> None:
        self._recorded, self._cache = recorded / "sounds", cache
        self._in_memory: dict[str, Path] = {}

    def wav(self, name: str) -> Path:
        """The 8 kHz mono 16-bit WAV of `ringing`, `music` or `beep`."""
        own = self._recorded / f"{name}.wav"
        return own if own.exists() else self._made(name)

    def play(self, phone: Phone, leg: int, name: str, loop: bool = False) -> int | None:
        """Let it sound on a leg and return the playback's number; where the recording can't be played, the made one.

        Without either the call goes on all the same.
        """
        for found in (self.wav, self._made):
            try:
                return phone.play(leg, found(name), loop=loop)
            except (AudioFormatError, OSError) as fault:
                log.error("tones.not_played", sound=name, fault=str(fault))
        return None

    def _made(self, name: str) -> Path:
        made = self._cache / f"tone-{name}.wav"
        if made.exists():
            return made
        try:
            _write(made, _MAKERS[name]())
        except OSError as fault:
            log.error("tones.not_kept", sound=name, fault=str(fault), instead="memory")
            if name not in self._in_memory:
                self._in_memory[name] = _remembered(name)
            return self._in_memory[name]
        return made


def _write(file: Path, samples: Samples) -> None:
    """Write aside and rename, so that no other process plays half a sound."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(f".{os.getpid()}")
    try:
        _save(aside, samples)
        aside.rename(file)
    finally:
        aside.unlink(missing_ok=True)


def _remembered(name: str) -> Path:
    """The sound in a file that lies in this process' memory, and goes with it."""
    file = Path(f"/proc/self/fd/{os.memfd_create(name)}")
    _save(file, _MAKERS[name]())
    return file


def _save(file: Path, samples: Samples) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples * 32767).astype("<i2").tobytes())


def _tone(hertz: float, seconds: float, level: float) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    fade = np.minimum(1.0, np.minimum(time, seconds - time) / 0.01)
    return np.asarray(level * fade * np.sin(2 * np.pi * hertz * time))


def _ringing() -> Samples:
    return np.concatenate([_tone(450, 1.0, 0.2), np.zeros(4 * RATE)])


def _beep() -> Samples:
    return np.concatenate([np.zeros(RATE // 5), _tone(1000, 0.35, 0.25), np.zeros(RATE // 10)])


def _music() -> Samples:
    """Four broken chords, up and down, softly struck: half a minute that loops without a seam."""
    notes = [chord[step] for chord in _CHORDS * 2 for step in (0, 1, 2, 3, 2, 1, 2, 3, 2, 1)]
    return np.concatenate([_struck(hertz) for hertz in notes])


def _struck(hertz: float) -> Samples:
    time = np.arange(round(_NOTE_SECONDS * RATE)) / RATE
    fade = np.minimum(1.0, time / 0.01) * np.exp(-4 * time) * np.minimum(1.0, (_NOTE_SECONDS - time) / 0.02)
    sound = np.sin(2 * np.pi * hertz * time) + 0.3 * np.sin(4 * np.pi * hertz * time)
    return np.asarray(0.13 * fade * sound)


_MAKERS: dict[str, Callable[[], Samples]] = {"ringing": _ringing, "beep": _beep, "music": _music}
