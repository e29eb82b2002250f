"""What a human recorded of the prompts: whole ones by their id, and pieces that are put together (`pieces`).

A whole recording is played as long as the prompt's text is the one that was read: `said.yaml` beside it, written by
`ivr prompts import`, tells. One that was put there by hand, without a line in `said.yaml`, is believed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import structlog

from ivr.commands import Prompt
from ivr.document import Document
from ivr.errors import AudioFormatError, UserError
from ivr.speech.audio import Samples, read_wav
from ivr.speech.pieces import SLOWER_SECONDS, Piece, PieceFolder, plain
from ivr.speech.takes import joined, trimmed
from ivr.values import Language

log = structlog.get_logger(__name__)

_PLAIN_NAME = re.compile(r"[\w.-]+")


class Recordings:
    """The recordings below `prompts/<language>/recordings`; what is changed there is seen at the next prompt."""

    def __init__(self, prompts: Path) -> None:
        self._prompts = prompts
        self._usable: dict[Path, tuple[float | None, bool]] = {}
        self._said: dict[Language, tuple[float, dict[str, str]]] = {}
        self._stale: set[tuple[str, str]] = set()
        self._folders = {each: PieceFolder(prompts / each / "recordings" / "pieces", each) for each in _LANGUAGES}

    def whole(self, prompt: Prompt) -> Path | None:
        """The recording of a prompt, if it is usable and says what the prompt says; each fault is logged once per change."""
        if not prompt.recordable or not _PLAIN_NAME.fullmatch(prompt.id) or prompt.id.startswith("."):
            return None
        file = self._prompts / prompt.language / "recordings" / f"{prompt.id}.wav"
        changed = _changed(file)
        if changed is None:
            return None
        if self._usable.get(file, (None, False))[0] != changed:
            self._usable[file] = (changed, _readable(file))
        return file if self._usable[file][1] and self._up_to_date(prompt) else None

    def pieces(self, prompt: Prompt) -> list[Piece] | None:
        """The recordings that say the prompt together, or None."""
        found = self._folders[prompt.language].pieces(prompt.text)
        if found is None or prompt.rate >= 1:
            return found
        apart = SLOWER_SECONDS * (1 / prompt.rate - 1)
        return [Piece(piece.file, piece.pause_seconds + apart) for piece in found]

    def _up_to_date(self, prompt: Prompt) -> bool:
        read = self._read_aloud(prompt.language).get(prompt.id)
        if read is None or plain(read, prompt.language) == plain(prompt.text, prompt.language):
            return True
        if (prompt.id, prompt.text) not in self._stale:
            self._stale.add((prompt.id, prompt.text))
            log.warning("recording_stale", prompt=prompt.id, recorded=read, instead="synthesis")
        return False

    def _read_aloud(self, language: Language) -> dict[str, str]:
        file = said_file(self._prompts, language)
        changed = _changed(file) or 0.0
        if self._said.get(language, (-1.0, {}))[0] != changed:
            self._said[language] = (changed, read_aloud(self._prompts, language))
        return self._said[language][1]


_LANGUAGES: tuple[Language, ...] = ("zh", "en")


def said_file(prompts: Path, language: Language) -> Path:
    """Where it is written what each recording of a language says."""
    return prompts / language / "recordings" / "said.yaml"


def read_aloud(prompts: Path, language: Language) -> dict[str, str]:
    """What each whole recording said when it was imported, by its id; nothing where nobody wrote it down, or it can't be read."""
    try:
        return read_strictly(prompts, language)
    except UserError as fault:
        log.error("said_unreadable", fault=str(fault), instead="every recording is believed")
        return {}


def read_strictly(prompts: Path, language: Language) -> dict[str, str]:
    """`read_aloud` for whoever writes it anew: what can't be read raises UserError rather than being lost."""
    file = said_file(prompts, language)
    found = Document(file).data if file.exists() else {}
    return {str(key): str(text) for key, text in found.items()} if isinstance(found, dict) else {}


def write_down(prompts: Path, language: Language, said: Mapping[str, str]) -> None:
    """Write what each whole recording says, whole or not at all; raises OSError."""
    note = "# What each recording says, written by `ivr prompts import`. A prompt that says something else is synthesised.\n"
    lines = [f"{each}: {json.dumps(text, ensure_ascii=False)}\n" for each, text in sorted(said.items())]
    file = said_file(prompts, language)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_text(note + "".join(lines), encoding="utf-8")
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def together(pieces: Sequence[Piece]) -> bytes:
    """The sound of recordings one after another; raises AudioFormatError naming the file that can't be played."""
    found = [(piece.file, piece.file.stat(), piece.pause_seconds) for piece in pieces]
    return joined([(_sound(file, (stat.st_mtime, stat.st_size)), pause) for file, stat, pause in found])


@lru_cache(maxsize=1024)
def _sound(file: Path, changed: tuple[float, int]) -> Samples:
    """A recording without the silence around it; `changed` is part of the cache's key."""
    return trimmed(np.frombuffer(read_wav(file), np.int16))


def _changed(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:
        return None


def _readable(file: Path) -> bool:
    try:
        read_wav(file)
    except AudioFormatError as fault:
        log.error("recording_unusable", fault=str(fault), instead="synthesis")
        return False
    return True
