"""Requests without an end and connections without a request are let go, before anybody has logged in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from ivr.console import patience
from ivr.console.patience import LONGEST_BODY_BYTES, LONGEST_HEAD_BYTES, Message, PatientProtocol, bounded, too_large

BRIEF_SECONDS = 0.3


def sender(*parts: bytes, then_waits: bool = False) -> patience.Receive:
    left: Iterator[bytes] = iter(parts)

    async def receive() -> Message:
        if (part := next(left, None)) is None:
            if then_waits:
                await asyncio.sleep(60)
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": part, "more_body": True}

    return receive


async def taken(receive: patience.Receive) -> tuple[int, str]:
    """How many bytes came, and how it ended."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return size, str(message["type"])


@pytest.mark.parametrize(
    ("declared", "too_much"),
    [("", False), ("0", False), ("131072", False), ("131073", True), ("-1", True), ("³", True)],
)
def test_declared_length_is_believed_when_it_is_too_much(declared: str, too_much: bool) -> None:
    assert too_large(declared) is too_much


async def test_bodies_are_read_to_their_end_but_not_beyond_the_limit() -> None:
    assert await taken(bounded(sender(b"a" * 1000, b"b" * 1000))) == (2000, "http.request")
    size, ended = await taken(bounded(sender(*[b"a" * 65536] * 1000)))
    assert (size <= LONGEST_BODY_BYTES, ended) == (True, "http.disconnect")


async def test_slow_body_is_not_waited_for() -> None:
    receive = bounded(sender(b"name=", then_waits=True), BRIEF_SECONDS)
    assert await asyncio.wait_for(taken(receive), 10) == (5, "http.disconnect")
    assert (await receive())["type"] == "http.disconnect"


async def test_after_the_body_the_end_of_the_connection_may_be_awaited_long() -> None:
    """Streams of events and sound look for it for hours."""

    async def receive() -> Message:
        return parts.pop(0) if parts else await asyncio.sleep(2 * BRIEF_SECONDS, {"type": "http.disconnect"})

    parts: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    limited = bounded(receive, BRIEF_SECONDS)
    assert (await limited())["type"] == "http.request"
    began = asyncio.get_running_loop().time()
    assert (await limited())["type"] == "http.disconnect"
    assert asyncio.get_running_loop().time() - began > BRIEF_SECONDS


async def hello(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await asyncio.sleep(3 * BRIEF_SECONDS)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * LONGEST_HEAD_BYTES, False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
    ],
)
async def test_only_who_asks_is_waited_for(sent: bytes, answered: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", BRIEF_SECONDS)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(hello, http=PatientProtocol, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(sent)
        try:
            said = await asyncio.wait_for(reader.read(100), 10)
        except ConnectionResetError:
            said = b""
        assert said.startswith(b"HTTP/1.1 204") is answered
        writer.close()
        server.should_exit = True
        await serving
