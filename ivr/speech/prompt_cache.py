"""The prompt cache: WAV files on disk, named by what they say and how; shared by all processes of a host.

A file is there whole or not at all. A hit renews its date at most once a day; what nobody needed for a month is removed. What
is personal never enters the cache: it gets a nameless file of its own that is deleted after it was said.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from ivr.speech.audio import write_wav
from ivr.values import Language

# Part of every name: a change in how prompts are made must not find files made otherwise.
_EDITION = "2"
_DAY_SECONDS = 86_400.0
KEEP_SECONDS = 30 * _DAY_SECONDS
PRIVATE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Speaking:
    """What is said and how: `words_per_minute` has the prompt's rate factor in it."""

    text: str
    language: Language
    voice: str
    words_per_minute: int

    @property
    def pitch(self) -> int:
        """espeak-ng's pitch, 0 to 100."""
        return _PITCH[self.language]

    @property
    def key(self) -> str:
        """The file's name without ending."""
        said = "\n".join((_EDITION, self.language, self.voice, str(self.words_per_minute), str(self.pitch), self.text))
        return f"{self.language}-{hashlib.sha256(said.encode()).hexdigest()[:32]}"


# At espeak-ng's 165 words a minute its Mandarin says 3.3 syllables a second, where people on the telephone say 4 to 4.5.
_PACE: dict[Language, float] = {"zh": 1.25, "en": 1.0}
# Measured at 8 kHz with white noise 5 dB below: of digits said by voice `cmn` the bundled recogniser understood 88 % at pitch 70,
# 78 % at 60, 71 % at the usual 50; without noise all of them at each. 65 is a light voice that still sounds like one.
_PITCH: dict[Language, int] = {"zh": 65, "en": 50}


def words_per_minute(normal: int, language: Language, rate: float) -> int:
    """The speed for a language and a prompt's rate factor, within what espeak-ng can do (80 to 450)."""
    return min(450, max(80, round(normal * _PACE[language] * rate)))


class PromptCache:
    """A folder of prompts; every method may raise OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.private = folder, folder / "private"

    def file(self, speaking: Speaking) -> Path:
        """Where the prompt is or would be; two letters of the hash as folder keep folders small."""
        return self.folder / speaking.key[3:5] / f"{speaking.key}.wav"

    def find(self, speaking: Speaking) -> Path | None:
        """The prompt's file if it is there."""
        file = self.file(speaking)
        try:
            age = time.time() - file.stat().st_mtime
        except FileNotFoundError:
            return None
        if age > _DAY_SECONDS:
            file.touch()
        return file

    def keep(self, speaking: Speaking, pcm: bytes) -> Path:
        """Put the prompt into the cache."""
        file = self.file(speaking)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_wav(file, pcm)
        return file

    def keep_private(self, pcm: bytes) -> Path:
        """Put sound into a file that no text leads to and that only this user may read."""
        self.private.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.private / f"{uuid.uuid4().hex}.wav"
        write_wav(file, pcm, mode=0o600)
        return file

    def sweep(self, now: float | None = None) -> int:
        """Remove private files of calls long over, prompts unused for a month, and half-written files; returns how many."""
        now = time.time() if now is None else now
        removed = 0
        for file in self.folder.glob("*/*"):
            limit = PRIVATE_SECONDS if file.parent == self.private or file.suffix == ".part" else KEEP_SECONDS
            try:
                if now - file.stat().st_mtime > limit:
                    file.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed
