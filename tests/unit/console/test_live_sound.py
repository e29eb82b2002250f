"""Listening in: what is sent of two growing tracks, and how the reading of them ends."""

from __future__ import annotations

import asyncio
import io
import struct
import wave
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from ivr.console import listening
from ivr.console.limits import Places
from ivr.console.listening import STALLED_SECONDS, LiveSound, LiveTracks, live_wav
from ivr.console.live_sound import Piece, beginning, endless_header, next_piece, samples_in, stereo
from ivr.tracks import HEADER_BYTES, TRACK_RATE_HZ, tracks

SECOND = TRACK_RATE_HZ


def values(first: int, count: int) -> bytes:
    return struct.pack(f"<{count}h", *range(first, first + count))


def pairs(sound: bytes) -> list[tuple[int, ...]]:
    return list(struct.iter_unpack("<hh", sound))


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """Two tracks of half a second: left counts from 0, right from 10,000."""
    wav = tmp_path / "call.wav"
    for track, first in zip(tracks(wav), (0, 10_000), strict=True):
        track.write_bytes(bytes(HEADER_BYTES) + values(first, SECOND // 2))
    return wav


def grow(wav: Path, side: int, first: int, count: int) -> None:
    with tracks(wav)[side].open("ab") as track:
        track.write(values(first, count))


def test_the_header_is_that_of_a_stereo_wav_without_end() -> None:
    header = endless_header()
    assert len(header) == HEADER_BYTES
    with wave.open(io.BytesIO(header + bytes(400))) as heard:
        assert heard.getparams()[:3] == (2, 2, SECOND)
        assert heard.getnframes() == 0xFFFFFFFF // 4


@pytest.mark.parametrize(("size", "samples"), [(0, 0), (44, 0), (45, 0), (46, 1), (49, 2), (4096, 2026)])
def test_a_track_has_whole_samples_behind_its_header(size: int, samples: int) -> None:
    assert samples_in(size) == samples


def test_it_begins_about_a_second_ago() -> None:
    assert beginning(5 * SECOND, 5 * SECOND + 100) == 4 * SECOND
    assert beginning(100, 0) == 0


@pytest.mark.parametrize(
    ("position", "left", "right", "over", "expected"),
    [
        (0, 0, 0, False, Piece(0, 0)),
        (100, 500, 500, False, Piece(100, 400)),
        (100, 500, 300, False, Piece(100, 200)),
        (300, 5000, 300, False, Piece(300, 700)),
        (1000, 5000, 300, False, Piece(1000, 0)),
        (300, 5000, 300, True, Piece(300, 4700)),
        (0, 3 * SECOND, 3 * SECOND, False, Piece(0, SECOND)),
        (0, 60 * SECOND, 60 * SECOND, False, Piece(59 * SECOND, SECOND)),
        (500, 500, 500, True, Piece(500, 0)),
    ],
    ids=["empty", "both", "the shorter", "half a second's patience", "used up", "the rest", "a second", "now", "end"],
)
def test_what_is_sent_next(position: int, left: int, right: int, over: bool, expected: Piece) -> None:
    assert next_piece(position, left, right, over) == expected


def test_two_tracks_side_by_side_and_silence_where_one_ends() -> None:
    assert pairs(stereo(values(1, 3), values(-1, 1) + b"\x07", 4)) == [(1, -1), (2, 0), (3, 0), (0, 0)]


def test_growing_tracks_are_read_as_they_come_and_to_their_end(call: Path) -> None:
    live = LiveTracks(call)
    assert pairs(live.read() or b"") == [(n, 10_000 + n) for n in range(4000)]
    assert live.read() == b""
    grow(call, 0, 4000, 100)
    assert live.read() == b"", "the other track is waited for"
    grow(call, 1, 14_000, 60)
    assert pairs(live.read() or b"") == [(4000 + n, 14_000 + n) for n in range(60)]
    for track in tracks(call):
        track.unlink()
    assert pairs(live.read() or b"") == [(4060 + n, 0) for n in range(40)]
    assert live.read() is None
    live.close()


def test_tracks_that_stop_growing_are_over(call: Path) -> None:
    now = 100.0
    live = LiveTracks(call, lambda: now)
    assert live.read()
    now += STALLED_SECONDS - 1
    assert live.read() == b""
    grow(call, 0, 4000, 10)
    assert live.read() == b""
    now += STALLED_SECONDS - 1
    assert live.read() == b"", "it grew meanwhile"
    now += 2
    assert live.read() is None
    live.close()


def test_closed_tracks_are_not_read(call: Path) -> None:
    live = LiveTracks(call)
    live.close()
    assert live.read() is None


def test_without_both_tracks_nothing_is_left_open(call: Path) -> None:
    tracks(call)[1].unlink()
    with pytest.raises(FileNotFoundError):
        LiveTracks(call)


async def test_who_is_logged_out_hears_no_more(call: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "CHECK_SECONDS", 0.05)
    asked = 0

    async def goes_on() -> bool:
        nonlocal asked
        asked += 1
        return asked < 3

    live = LiveTracks(call)
    heard = [piece async for piece in live_wav(live, goes_on)]
    live.close()
    assert (heard[0], asked) == (endless_header(), 3)


async def answered(call: Path, send: Any, receive: Any) -> int:
    """How often the end was told."""
    told = 0

    async def over() -> None:
        nonlocal told
        told += 1
        live.close()

    async def goes_on() -> bool:
        return True

    live = LiveTracks(call)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "asgi": {"spec_version": "2.3"}}
    await asyncio.wait_for(LiveSound(live_wav(live, goes_on), over)(scope, receive, send), 5.0)
    return told


async def test_it_stops_when_the_browser_goes(call: Path) -> None:
    heard, gone = [], asyncio.Event()

    async def send(message: MutableMapping[str, Any]) -> None:
        heard.append(message)
        if len(heard) == 3:
            gone.set()

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    assert await answered(call, send, receive) == 1
    assert [message["type"].split(".")[-1] for message in heard] == ["start", "body", "body"]


async def test_it_stops_when_nobody_reads(call: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "UNREAD_SECONDS", 0.1)

    async def stuck(_: object) -> None:
        await asyncio.Event().wait()

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    assert await answered(call, stuck, receive) == 1


def test_so_many_may_listen_to_one_call_and_altogether() -> None:
    places = Places(per_key=2, altogether=3)
    assert [places.take("a") for _ in range(3)] == [True, True, False]
    assert [places.take("b") for _ in range(2)] == [True, False]
    places.leave("a")
    assert places.free("b")
    assert places.take("b")
    assert not places.free("a")
