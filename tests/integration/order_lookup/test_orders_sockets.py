"""A backend on a real socket that hangs, drips, half-closes or isn't there: always a clear error, always in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from order_lookup import (
    Action,
    ActionRequest,
    BrokenError,
    CallerRef,
    Claim,
    DownError,
    HttpOrderSystem,
    LedgerState,
    TicketRequest,
    load_policies,
)
from order_lookup.backend.mapping import BackendSettings, Mapping
from order_lookup.demo import CASES
from tests.integration.shops import NOW

pytestmark = pytest.mark.integration
PORT = 18120
ME = CASES["refundable_parcel"]
Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n"


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the other side gives up


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    for _ in range(300):  # each byte well within a read timeout
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'[{"number": "3026')
    await writer.drain()
    writer.write_eof()
    await reader.read()


async def slam(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")


def desk_on(folder: Path, retries: int = 1, timeout_seconds: float = 0.5) -> HttpOrderSystem:
    url = f"http://127.0.0.1:{PORT}"
    settings = BackendSettings(url=url, timeout_seconds=timeout_seconds, retries=retries, fresh_seconds=30)
    return HttpOrderSystem(Mapping(backend=settings), f"sqlite:///{folder}/mirror.db", load_policies(), lambda: NOW)


async def serving(behave: Behave) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", PORT)


@pytest.mark.parametrize("behave", [hang, drip, half, slam, babble, None], ids=lambda b: b.__name__ if b else "nobody")
async def test_it_is_down_in_time_and_tickets_work(behave: Behave | None, tmp_path: Path) -> None:
    desk = desk_on(tmp_path)
    await desk.local.database.prepare()
    server = await serving(behave) if behave else None
    begun = time.monotonic()
    with pytest.raises(DownError):
        await desk.caller(ME.phone)
    assert time.monotonic() - begun < 20  # two tries of half a second, a pause, and a busy machine; it drips for 30 s
    ticket = await desk.open_ticket(TicketRequest(CallerRef("c", ME.phone), "order_status", "logistics/late", "x"))
    assert ticket.number
    await desk.close()
    if server is not None:
        server.close()


async def test_an_action_without_an_answer_is_unknown(tmp_path: Path) -> None:
    """The order is in the mirror already, then the backend hangs: the action is sent, and nobody knows."""
    order = (
        f'{{"number": "{ME.order_number}", "customer": {{"name": "张静", "phones": ["{ME.phone}"]}}, "kind": "parcel",'
        '"stage": "paid", "currency": "CNY", "total_minor": 8900, "placed_at": "2027-03-10T12:00:00+08:00",'
        '"payments": [{"amount_minor": 8900, "paid_at": "2027-03-10T12:01:00+08:00", "reference": "p1"}]}'
    )
    waiting = {"hang": False}

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if waiting["hang"]:
            await reader.read()
        body = order.encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (len(body), body)
        )
        await writer.drain()

    server = await serving(behave)
    desk = desk_on(tmp_path, retries=0, timeout_seconds=2)
    await desk.local.database.prepare()
    caller = CallerRef("c", ME.phone)
    assert (await desk.decide("order_status", ME.order_number, caller)).reason == "status_paid"
    with pytest.raises(BrokenError):  # one order where a list belongs
        await desk.caller(ME.phone)
    assert (await desk.verify(caller, Claim(name="张静", order_number=ME.order_number))).passed
    waiting["hang"] = True
    result = await desk.act(ActionRequest(caller, "cancel_order", Action.CANCEL, ME.order_number))
    assert result.state is LedgerState.UNKNOWN
    await desk.close()
    server.close()
