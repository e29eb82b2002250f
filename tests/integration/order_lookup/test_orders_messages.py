"""An SMS gateway on a real socket that answers, refuses, hangs, drips and fails; letters reach it once, by the whole way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr import config
from ivr.night_watch import open_messenger
from order_lookup import DownError, SqlOrderSystem, load_policies
from order_lookup import tables as t
from order_lookup.messengers import Letter, Messenger
from order_lookup.poller import Poller
from order_lookup.posting import TRIES, put
from tests.integration.shops import NOW

pytestmark = pytest.mark.integration
LETTER = Letter("call:cancel", "13800000000", "done", "zh", "您好")


@dataclass
class Gateway:
    """Answers as `mood` says, and remembers what it was sent."""

    mood: str = "fine"
    port: int = 0
    asked: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.asked.append((headers, json.loads(body)))
            await self.answer(headers, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        match self.mood:
            case "hangs":
                await asyncio.sleep(30)
            case "slams":
                writer.transport.abort()
            case "babbles":
                writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            case "drips":
                for byte in b"HTTP/1.1 200 OK\r\n":
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.2)
            case "fails" | "redirects":
                status = "500 Oops" if self.mood == "fails" else "302 Found\r\nlocation: http://127.0.0.1:9/"
                writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            case _:
                self.keys.add(headers["idempotency-key"])
                writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await writer.drain()


@asynccontextmanager
async def gateway(mood: str = "fine") -> AsyncIterator[Gateway]:
    made = Gateway(mood)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def configured(folder: Path, port: int, timeout_seconds: float = 0.5) -> Messenger:
    """The messenger as config.yaml describes it."""
    file = folder / "config.yaml"
    file.write_text(
        "orders:\n  messages:\n    kind: webhook\n"
        f"    url: http://127.0.0.1:{port}/send?from=shop\n    timeout_seconds: {timeout_seconds}\n"
        '    headers: {Authorization: "Bearer ${SMS_KEY}"}\n',
        encoding="utf-8",
    )
    return open_messenger(config.load(file))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_KEY", "s3cret\n")  # a file's line end came along


async def test_a_letter_arrives_with_key_and_secret(tmp_path: Path) -> None:
    async with gateway() as there:
        messenger = configured(tmp_path, there.port, 5)
        await messenger.send(LETTER)
    headers, body = there.asked[0]
    assert headers["authorization"] == "Bearer s3cret"
    assert headers["idempotency-key"] == LETTER.key.encode().hex()
    assert (body["to"], body["body"]) == (LETTER.to, LETTER.body)


@pytest.mark.parametrize(
    ("mood", "told"),
    [
        ("hangs", "no answer within 2 s"),
        ("drips", "no answer within 2 s"),
        ("fails", "answered 500"),
        ("redirects", "answered 302"),
        ("slams", "RemoteProtocolError|ReadError"),
        ("babbles", "RemoteProtocolError"),
    ],
)
async def test_a_gateway_that_does_not_answer_is_down_in_time(mood: str, told: str, tmp_path: Path) -> None:
    async with gateway(mood) as there:
        messenger = configured(tmp_path, there.port, 2)
        begun = time.monotonic()
        with pytest.raises(DownError, match=told):
            await messenger.send(LETTER)
        assert time.monotonic() - begun < 20  # it hangs for 30 s
    assert len(there.asked) == 1


async def test_nobody_there_is_down(tmp_path: Path) -> None:
    async with gateway() as there:
        port = there.port
    with pytest.raises(DownError, match="ConnectError"):
        await configured(tmp_path, port).send(LETTER)


async def test_the_outbox_gets_through_once_the_gateway_is_back(sqlite: Callable[[], str], tmp_path: Path) -> None:
    now = [NOW]
    desk = SqlOrderSystem(sqlite(), load_policies(), clock=lambda: now[0])
    for n in range(10):
        await desk.database.write(
            lambda session, n=n: put(session, f"k{n}", "13800000000", "done", "zh", "您好", NOW)  # type: ignore[misc]
        )
    async with gateway("hangs") as there:
        poller = Poller(desk, configured(tmp_path, there.port, 1))
        begun = time.monotonic()
        assert (await poller.round()).messages == 0
        assert time.monotonic() - begun < 25  # three that hang for a second, then it is left in peace
        assert len(there.asked) == 3
        there.mood = "fails"
        now[0] += timedelta(minutes=2)
        await poller.round()
        there.mood = "fine"
        for _ in range(TRIES):
            now[0] += timedelta(hours=1)
            await poller.round()
    assert len(there.keys) == 10
    states = await desk.database.read(lambda session: list(session.scalars(select(t.Message.state))))
    assert states == ["sent"] * 10
    await desk.close()


async def test_a_long_queue_never_outlives_its_leases(sqlite: Callable[[], str]) -> None:
    """Each letter is claimed when its turn comes, so that a slow gateway isn't sent the rest by somebody else as well."""
    desk = SqlOrderSystem(sqlite(), load_policies(), clock=lambda: NOW)
    for n in range(5):
        await desk.database.write(
            lambda session, n=n: put(session, f"k{n}", "13800000000", "done", "zh", "您好", NOW)  # type: ignore[misc]
        )
    claimed: list[int] = []

    def sending(session: Session) -> int:
        return len(session.scalars(select(t.Message.id).where(t.Message.state == "sending")).all())

    class Looking:
        async def send(self, letter: Letter) -> None:
            claimed.append(await desk.database.read(sending))

    await Poller(desk, Looking()).round()
    assert claimed == [1] * 5
    await desk.close()
