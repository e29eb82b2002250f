"""espeak-ng by its C interface: text to PCM (speak_lib.h of espeak-ng 1.52). Runs as a child of `speaker`.

The caller's own synthesis, in another voice than the robot's. The library is process-wide and not thread-safe.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np

from ivr.caller.child import Reply, serve
from ivr.caller.codec import RATE, Samples

SYNCHRONOUS, DONT_EXIT = 2, 0x8000
RATE_PARAMETER, PITCH_PARAMETER = 1, 3
UTF8 = 1
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """The library, initialised once."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        folder = espeakng_loader.get_data_path().encode()
        self._rate = self._library.espeak_Initialize(SYNCHRONOUS, 0, folder, DONT_EXIT)
        if self._rate <= 0:
            raise RuntimeError("espeak-ng could not be initialised")
        self._pieces: list[bytes] = []
        # Kept as an attribute: the library holds a bare pointer to it.
        self._callback = CALLBACK(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)

    def render(self, text: str, voice: str, words_per_minute: int, pitch: int = 50) -> Samples:
        """The text as 8 kHz PCM; an unknown voice raises ValueError."""
        _, _, variant = voice.partition("+")
        # The library takes a variant it doesn't have for no variant, without a word.
        exists = not variant or Path(espeakng_loader.get_data_path(), "voices", "!v", variant).is_file()
        if not exists or self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice `{voice}`")
        self._library.espeak_SetParameter(RATE_PARAMETER, words_per_minute, 0)
        self._library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
        self._pieces.clear()
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, UTF8, None, None)
        self._library.espeak_Synchronize()
        return resampled(np.frombuffer(b"".join(self._pieces), np.int16), self._rate, RATE)

    def _collect(self, pcm: Any, count: int, events: Any) -> int:
        if pcm and count > 0:
            self._pieces.append(ctypes.string_at(pcm, count * 2))
        return 0


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """A whole utterance at another rate, band-limited, by its spectrum."""
    if rate == wanted or not len(samples):
        return samples
    count = round(len(samples) * wanted / rate)
    spectrum = np.fft.rfft(samples.astype(np.float64))
    kept = np.zeros(count // 2 + 1, np.complex128)
    width = min(len(kept), len(spectrum))
    kept[:width] = spectrum[:width]
    sound = np.fft.irfft(kept, count) * (count / len(samples))
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def main() -> None:
    """Serve requests {text, voice, words_per_minute, pitch} with PCM."""
    espeak = Espeak()

    def handle(head: dict[str, Any], _: bytes) -> Reply:
        try:
            samples = espeak.render(head["text"], head["voice"], head["words_per_minute"], head["pitch"])
        except ValueError as fault:
            return {"error": str(fault)}, b""
        return {}, samples.tobytes()

    serve(handle)


if __name__ == "__main__":
    main()
