"""The two tracks of a recording while its call lasts: where they lie, and what is in them.

Whoever records writes them, whoever listens in reads what is there. Both are mono WAV of 8 kHz and 16 bits that begin with the
same sample. Their headers say a length only when the recorder is closed; until then the size on disk counts, which runs up to
half a second behind (the recorder and the C library write 4 KiB, a quarter of a second, at a time).
"""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path

TRACK_RATE_HZ = 8000
SAMPLE_BYTES = 2
HEADER_BYTES = 44
# What is behind a recording's name: its two tracks, and the file they are being merged into, by the number of a process.
TRACKS = (".left", ".right")
PART = ".part-"


def room_for_more(folder: Path, keep_free_bytes: int) -> bool:
    """Whether so much would still be free: recordings fill a disk first, and all else needs room, too."""
    try:
        return shutil.disk_usage(folder).free > keep_free_bytes
    except OSError:
        return True


def tracks(wav: Path) -> tuple[Path, Path]:
    """The files of the left and the right track of a recording."""
    left, right = (wav.with_name(wav.name + ending) for ending in TRACKS)
    return left, right


def parts(wav: Path) -> list[Path]:
    """What processes that were killed while they merged it have left."""
    return list(wav.parent.glob(f"{glob.escape(wav.name)}{PART}*"))


def half_merged(wav: Path) -> Path:
    """Where this process writes a recording until it is whole."""
    return wav.with_name(f"{wav.name}{PART}{os.getpid()}")
