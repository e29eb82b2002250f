"""How much a request may bring and how long that may take: whoever sends without end, or hardly at all, is let go.

Both hold before anybody is asked who they are. A body is read into memory, a large form into ten times as much, and every open
connection takes a descriptor, long before the login has a say.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import TimerHandle, Transport
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

# The longest that anybody writes here is a ticket's answer.
LONGEST_BODY_BYTES = 128 * 1024
LONGEST_HEAD_BYTES = 64 * 1024
BODY_SECONDS = HEAD_SECONDS = 20.0


def too_large(declared: str) -> bool:
    """Whether a Content-Length is more than is taken, or none."""
    return bool(declared) and not (declared.isascii() and declared.isdigit() and int(declared) <= LONGEST_BODY_BYTES)


def bounded(receive: Receive, seconds: float = BODY_SECONDS) -> Receive:
    """A request's messages; a body that is too long or too slow ends as if its sender had gone."""
    ends_at = time.monotonic() + seconds
    read, complete, gone = 0, False, False

    async def message() -> Message:
        nonlocal read, complete, gone
        if complete:
            return await receive()
        if not gone:
            try:
                part = await asyncio.wait_for(receive(), max(0.0, ends_at - time.monotonic()))
            except TimeoutError:
                part = {"type": "http.disconnect"}
            read += len(part.get("body", b""))
            complete = part["type"] == "http.request" and not part.get("more_body", False)
            gone = part["type"] == "http.disconnect" or read > LONGEST_BODY_BYTES
        return {"type": "http.disconnect"} if gone else part

    return message


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's connection, which would wait for ever for the head of a request, and take one of any length."""

    _head_bytes = 0
    _waiting: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Somebody is there; a request should follow."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a head, or of what follows it."""
        super().data_received(data)
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.transport.get_protocol() is not self:
            self._wait_no_more()
            return
        self._head_bytes += len(data)
        if self._head_bytes > LONGEST_HEAD_BYTES:
            self.transport.abort()
        elif self._waiting is None:
            self._wait()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _wait_no_more(self) -> None:
        self._head_bytes = 0
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
