"""All transactions of a phone: requests out until their final response, requests in until answered (RFC 3261 §8, §17, §22)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import lru_cache

from ivr.caller.digest import Credentials, answer
from ivr.caller.message import (
    Headers,
    MalformedMessage,
    Request,
    Response,
    branch,
    parameters,
    parse,
    parse_uri,
)
from ivr.caller.transaction import ClientTransaction, ServerTransaction
from ivr.caller.wire import Peer, Wire
from ivr.errors import UserError

# A transaction is kept this long for stragglers: past its own 32 s, and those of a 2xx that is sent again.
REMEMBERED_SECONDS = 66.0


class Exchange:
    """Transactions over one wire. `serve` is given each new request, `acknowledged` each ACK."""

    def __init__(self, serve: Callable[[ServerTransaction], None], acknowledged: Callable[[Request], None]) -> None:
        self.wire = Wire(self._received)
        self.credentials: Credentials | None = None
        self.unacknowledged: Callable[[Request], None] = lambda request: None
        self._serve, self._acknowledged = serve, acknowledged
        self._asked: dict[tuple[str, str], ClientTransaction] = {}
        self._served: dict[tuple[str, str], ServerTransaction] = {}

    def close(self) -> None:
        """Send nothing more, and close the port."""
        for transaction in (*self._asked.values(), *self._served.values()):
            transaction.stop()
        self.wire.close()

    # ── ours ──────────────────────────────────────────────────────────────────

    def start(self, request: Request, hop: str, told: Callable[[Response], None]) -> ClientTransaction:
        """Send a request towards a hop; `told` gets every response that matters."""
        return self.begin(self.with_via(request, hop), peer_of(hop), told)

    def begin(self, request: Request, peer: Peer, told: Callable[[Response], None]) -> ClientTransaction:
        """Send a request that has its Via."""
        key = (_branch(request.headers), request.method)
        self._asked[key] = transaction = ClientTransaction(self.wire, peer, request, told)
        asyncio.get_running_loop().call_later(REMEMBERED_SECONDS, self._asked.pop, key, None)
        transaction.start()
        return transaction

    async def final(self, request: Request, hop: str) -> Response:
        """Send a request and return its final response; a 2xx to a re-INVITE is acknowledged."""
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def told(response: Response) -> None:
            if 200 <= response.status < 300 and request.method == "INVITE":
                self.transmit(_ack(request, response), hop)
            if response.status >= 200 and not future.done():
                future.set_result(response)

        self.start(request, hop, told)
        return await future

    async def authorised(self, request: Request, hop: str) -> tuple[Response, Request]:
        """Like `final`, once more with credentials when challenged; also returns the request as it was last sent."""
        response = await self.final(request, hop)
        again = self.with_answer(renumbered(request), response)
        return (await self.final(again, hop), again) if again else (response, request)

    def with_answer(self, request: Request, response: Response) -> Request | None:
        """The request with an answer to the response's challenge; None when there is none, or no credentials."""
        names = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}
        if response.status not in names or self.credentials is None:
            return None
        asked, answered = names[response.status]
        challenges = [value for name, value in response.headers if name.lower() == asked]
        value = answer(challenges, self.credentials, request.method, request.uri, request.body)
        if value is None:
            return None
        return Request(request.method, request.uri, request.headers.plus((answered, value)), request.body)

    def transmit(self, request: Request, hop: str) -> None:
        """Send an ACK: nothing answers it."""
        self.wire.send(self.with_via(request, hop).encode(), peer_of(hop))

    def with_via(self, request: Request, hop: str) -> Request:
        """The request with our Via on top, unless it has one."""
        if request.headers.get("Via"):
            return request
        transport = peer_of(hop).transport.upper()
        via = ("Via", f"SIP/2.0/{transport} {self.wire.address}:{self.wire.port};branch={branch()};rport")
        return Request(request.method, request.uri, Headers((via, *request.headers)), request.body)

    # ── theirs ────────────────────────────────────────────────────────────────

    def _received(self, data: bytes, peer: Peer) -> None:
        """Bytes came; what is no SIP message is dropped."""
        try:
            message = parse(data)
            if isinstance(message, Response):
                self._answered(message)
            elif _complete(message):
                self._asked_by(message, peer)
        except (MalformedMessage, UserError):
            return

    def _answered(self, response: Response) -> None:
        method = (response.headers.get("CSeq").split() or [""])[-1]
        transaction = self._asked.get((_branch(response.headers), method))
        if transaction:
            transaction.receive(response)

    def _asked_by(self, request: Request, peer: Peer) -> None:
        key = (_branch(request.headers), "INVITE" if request.method == "ACK" else request.method)
        known = self._served.get(key)
        if request.method == "ACK":
            if known:
                known.acknowledged()
            self._acknowledged(request)
        elif known:
            known.repeated()
        else:
            stamped = _stamped(request, peer)
            transaction = ServerTransaction(
                self.wire, _reply_to(request, peer), stamped, lambda: self.unacknowledged(stamped)
            )
            self._served[key] = transaction
            asyncio.get_running_loop().call_later(REMEMBERED_SECONDS, self._served.pop, key, None)
            self._serve(transaction)


