"""Whether the edge works: OPTIONS by UDP to its own port, which Kamailio answers itself (`kamailio.cfg`)."""

from __future__ import annotations

import asyncio
import contextlib
import uuid

from ivr.config_sip import SipSettings

# A request may be lost among thousands of others: sent again as RFC 3261 §17.1.2.2 has it, and for as short as that.
PATIENCE_SECONDS, AGAIN_SECONDS = 2.0, 0.5
_REQUEST = """OPTIONS sip:edge@{host}:{port} SIP/2.0
Via: SIP/2.0/UDP {here}:{here_port};branch=z9hG4bK{name};rport
From: <sip:supervisor@localhost>;tag={name}
To: <sip:edge@{host}>
Call-ID: {name}
CSeq: 1 OPTIONS
Max-Forwards: 1
Content-Length: 0

"""


async def answers(sip: SipSettings) -> bool:
    """Ask; False where no 200 came in time. Raises OSError where nothing can be sent."""
    host = "127.0.0.1" if sip.address == "0.0.0.0" else sip.address
    loop, name = asyncio.get_running_loop(), uuid.uuid4().hex
    transport, heard = await loop.create_datagram_endpoint(_Heard, remote_addr=(host, sip.port))
    try:
        here, here_port = transport.get_extra_info("sockname")[:2]
        told = {"host": host, "port": sip.port, "here": here, "here_port": here_port, "name": name}
        request = _REQUEST.format(**told).replace("\n", "\r\n").encode()
        for _ in range(int(PATIENCE_SECONDS / AGAIN_SECONDS)):
            transport.sendto(request)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(heard.status), AGAIN_SECONDS) == b"200"
        return False
    except ConnectionError:  # nobody listens there (yet)
        return False
    finally:
        transport.close()


class _Heard(asyncio.DatagramProtocol):
    """The status of the first answer."""

    def __init__(self) -> None:
        self.status: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.status.done():
            self.status.set_result(data[8:11])

    def error_received(self, exc: Exception) -> None:
        if not self.status.done():
            self.status.set_exception(exc)
