"""Flite's voices, made from recordings of people: English from text, Mandarin from mapped phones."""

from __future__ import annotations

import random
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.engines.accents import phones_of
from training.languages import Language
from training.sound import to_telephone_rate
from training.utterances import Recording, Samples, Script


def read_wave(path: Path) -> tuple[Samples, int]:
    """A 16-bit mono WAV file as samples and rate in Hz."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2"), file.getframerate()


class Flite:
    """Flite by its command; few voices, so tract and pitch are shifted more than elsewhere."""

    def __init__(self, language: Language, voices: Sequence[str], split: str) -> None:
        self._language, self._voices, self._split = language, list(voices), split

    def say(self, script: Script, random_: random.Random) -> Recording | None:
        """The script by one of the voices, drawn with tempo and, in training, size of the speaker."""
        voice = random_.choice(self._voices)
        stretch = random_.uniform(0.7, 1.5)
        size = random_.uniform(0.76, 1.2) if self._split == "train" else 1.0
        if self._language.code == "zh":
            words = phones_of(self._language.sounds(script, random_), "english", random_)
            phones = ["pau"]
            for word in words:
                phones += word + (["pau"] if random_.random() < 0.1 else [])
            what = ["-p", " ".join([*phones, "pau"])]
        else:
            separators = [", " if random_.random() < 0.1 else " " for _ in script.words]
            what = ["-t", "".join(w + s for w, s in zip(script.words, separators, strict=True)).strip(" ,")]
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "said.wav"
            command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.2f}", *what, "-o", str(target)]
            if subprocess.run(command, capture_output=True).returncode or not target.exists():
                return None
            samples, rate_hz = read_wave(target)
        if len(samples) < rate_hz // 10:
            return None
        return Recording(script, f"flite/{voice}", to_telephone_rate(samples, rate_hz, size))
