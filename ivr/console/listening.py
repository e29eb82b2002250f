"""Listening in: a call's two tracks, read as they grow, and the answer that streams them to one browser.

Only files are read, so the call notices nothing. Each look is one short read off the event loop; what is not asked for is not read.
It ends when the tracks have been merged, when they stop growing (their worker died), when the listener's login is over, or when the
browser goes or no longer reads.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ivr.console.live_sound import beginning, endless_header, next_piece, offset_of, samples_in, stereo
from ivr.tracks import SAMPLE_BYTES, tracks

LOOK_SECONDS = 0.1
STALLED_SECONDS = 10.0
CHECK_SECONDS = 15.0
# A player that is paused reads no more: it may go on within this time, and then hears now.
UNREAD_SECONDS = 60.0


class LiveTracks:
    """Both tracks of a call that goes on, open for reading; raises FileNotFoundError when there are none."""

    def __init__(self, wav: Path, clock: Callable[[], float] = time.monotonic) -> None:
        left, right = tracks(wav)
        self._files = [left.open("rb", buffering=0)]
        try:
            self._files.append(right.open("rb", buffering=0))
        except OSError:
            self._files[0].close()
            raise
        self._clock, self._lock = clock, threading.Lock()
        self._longest, self._grew_at = 0, clock()
        self._position = beginning(*self._lengths())

    def read(self) -> bytes | None:
        """What has come since the last look, as stereo, a second at most; None once nothing more will come."""
        with self._lock:  # whoever closes waits until this look is done, and then the file's number may be another's
            if self._files[0].closed:
                return None
            over = self._over()
            left, right = self._lengths()
            piece = next_piece(self._position, left, right, over)
            if not piece.samples:
                return None if over or self._stalled(max(left, right)) else b""
            size, offset = piece.samples * SAMPLE_BYTES, offset_of(piece.at)
            self._position = piece.at + piece.samples
            heard = [os.pread(file.fileno(), size, offset) for file in self._files]
            self._grew_at = self._clock()
            return stereo(heard[0], heard[1], piece.samples)

    def _lengths(self) -> tuple[int, int]:
        left, right = (samples_in(os.fstat(file.fileno()).st_size) for file in self._files)
        return left, right

    def _over(self) -> bool:
        """Merged tracks are removed, and were whole before."""
        return any(os.fstat(file.fileno()).st_nlink == 0 for file in self._files)

    def _stalled(self, longest: int) -> bool:
        if longest > self._longest:
            self._longest, self._grew_at = longest, self._clock()
        return self._clock() - self._grew_at > STALLED_SECONDS

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for file in self._files:
                file.close()


async def live_wav(live: LiveTracks, goes_on: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """An endless WAV of a call, while it lasts and `goes_on`."""
    yield endless_header()
    checked_at = time.monotonic()
    while (heard := await asyncio.to_thread(live.read)) is not None:
        if heard:
            yield heard
        else:
            await asyncio.sleep(LOOK_SECONDS)
        if time.monotonic() - checked_at > CHECK_SECONDS:
            checked_at = time.monotonic()
            if not await goes_on():
                return


class LiveSound(StreamingResponse):
    """The stream's answer; however it ends, `over` is awaited, once."""

    def __init__(self, sound: AsyncIterator[bytes], over: Callable[[], Awaitable[None]]) -> None:
        super().__init__(sound, media_type="audio/wav", headers={"Cache-Control": "no-store"})
        self._over = over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the call is over or the browser is gone."""

        async def send_in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), UNREAD_SECONDS)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            pass  # nobody reads: the server closes the connection of an answer that was left unfinished
        finally:
            # A task of its own: whoever cancels this answer must not cancel what is written about it.
            await asyncio.shield(asyncio.ensure_future(self._over()))
