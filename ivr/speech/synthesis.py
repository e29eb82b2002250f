"""pyttsx3 with espeak-ng, fenced in: text in, telephone sound out. The only module that imports them.

As met: one engine per process, used from one thread; one utterance per run; the very first one may get lost (so it is spent on
a warm-up), and on a busy machine now and then another (so it is said again); speed and pitch are forgotten unless one waits for
them; a line on stdout per utterance; a file that can't be written makes it loop for ever (so it writes into memory); a voice it
does not know is ignored in silence (so names are checked). espeakng-loader brings the library and its data.
"""

from __future__ import annotations

import ctypes
import io
import os
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np

from ivr.document import nearest
from ivr.errors import UserError, VoiceUnavailable
from ivr.speech.audio import TELEPHONE, Samples, read_wav, resample

PEAK = 0.6
# Silence before a prompt is time the caller waits for an answer; behind it, it parts one sentence from the next.
LEAD_SECONDS = 0.01
TAIL_SECONDS = 0.09
MOST_CHARACTERS = 2000
TRIES = 3
_QUIET = 0.012  # of the loudest sample: below it a sample is silence
_SILENCE_SECONDS = 0.2
_PAUSE = re.compile(r"[\s\W]*", re.UNICODE)


class Synthesiser:
    """espeak-ng's voices; make one per process and use it from the thread that made it."""

    def __init__(self) -> None:
        # With RTLD_GLOBAL and its full path first, pyttsx3's own search finds this library, not one of the system's.
        ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
        os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
        import pyttsx3  # loads the library on import, hence not above
        from pyttsx3.drivers import _espeak

        self._settled = _espeak.Synchronize
        self._engine: Any = pyttsx3.init("espeak")
        self._names = _voice_names(self._engine)
        self._pcm("warm up", "en-gb", 200, 50)

    def check_voice(self, voice: str) -> None:
        """Raise UserError unless espeak-ng has the voice, and its variant where one is named (`cmn+f2`)."""
        name, _, variant = voice.partition("+")
        if name not in self._names:
            codes = sorted(each for each in self._names if each.islower())
            raise UserError(f"espeak-ng has no voice `{voice}`", nearest(name, codes))
        if not variant:
            return
        variants = sorted(each.name for each in (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir())
        if variant not in variants:
            raise UserError(f"espeak-ng has no voice variant `{variant}`", nearest(variant, variants))

    def speak(self, text: str, voice: str, words_per_minute: int = 165, pitch: int = 50) -> bytes:
        """Telephone PCM of the text: trimmed, normalised; silence for a text without words. Raises VoiceUnavailable."""
        if _PAUSE.fullmatch(text):
            return bytes(int(_SILENCE_SECONDS * TELEPHONE.bytes_per_second))
        if len(text) > MOST_CHARACTERS:
            raise VoiceUnavailable(f"a prompt has {len(text)} characters, at most {MOST_CHARACTERS} can be said")
        attempts = (self._pcm(text, voice, words_per_minute, pitch) for _ in range(TRIES))
        samples = next((attempt for attempt in attempts if len(attempt)), None)
        if samples is None:
            raise VoiceUnavailable(f"espeak-ng gave no sound for {text[:40]!r}")
        return finished(samples)

    def _pcm(self, text: str, voice: str, words_per_minute: int, pitch: int) -> Samples:
        memory = os.memfd_create("utterance")
        try:
            file = f"/proc/self/fd/{memory}"
            self._engine.setProperty("voice", voice)
            self._engine.setProperty("rate", words_per_minute)
            self._engine.setProperty("pitch", pitch)
            # espeak queues settings, and pyttsx3 empties that queue when a run begins: wait until they are in force.
            self._settled()
            with redirect_stdout(io.StringIO()):
                # A leading space: the driver takes the offsets of words from espeak, which count from one.
                self._engine.save_to_file(" " + text.replace("\0", " "), file)
                self._engine.runAndWait()
            if os.fstat(memory).st_size <= 44:
                return np.zeros(0, np.int16)
            return np.frombuffer(read_wav(Path(file), TELEPHONE, convert=True), np.int16)
        finally:
            os.close(memory)


def _voice_names(engine: Any) -> frozenset[str]:
    """Every name a voice answers to: its language codes and its own name."""
    names: set[str] = set()
    for voice in engine.getProperty("voices"):
        names |= {str(each).strip("\x05\x02\x00") for each in voice.languages or ()}
        names |= {str(voice.name), str(voice.id).rsplit("/", 1)[-1]}
    return frozenset(name for name in names if name)


def finished(samples: Samples, rate: int = TELEPHONE.rate) -> bytes:
    """Sound as a prompt: at 8 kHz, silence before and behind it cut short, the loudest sample at −4.4 dBFS."""
    loud = resample(samples, rate, TELEPHONE.rate).astype(np.float32)
    peak = float(np.max(np.abs(loud), initial=0.0))
    if peak < 1:
        return bytes(2 * len(loud))
    voiced = np.flatnonzero(np.abs(loud) > peak * _QUIET)
    lead, tail = int(LEAD_SECONDS * TELEPHONE.rate), int(TAIL_SECONDS * TELEPHONE.rate)
    cut = loud[max(0, int(voiced[0]) - lead) : int(voiced[-1]) + tail] * (PEAK * 32767 / peak)
    return bytes(cut.astype(np.int16).tobytes())
