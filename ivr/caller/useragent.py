"""A SIP phone in asyncio: places and takes calls, registers, answers what it is asked (RFC 3261).

It shares no code with the hotline's telephony, so a call between the two proves that both speak SIP.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Sequence
from functools import lru_cache
from typing import Any

from ivr.caller.digest import Credentials, answer
from ivr.caller.leg import ALLOW, Leg, State
from ivr.caller.message import (
    Headers,
    MalformedMessage,
    Message,
    Request,
    Response,
    branch,
    parameters,
    parse,
    parse_address,
    parse_uri,
    sip_uri,
    token,
)
from ivr.caller.pacer import Pacer
from ivr.caller.rtp import Stream
from ivr.caller.transaction import ClientTransaction, ServerTransaction
from ivr.caller.wire import Peer, Wire
from ivr.errors import UserError

RTP_PORTS = range(40_000, 44_000)
SETTLED_SECONDS = 33.0


class UserAgent:
    """One SIP port and the calls on it. `on_offer` is called with every incoming call; without it they are refused."""

    def __init__(
        self,
        address: str = "",
        port: int = 0,
        *,
        user: str = "caller",
        name: str = "",
        codecs: Sequence[str] = ("PCMU", "PCMA"),
        rtp_ports: Sequence[int] = RTP_PORTS,
        credentials: Credentials | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self.address, self.port, self.user, self.name = address or "127.0.0.1", port, user, name
        self.codecs, self.credentials, self.pacer = tuple(codecs), credentials, pacer or Pacer()
        self.on_offer: Callable[[Leg], None] | None = None
        self.legs: dict[str, Leg] = {}
        self._rtp_ports = rtp_ports
        self._wire = Wire(self._received)
        self._asked: dict[tuple[str, str], ClientTransaction] = {}
        self._served: dict[tuple[str, str], ServerTransaction] = {}
        self._provisional: set[str] = set()
        self._waiting: list[tuple[Leg, Callable[[], bool], asyncio.Future[None]]] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> UserAgent:
        """Open the SIP port; raises UserError when it is taken."""
        await self._wire.start(self.address, self.port)
        self.port = self._wire.port
        return self

    async def stop(self) -> None:
        """Hang up what is left and close the port."""
        for leg in list(self.legs.values()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(leg.hang_up(), 2)
            leg.end(0, "the phone was switched off", by_far_end=False)
        for transaction in (*self._asked.values(), *self._served.values()):
            transaction.stop()
        for task in self._tasks:
            task.cancel()
        self._wire.close()

    async def __aenter__(self) -> UserAgent:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def uri(self) -> str:
        """Our own address of record when we register nowhere."""
        return f"sip:{self.user}@{self.address}:{self.port}"

    # ── calls ─────────────────────────────────────────────────────────────────

    def dial(self, uri: str, headers: Sequence[tuple[str, str]] = ()) -> Leg:
        """Send an INVITE; `await leg.answered()` tells what became of it."""
        target = sip_uri(uri)
        ours = f'"{self.name}" <{self.uri}>' if self.name else f"<{self.uri}>"
        stream = Stream(self.address, self._rtp_ports)
        theirs = f"<{target.partition(';')[0]}>"
        leg = Leg(self, stream, ours=ours, theirs=theirs, target=target, call_id=f"{token()}@{self.address}")
        leg.extra = tuple(headers)
        self.legs[leg.call_id] = leg
        self._invite(leg, leg.dial(), retried=False)
        return leg

    def _invite(self, leg: Leg, request: Request, retried: bool) -> None:
        def told(response: Response) -> None:
            if response.status < 200:
                self._provisional.add(leg.call_id)
                self._check(leg)
            again = None if retried or response.status not in (401, 407) else self._authorised(leg.dial(), response)
            if again:
                self._invite(leg, again, retried=True)
            else:
                leg.progressed(response)

        leg.invite = self._start(request, leg.next_hop, told)

    def cancel(self, leg: Leg) -> None:
        """Send CANCEL for the INVITE that is under way: the same request line, Via and tags (RFC 3261 §9.1)."""
        assert leg.invite
        request, kept = leg.invite.request, ("Via", "Max-Forwards", "Route", "From", "To", "Call-ID")
        number = request.headers.get("CSeq").split()[0]
        headers = tuple((name, value) for name, value in request.headers if name in kept)
        cancel = Request("CANCEL", request.uri, Headers((*headers, ("CSeq", f"{number} CANCEL"))))
        self._begin(cancel, leg.invite.peer, lambda response: None)

    def trying(self, leg: Leg) -> bool:
        """Whether any provisional response came."""
        return leg.call_id in self._provisional

    async def register(self, registrar: str, expires_seconds: int = 300) -> Response:
        """Register this phone for incoming calls (RFC 3261 §10), answering a digest challenge; 0 seconds unregisters."""
        registrar = sip_uri(registrar)
        record = f"<sip:{self.user}@{registrar.removeprefix('sip:').split('@')[-1]}>"
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"{record};tag={token()}"),
            ("To", record),
            ("Call-ID", f"{token()}@{self.address}"),
            ("CSeq", "1 REGISTER"),
            ("Contact", f"{self.contact(registrar)}"),
            ("Expires", str(expires_seconds)),
        )
        return await self._exchange(Request("REGISTER", registrar, Headers(headers)), registrar)

    async def options(self, uri: str) -> Response:
        """Ask a peer what it can do."""
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"<{self.uri}>;tag={token()}"),
            ("To", f"<{uri}>"),
            ("Call-ID", f"{token()}@{self.address}"),
            ("CSeq", "1 OPTIONS"),
            ("Contact", self.contact(uri)),
        )
        return await self._exchange(Request("OPTIONS", sip_uri(uri), Headers(headers)), uri)

    # ── for the legs ──────────────────────────────────────────────────────────

    async def ask(self, leg: Leg, request: Request) -> Response:
        """Send a request of a dialog and return its final response; a 2xx to a re-INVITE is acknowledged."""
        return await self._exchange(request, leg.next_hop, leg)

    def transmit(self, request: Request, hop: str) -> None:
        """Send an ACK: nothing answers it."""
        self._wire.send(request.encode(), _peer(hop))

    def with_via(self, request: Request, hop: str) -> Request:
        """The request with our Via on top."""
        transport = _peer(hop).transport.upper()
        via = ("Via", f"SIP/2.0/{transport} {self.address}:{self.port};branch={branch()};rport")
        return Request(request.method, request.uri, Headers((via, *request.headers)), request.body)

    def response(
        self, request: Request, status: int, reason: str, leg: Leg | None = None, description: bytes = b""
    ) -> Response:
        """A response to a request, with our tag where it belongs to a leg (RFC 3261 §8.2.6)."""
        kept = ("via", "record-route", "from", "call-id", "cseq")
        headers = [(name, value) for name, value in request.headers if name.lower() in kept]
        to = request.headers.get("To")
        if status > 100 and not parse_address(to).tag:
            to += f";tag={leg.local_tag if leg else token()}"
        headers += [("To", to), ("Allow", ALLOW), ("Server", "hotline-caller")]
        if leg:
            headers.append(("Contact", self.contact(leg.target)))
        if description:
            headers.append(("Content-Type", "application/sdp"))
        return Response(status, reason, Headers(tuple(headers)), description)

    def contact(self, towards: str) -> str:
        """Where this phone can be reached, by the transport that the far end uses."""
        suffix = ";transport=tcp" if _peer(towards).transport == "tcp" else ""
        return f"<sip:{self.user}@{self.address}:{self.port}{suffix}>"

    def media_address(self, leg: Leg) -> str:
        """The address our RTP comes from."""
        return str(leg.stream.address)

    def changed(self, leg: Leg) -> None:
        """The leg is in another state."""
        if leg.state is State.ENDED:
            asyncio.get_running_loop().call_later(SETTLED_SECONDS, self.legs.pop, leg.call_id, None)
        self._check(leg)

    async def wait(self, leg: Leg, condition: Callable[[], bool], within_seconds: float | None) -> None:
        """Wait until a condition on a leg holds; raises TimeoutError."""
        if condition():
            return
        future = asyncio.get_running_loop().create_future()
        entry = (leg, condition, future)
        self._waiting.append(entry)
        try:
            await asyncio.wait_for(future, within_seconds)
        finally:
            self._waiting.remove(entry)

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Have something done beside what goes on."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ── transactions ──────────────────────────────────────────────────────────

    def _check(self, leg: Leg) -> None:
        for waiting, condition, future in self._waiting:
            if waiting is leg and not future.done() and condition():
                future.set_result(None)

    async def _exchange(self, request: Request, hop: str, leg: Leg | None = None) -> Response:
        """Send a request and return its final response, once more with credentials when challenged."""
        response = await self._final(request, hop)
        if response.status in (401, 407) and (again := self._authorised(_renumbered(request), response)):
            if leg:
                leg.renumber(again)
            response = await self._final(again, hop)
        return response

    async def _final(self, request: Request, hop: str) -> Response:
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def told(response: Response) -> None:
            if 200 <= response.status < 300 and request.method == "INVITE":
                self._acknowledge(request, response, hop)
            if response.status >= 200 and not future.done():
                future.set_result(response)

        self._start(request, hop, told)
        return await future

    def _acknowledge(self, request: Request, response: Response, hop: str) -> None:
        kept = ("Max-Forwards", "Route", "From", "Call-ID")
        headers = tuple((name, value) for name, value in request.headers if name in kept)
        number = request.headers.get("CSeq").split()[0]
        headers = (*headers, ("To", response.headers.get("To")), ("CSeq", f"{number} ACK"))
        self.transmit(self.with_via(Request("ACK", request.uri, Headers(headers)), hop), hop)

    def _authorised(self, request: Request, response: Response) -> Request | None:
        """The request with an answer to the response's challenge, or None without credentials."""
        proxy = response.status == 407
        challenges = [
            value
            for name, value in response.headers
            if name.lower() == ("proxy-authenticate" if proxy else "www-authenticate")
        ]
        value = (
            answer(challenges, self.credentials, request.method, request.uri, request.body)
            if self.credentials
            else None
        )
        name = "Proxy-Authorization" if proxy else "Authorization"
        return (
            Request(request.method, request.uri, request.headers.plus((name, value)), request.body) if value else None
        )

    def _start(self, request: Request, hop: str, told: Callable[[Response], None]) -> ClientTransaction:
        return self._begin(self.with_via(request, hop), _peer(hop), told)

    def _begin(self, request: Request, peer: Peer, told: Callable[[Response], None]) -> ClientTransaction:
        key = (_branch(request), request.method)
        self._asked[key] = transaction = ClientTransaction(self._wire, peer, request, told)
        asyncio.get_running_loop().call_later(2 * SETTLED_SECONDS, self._asked.pop, key, None)
        transaction.start()
        return transaction

    # ── what arrives ──────────────────────────────────────────────────────────

    def _received(self, data: bytes, peer: Peer) -> None:
        try:
            message: Message = parse(data)
            if isinstance(message, Response):
                self._answered(message)
            else:
                self._asked_by(message, peer)
        except MalformedMessage:
            return

    def _answered(self, response: Response) -> None:
        method = response.headers.get("CSeq").split()[-1:] or [""]
        transaction = self._asked.get((_branch(response), method[0]))
        if transaction:
            transaction.receive(response)

    def _asked_by(self, request: Request, peer: Peer) -> None:
        key = (_branch(request), "INVITE" if request.method == "ACK" else request.method)
        leg = self.legs.get(request.headers.get("Call-ID"))
        known = self._served.get(key)
        if request.method == "ACK":
            if known:
                known.acknowledged()
            if leg:
                leg.acknowledged()
        elif known:
            known.repeated()
        else:
            self._serve(key, request, _reply_to(request, peer), leg)

    def _serve(self, key: tuple[str, str], request: Request, peer: Peer, leg: Leg | None) -> None:
        def unacknowledged() -> None:
            waiting = self.legs.get(request.headers.get("Call-ID"))
            if waiting:
                waiting.unacknowledged()

        self._served[key] = transaction = ServerTransaction(self._wire, peer, _stamped(request, peer), unacknowledged)
        asyncio.get_running_loop().call_later(2 * SETTLED_SECONDS, self._served.pop, key, None)
        in_dialog = bool(parse_address(request.headers.get("To")).tag)
        match request.method:
            case "CANCEL":
                self._cancelled(transaction, leg)
            case "INVITE" if not in_dialog and leg is None:
                self._offered(transaction)
            case "OPTIONS" if not in_dialog:
                transaction.respond(self.response(transaction.request, 200, "OK"))
            case _ if leg and leg.state is not State.ENDED:
                leg.received(transaction)
            case _:
                transaction.respond(self.response(transaction.request, 481, "Call/Transaction Does Not Exist"))

    def _offered(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        transaction.respond(self.response(request, 100, "Trying"))
        if self.on_offer is None:
            transaction.respond(self.response(request, 480, "Temporarily Unavailable"))
            return
        theirs, ours = request.headers.get("From"), request.headers.get("To")
        target = parse_address(request.headers.get("Contact")).uri or parse_address(theirs).uri
        stream = Stream(self.address, self._rtp_ports)
        leg = Leg(
            self, stream, ours=ours, theirs=_untagged(theirs), target=target, call_id=request.headers.get("Call-ID")
        )
        self.legs[leg.call_id] = leg
        leg.offered(transaction)
        self.on_offer(leg)

    def _cancelled(self, transaction: ServerTransaction, leg: Leg | None) -> None:
        if leg is None or leg.offer is None or leg.offer.final:
            transaction.respond(self.response(transaction.request, 481, "Call/Transaction Does Not Exist"))
            return
        transaction.respond(self.response(transaction.request, 200, "OK", leg))
        leg.offer.respond(self.response(leg.offer.request, 487, "Request Terminated", leg))
        leg.end(487, "the caller gave up", by_far_end=True)


@lru_cache(maxsize=256)
def _peer(uri: str) -> Peer:
    found = parse_uri(uri)
    host = found.host
    try:
        socket.inet_aton(host)
    except OSError:
        try:
            host = socket.gethostbyname(host)
        except OSError:
            raise UserError(f"host `{host}` is not known", "check the SIP URI") from None
    return Peer(host, found.port, "tcp" if found.transport == "tcp" else "udp")


def _branch(message: Message) -> str:
    via = message.headers.all("Via")
    return parameters(via[0].partition(";")[2]).get("branch", "") if via else ""


def _reply_to(request: Request, peer: Peer) -> Peer:
    """Responses go back where the request came from (RFC 3581); without rport to the port that Via names."""
    via = (request.headers.all("Via") or ("",))[0]
    if peer.transport == "tcp" or "rport" in parameters(via.partition(";")[2]):
        return peer
    port = via.partition(";")[0].rpartition(":")[2]
    return Peer(peer.host, int(port) if port.isdigit() else 5060, peer.transport)


def _stamped(request: Request, peer: Peer) -> Request:
    """The request with `received` and `rport` filled into its top Via."""
    items = list(request.headers)
    for index, (name, value) in enumerate(items):
        if name.lower() == "via":
            first = value.partition(",")[0]
            stamped = (
                first.replace(";rport", f";received={peer.host};rport={peer.port}", 1)
                if ";rport=" not in first
                else first
            )
            items[index] = (name, value.replace(first, stamped, 1))
            break
    return Request(request.method, request.uri, Headers(tuple(items)), request.body)


def _renumbered(request: Request) -> Request:
    """The request with the next CSeq and no Via, to be sent again."""
    number, method = request.headers.get("CSeq").split()
    items = [
        (name, f"{int(number) + 1} {method}" if name == "CSeq" else value)
        for name, value in request.headers
        if name != "Via"
    ]
    return Request(request.method, request.uri, Headers(tuple(items)), request.body)


def _untagged(value: str) -> str:
    address = parse_address(value)
    return f'"{address.name}" <{address.uri}>' if address.name else f"<{address.uri}>"