@lru_cache(maxsize=256)
def peer_of(uri: str) -> Peer:
    """Where a URI leads; raises UserError for a host that nobody knows."""
    found = parse_uri(uri)
    try:
        host = socket.gethostbyname(found.host)
    except OSError:
        raise UserError(f"host `{found.host}` is not known", "check the SIP URI") from None
    return Peer(host, found.port, "tcp" if found.transport == "tcp" else "udp")


def renumbered(request: Request) -> Request:
    """The request with the next CSeq and no Via, to be sent again."""
    number, method = request.headers.get("CSeq").split()
    cseq = f"{int(number) + 1} {method}"
    items = [(name, cseq if name == "CSeq" else value) for name, value in request.headers if name != "Via"]
    return Request(request.method, request.uri, Headers(tuple(items)), request.body)


def _ack(request: Request, response: Response) -> Request:
    """The ACK of a 2xx to a re-INVITE (RFC 3261 §13.2.2.4)."""
    kept = [pair for pair in request.headers if pair[0] in ("Max-Forwards", "Route", "From", "Call-ID")]
    number = request.headers.get("CSeq").split()[0]
    headers = Headers((*kept, ("To", response.headers.get("To")), ("CSeq", f"{number} ACK")))
    return Request("ACK", request.uri, headers)


def _complete(request: Request) -> bool:
    """Whether a request has what every request has (RFC 3261 §8.1.1), with a CSeq that fits."""
    number, _, method = request.headers.get("CSeq").partition(" ")
    needed = all(request.headers.get(name) for name in ("Via", "From", "To", "Call-ID"))
    return needed and number.isdigit() and method.strip() == request.method


def _branch(headers: Headers) -> str:
    via = headers.get("Via").partition(",")[0]
    return parameters(via.partition(";")[2]).get("branch", "")


def _reply_to(request: Request, peer: Peer) -> Peer:
    """Responses go back where the request came from (RFC 3581); without rport to the port that Via names."""
    via = request.headers.get("Via").partition(",")[0]
    if peer.transport == "tcp" or "rport" in parameters(via.partition(";")[2]):
        return peer
    port = via.partition(";")[0].rpartition(":")[2].strip()
    return Peer(peer.host, int(port) if port.isdigit() else 5060, peer.transport)


def _stamped(request: Request, peer: Peer) -> Request:
    """The request with `received` and `rport` filled into its top Via (RFC 3581 §4)."""
    items = list(request.headers)
    place = next(index for index, (name, _) in enumerate(items) if name.lower() == "via")
    first, comma, others = items[place][1].partition(",")
    if ";rport" in first and ";rport=" not in first:
        first = first.replace(";rport", f";received={peer.host};rport={peer.port}", 1)
    items[place] = (items[place][0], first + comma + others)
    return Request(request.method, request.uri, Headers(tuple(items)), request.body)
