"""SIP transactions: what is sent again, until when, and what is swallowed (RFC 3261 §17).

    client INVITE      send, again after T1, 2·T1, 4·T1 … until any response (A), 408 after 64·T1 (B)
                       2xx: told each time it comes, so that the leg can ACK again; 3xx–6xx: ACK at once and told once
    client others      send, again after T1, 2·T1 … at most T2 (E), 408 after 64·T1 (F)
    server INVITE      the last response again for every repeat of the request; a final one also by itself,
                       T1, 2·T1 … at most T2 (G, §13.3.1.4) until the ACK, `unacknowledged` after 64·T1 (H)
    server others      the last response again for every repeat of the request

TCP repeats nothing by itself but a 2xx to INVITE. A finished transaction is remembered for 64·T1 for the sake of stragglers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivr.caller.message import Headers, Request, Response
from ivr.caller.wire import Peer, Wire

T1, T2 = 0.5, 4.0
GIVE_UP_SECONDS = 64 * T1


class _Repeating:
    """Something sent again at growing intervals until stopped."""

    def __init__(self, wire: Wire, peer: Peer) -> None:
        self._wire, self.peer = wire, peer
        self._timer: asyncio.TimerHandle | None = None
        self.finished = False

    def _repeat(self, data: bytes, interval: float, cap: float, left: float, give_up: Callable[[], None]) -> None:
        """Send `data`, and again after `interval` seconds (doubled each time) while `left` seconds remain."""
        self._wire.send(data, self.peer)

        def again() -> None:
            if left <= interval:
                give_up()
            else:
                self._repeat(data, min(2 * interval, cap), cap, left - interval, give_up)

        self._timer = asyncio.get_running_loop().call_later(min(interval, left), again)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


class ClientTransaction(_Repeating):
    """A request of ours and its responses."""

    def __init__(self, wire: Wire, peer: Peer, request: Request, told: Callable[[Response], None]) -> None:
        super().__init__(wire, peer)
        self.request, self._told = request, told
        self._final = False
        self._reliable = peer.transport == "tcp"

    def start(self) -> None:
        """Send the request for the first time."""
        first = GIVE_UP_SECONDS if self._reliable else T1
        cap = GIVE_UP_SECONDS if self.request.method == "INVITE" else T2
        self._repeat(self.request.encode(), first, cap, GIVE_UP_SECONDS, self._timed_out)

    def receive(self, response: Response) -> None:
        """A response came."""
        if self.request.method == "INVITE":
            self.stop()
            if response.status >= 300:
                self._wire.send(self._ack(response).encode(), self.peer)
        elif response.status >= 200:
            self.stop()
        repeated = self._final and not (self.request.method == "INVITE" and 200 <= response.status < 300)
        if not repeated:
            self._final = self._final or response.status >= 200
            self._told(response)

    def cancel(self) -> Request:
        """The CANCEL of this INVITE (RFC 3261 §9.1), to be sent in a transaction of its own."""
        return self._of_this_branch("CANCEL", self.request.headers.get("To"))

    def _timed_out(self) -> None:
        self._final = True
        self._told(Response(408, "Request Timeout", Headers((("To", self.request.headers.get("To")),))))

    def _ack(self, response: Response) -> Request:
        """The ACK of a refused INVITE (RFC 3261 §17.1.1.3)."""
        return self._of_this_branch("ACK", response.headers.get("To"))

    def _of_this_branch(self, method: str, to: str) -> Request:
        """A request with the target, the branch and the number of this one."""
        ours = self.request.headers
        kept = tuple(
            (name, value) for name, value in ours if name in ("Via", "Max-Forwards", "Route", "From", "Call-ID")
        )
        number = ours.get("CSeq").split()[0]
        return Request(method, self.request.uri, Headers((*kept, ("To", to), ("CSeq", f"{number} {method}"))))


class ServerTransaction(_Repeating):
    """A request from the far end and our responses to it."""

    def __init__(
        self, wire: Wire, peer: Peer, request: Request, unacknowledged: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(wire, peer)
        self.request, self._unacknowledged = request, unacknowledged
        self._last: bytes | None = None
        self.final = False

    def respond(self, response: Response) -> None:
        """Send a response; nothing follows a final one."""
        if self.final:
            return
        self.final = response.status >= 200
        self._last = response.encode()
        if self.final and self.request.method == "INVITE":
            self._repeat(self._last, T1, T2, GIVE_UP_SECONDS, self._unacknowledged)
        else:
            self._wire.send(self._last, self.peer)

    def repeated(self) -> None:
        """The request came again."""
        if self._last:
            self._wire.send(self._last, self.peer)

    def acknowledged(self) -> None:
        """The ACK came."""
        self.stop()
