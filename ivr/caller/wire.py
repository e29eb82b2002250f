"""SIP over UDP and TCP: bytes in and out, whole messages only (RFC 3261 §18)."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Literal

from ivr.errors import UserError


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a message came from or goes to."""

    host: str
    port: int
    transport: Literal["udp", "tcp"] = "udp"


Receive = Callable[[bytes, Peer], None]
FREE_PORT_TRIES = 10


class Wire(asyncio.DatagramProtocol):
    """One local SIP port on UDP and TCP; `receive` gets every message with where it came from."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._streams: dict[tuple[str, int], asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.address, self.port = "", 0

    async def start(self, address: str, port: int) -> None:
        """Bind both transports to one port (0: any that is free for both); raises UserError when it is taken."""
        for left in reversed(range(1 if port else FREE_PORT_TRIES)):
            try:
                return await self._bind(address, port)
            except OSError as fault:
                self.close()
                if left:
                    continue  # the port that was free for UDP is another's for TCP
                what = f"SIP port {port} on {address} can't be opened: {fault.strerror or fault}"
                raise UserError(what, "choose another port, or stop what uses it") from None

    async def _bind(self, address: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, (address, port))
        self.address, self.port = self._udp.get_extra_info("sockname")[:2]
        self._server = await asyncio.start_server(self._accepted, address, self.port)

    def close(self) -> None:
        """Close the port and every connection."""
        if self._udp:
            self._udp.close()
        if self._server:
            self._server.close()
        for writer in self._streams.values():
            writer.close()
        for task in self._tasks:
            task.cancel()

    def send(self, data: bytes, peer: Peer) -> None:
        """Send at once where possible; a TCP connection is opened behind the scenes. Losses are the transactions' matter."""
        if peer.transport == "tcp":
            writer = self._streams.get((peer.host, peer.port))
            if writer and not writer.is_closing():
                writer.write(data)
            else:
                self._run(self._connect(peer, data))
        elif self._udp and not self._udp.is_closing():
            self._udp.sendto(data, (peer.host, peer.port))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.strip(b"\r\n\0"):
            self._receive(data, Peer(addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """An ICMP refusal: the transaction's timer will tell."""

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, peer: Peer, data: bytes) -> None:
        try:
            reader, writer = await asyncio.open_connection(peer.host, peer.port)
        except OSError:
            return
        self._streams[peer.host, peer.port] = writer
        writer.write(data)
        await self._read(reader, peer)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername")[:2]
        self._streams[host, port] = writer
        await self._read(reader, Peer(host, port, "tcp"))

    async def _read(self, reader: asyncio.StreamReader, peer: Peer) -> None:
        """Frame messages by Content-Length (RFC 3261 §18.3) until the connection ends."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d{1,5})", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                if head.strip():
                    self._receive(head.lstrip(b"\r\n") + body, peer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer = self._streams.pop((peer.host, peer.port), None)
            if writer:
                writer.close()


def local_address(towards: str) -> str:
    """The address of this machine that packets to a host leave from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((towards, 9))
        except OSError as fault:
            raise UserError(f"no way to host `{towards}`: {fault.strerror or fault}", "check the SIP URI") from None
        return str(probe.getsockname()[0])
