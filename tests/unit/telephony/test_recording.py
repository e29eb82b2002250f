"""Two tracks become one stereo recording."""

from __future__ import annotations

import errno
import os
import struct
import time
import wave
from pathlib import Path

import pytest
import structlog

from ivr.errors import AudioFormatError
from ivr.telephony.playback import samples
from ivr.telephony.recording import merge, rescue
from ivr.tracks import tracks


def track(path: Path, values: list[int], finished: bool = True) -> None:
    """A mono WAV as pj writes it; unfinished ones have no length in their header."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(struct.pack(f"<{len(values)}h", *values))
    if not finished:
        data = bytearray(path.read_bytes())
        data[40:44] = bytes(4)
        path.write_bytes(data + b"\x01")


def frames(wav: Path) -> list[tuple[int, ...]]:
    with wave.open(str(wav)) as recorded:
        assert recorded.getparams()[:3] == (2, 2, 8000)
        flat = struct.unpack(f"<{recorded.getnframes() * 2}h", recorded.readframes(recorded.getnframes()))
    return list(zip(flat[::2], flat[1::2], strict=True))


def test_left_and_right_are_merged_and_the_shorter_filled_up(tmp_path: Path) -> None:
    wav = tmp_path / "call.wav"
    left, right = tracks(wav)
    track(left, [1, 2, 3])
    track(right, [-1])
    merge(wav)
    assert frames(wav) == [(1, -1), (2, 0), (3, 0)]
    assert list(tmp_path.iterdir()) == [wav]


def test_long_tracks_are_merged_piece_by_piece(tmp_path: Path) -> None:
    wav = tmp_path / "call.wav"
    left, right = tracks(wav)
    track(left, [7] * 100_000)
    track(right, [8] * 140_000)
    merge(wav)
    merged = frames(wav)
    assert merged == [(7, 8)] * 100_000 + [(0, 8)] * 40_000


def test_what_a_crash_left_is_rescued_but_not_what_is_still_written(tmp_path: Path) -> None:
    dead, alive = tmp_path / "dead.wav", tmp_path / "alive.wav"
    track(tracks(dead)[0], [1, 2], finished=False)
    track(tracks(alive)[0], [1])
    track(tracks(alive)[1], [1])
    os.utime(tracks(dead)[0], (time.time() - 60,) * 2)
    assert rescue(tmp_path) == [dead]
    assert frames(dead) == [(1, 0), (2, 0)]
    assert tracks(alive)[0].exists()
    assert rescue(tmp_path) == []


def test_a_recording_that_another_worker_rescued_first_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wav = tmp_path / "dead.wav"
    track(tracks(wav)[0], [1, 2])
    os.utime(tracks(wav)[0], (time.time() - 60,) * 2)

    def too_late(finished: Path) -> None:
        merge(finished)
        merge(finished)

    monkeypatch.setattr("ivr.telephony.recording.merge", too_late)
    with structlog.testing.capture_logs() as logged:
        assert rescue(tmp_path) == []
    assert logged == []
    assert frames(wav) == [(1, 0), (2, 0)]
    assert list(tmp_path.iterdir()) == [wav]


@pytest.mark.parametrize(("rate", "channels", "width"), [(16000, 1, 2), (8000, 2, 2), (8000, 1, 1)])
def test_a_prompt_of_the_wrong_format_is_refused(tmp_path: Path, rate: int, channels: int, width: int) -> None:
    file = tmp_path / "prompt.wav"
    with wave.open(str(file), "wb") as out:
        out.setframerate(rate)
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.writeframes(bytes(160))
    with pytest.raises(AudioFormatError, match=f"{rate} Hz, {channels} channel.*convert it: sox"):
        samples(file)


def test_a_file_that_is_no_wav_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"RIFF", b"ID3 music" * 50):
        (tmp_path / "x.wav").write_bytes(content)
        with pytest.raises(AudioFormatError, match="can't be played"):
            samples(tmp_path / "x.wav")


def test_a_full_disk_leaves_the_tracks_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wav = tmp_path / "call.wav"
    for path in tracks(wav):
        track(path, [1, 2, 3])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(wave.Wave_write, "writeframes", full)
        with pytest.raises(OSError, match="No space left"):
            merge(wav)
    assert sorted(tmp_path.iterdir()) == sorted(tracks(wav))
    merge(wav)
    assert frames(wav) == [(1, 1), (2, 2), (3, 3)]
