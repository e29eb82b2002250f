"""The recording of one leg: two native mono recorders, merged to one stereo WAV once the leg has ended.

Left is what the far end says, right what it hears. Both tracks are fed silence all the time, so that they run in step from
their first sample. The tracks are written beside the recording as `.left` and `.right` files: what a killed worker leaves of
them, all but a quarter of a second, any worker that records into the same folder merges later (`rescue`).
"""

from __future__ import annotations

import os
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pjsua2 as pj
import structlog

from ivr.telephony.ear import RATE_HZ
from ivr.tracks import HEADER_BYTES, half_merged, tracks

log = structlog.get_logger(__name__)

CHUNK_SAMPLES = 1 << 16
SETTLE_SECONDS = 2.0


class Recording:
    """Two recorders that run until they are closed."""

    def __init__(self, wav: Path) -> None:
        self.wav = wav
        wav.parent.mkdir(parents=True, exist_ok=True)
        self.left, self.right = (_recorder(track) for track in tracks(wav))


def _recorder(track: Path) -> pj.AudioMediaRecorder:
    # pjmedia tells the format by the name's ending, so the recorder writes to `.wav` and the file is renamed under it.
    named = track.with_name(track.name + ".wav")
    recorder = pj.AudioMediaRecorder()
    recorder.createRecorder(str(named))
    os.replace(named, track)
    return recorder


def merge(wav: Path) -> None:
    """Write the stereo WAV from its two tracks and remove them; the shorter track is filled up with silence."""
    paths = tracks(wav)
    for path in paths:
        _settle(path)
    unfinished = half_merged(wav)
    try:
        with paths[0].open("rb") as left, paths[1].open("rb") as right, wave.open(str(unfinished), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(RATE_HZ)
            for pair in _pairs(left, right):
                out.writeframes(pair)
        os.replace(unfinished, wav)
    finally:
        unfinished.unlink(missing_ok=True)  # on a full disk; the tracks stay, and are rescued when there is room
    for path in paths:
        path.unlink(missing_ok=True)


def rescue(folder: Path, quiet_seconds: float = 5.0) -> list[Path]:
    """Merge the recordings that a crash left as tracks in a folder, and return them.

    Another worker's tracks grow as long as its calls last, on hold too: those that were written to lately are left alone.
    Two workers may rescue the same one: both come to the same file.
    """
    finished = []
    for left in sorted(folder.glob("*.wav.left")):
        wav = left.with_suffix("")
        right = tracks(wav)[1]
        try:
            if time.time() - left.stat().st_mtime < quiet_seconds:
                continue
            right.touch()
            merge(wav)
            finished.append(wav)
        except OSError as fault:
            if wav.exists():
                right.unlink(missing_ok=True)
                continue  # another worker, or the one whose call it was, came first
            log.error("recording could not be rescued", wav=str(wav), fault=str(fault))
    return finished


def _settle(track: Path) -> None:
    """Wait until the recorder has written its header's final length; a crash left none, and the size on disk counts."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with track.open("rb") as file:
            header = file.read(HEADER_BYTES)
        size = track.stat().st_size
        if len(header) < HEADER_BYTES or int.from_bytes(header[40:44], "little") == size - HEADER_BYTES > 0:
            return
        time.sleep(0.02)


def _pairs(left: BinaryIO, right: BinaryIO) -> Iterator[bytes]:
    left.seek(HEADER_BYTES)
    right.seek(HEADER_BYTES)
    while True:
        both = [np.frombuffer(_whole(track.read(CHUNK_SAMPLES * 2)), dtype="<i2") for track in (left, right)]
        length = max(len(track) for track in both)
        if not length:
            return
        stereo = np.zeros((length, 2), dtype="<i2")
        for column, track in enumerate(both):
            stereo[: len(track), column] = track
        yield stereo.tobytes()


def _whole(data: bytes) -> bytes:
    return data[: len(data) // 2 * 2]
