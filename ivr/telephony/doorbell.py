"""Wakes pj where it waits for packets: a datagram of one byte to its own SIP port.

pj has no way to be woken from another thread. pjsip drops what is shorter than 32 bytes unread (`MIN_SIZE` in
sip_transport_udp.c, against keep-alives), so the byte does nothing but end the wait.
"""

from __future__ import annotations

import contextlib
import socket


class Doorbell:
    """Rings at a SIP port of this machine; `ring` may be called on any thread and never blocks."""

    def __init__(self, address: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        # Nobody's address but our own passes the packet filter; 0.0.0.0 is heard at 127.0.0.1.
        self._door = (address if address != "0.0.0.0" else "127.0.0.1", port)

    def ring(self) -> None:
        """End the wait; a ring that is lost costs no more than the longest wait."""
        with contextlib.suppress(OSError):
            self._socket.sendto(b"\0", self._door)

    def close(self) -> None:
        """Let go of the socket; ringing afterwards does nothing."""
        self._socket.close()
