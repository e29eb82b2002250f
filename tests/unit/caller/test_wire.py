"""The port of a wire: any that is free for UDP and TCP, or the one that was asked for and no other."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ivr.caller.wire import Wire
from ivr.errors import UserError


def test_any_port_is_one_that_is_free_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    listen, refused = asyncio.start_server, list[int]()

    async def taken_twice(accepted: object, address: str, port: int) -> object:
        if len(refused) < 2:
            refused.append(port)
            raise OSError(98, "Address already in use")
        return await listen(accepted, address, port)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "start_server", taken_twice)

    async def started() -> int:
        wire = Wire(lambda data, peer: None)
        await wire.start("127.0.0.1", 0)
        with socket.create_connection(("127.0.0.1", wire.port), timeout=2):
            wire.close()
        return wire.port

    assert asyncio.run(started()) > 0
    assert len(refused) == 2


def test_a_port_that_was_asked_for_and_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"SIP port {port} on 127.0.0.1 can't be opened"):
            asyncio.run(Wire(lambda data, peer: None).start("127.0.0.1", port))
