"""A SIP phone in asyncio: places and takes calls, registers, answers what it is asked (RFC 3261).

It shares no code with the hotline's telephony, so a call between the two proves that both speak SIP.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from ivr.caller.digest import Credentials
from ivr.caller.exchange import REMEMBERED_SECONDS, Exchange, peer_of
from ivr.caller.leg import ALLOW, Leg
from ivr.caller.leg_state import State
from ivr.caller.message import (
    Headers,
    Request,
    Response,
    named,
    parameters,
    parse_address,
    sip_uri,
    token,
    with_headers,
)
from ivr.caller.negotiation import CODECS
from ivr.caller.pacer import Pacer
from ivr.caller.rtp import Stream
from ivr.caller.transaction import ServerTransaction

RTP_PORTS = range(40_000, 44_000)
# A peer that gives no sign of life at all for so long is taken for dead (SIP itself would try for 32 s).
DEAF_SECONDS = 8.0
GOODBYE_SECONDS = 2.0


class UserAgent:
    """One SIP port and the calls on it. `on_offer` is called with every incoming call; without it they are refused."""

    def __init__(
        self,
        address: str = "127.0.0.1",
        port: int = 0,
        *,
        user: str = "caller",
        name: str = "",
        codecs: Sequence[str] = CODECS,
        rtp_ports: Sequence[int] = RTP_PORTS,
        credentials: Credentials | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self.address, self.port, self.user, self.name = address, port, user, name
        self.codecs, self.pacer = tuple(codecs), pacer or Pacer()
        self.on_offer: Callable[[Leg], None] | None = None
        self.legs: dict[str, Leg] = {}
        self.exchange = Exchange(self._serve, self._acknowledged)
        self.exchange.credentials = credentials
        self.exchange.unacknowledged = self._unacknowledged
        self._rtp_ports = rtp_ports
        self._waiting: list[tuple[Leg, Callable[[], bool], asyncio.Future[None]]] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> UserAgent:
        """Open the SIP port; raises UserError when it is taken."""
        await self.exchange.wire.start(self.address, self.port)
        self.port = self.exchange.wire.port
        return self

    async def stop(self) -> None:
        """Hang up what is left and close the port."""
        for leg in list(self.legs.values()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(leg.hang_up(), GOODBYE_SECONDS)
            leg.end(0, "the phone was switched off", by_far_end=False)
        for task in self._tasks:
            task.cancel()
        self.exchange.close()

    async def __aenter__(self) -> UserAgent:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def uri(self) -> str:
        """Where this phone can be called."""
        return f"sip:{self.user}@{self.address}:{self.port}"

    def dial(self, uri: str, headers: Sequence[tuple[str, str]] = ()) -> Leg:
        """Send an INVITE, with the headers that the URI itself asks for; `await leg.answered()` tells what became of it."""
        target, wanted = with_headers(sip_uri(uri))
        peer_of(target)
        ours = named(self.name, self.uri)
        theirs = f"<{target.partition(';')[0]}>"
        call_id = f"{token()}@{self.address}"
        leg = Leg(self, Stream(self.address, self._rtp_ports), ours=ours, theirs=theirs, target=target, call_id=call_id)
        leg.extra = (*headers, *wanted)
        self.legs[leg.call_id] = leg
        self._invite(leg, leg.dial())
        asyncio.get_running_loop().call_later(DEAF_SECONDS, leg.deaf)
        return leg

    def _invite(self, leg: Leg, request: Request, retried: bool = False) -> None:
        def told(response: Response) -> None:
            again = None if retried else self.exchange.with_answer(leg.dial(), response)
            if again:
                self._invite(leg, again, retried=True)
            else:
                leg.progressed(response)

        leg.invite = self.exchange.start(request, leg.next_hop, told)

    async def register(self, registrar: str, expires_seconds: int = 300) -> Response:
        """Register this phone for incoming calls (RFC 3261 §10), answering a digest challenge; 0 seconds unregisters."""
        registrar = sip_uri(registrar)
        record = f"<sip:{self.user}@{registrar.removeprefix('sip:').split('@')[-1]}>"
        extra = (("Expires", str(expires_seconds)),)
        return await self._outside("REGISTER", registrar, record, record, extra)

    async def options(self, uri: str) -> Response:
        """Ask a peer what it can do."""
        return await self._outside("OPTIONS", sip_uri(uri), f"<{self.uri}>", f"<{sip_uri(uri)}>")

    async def _outside(
        self, method: str, uri: str, ours: str, theirs: str, extra: tuple[tuple[str, str], ...] = ()
    ) -> Response:
        """A request outside of any dialog."""
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"{ours};tag={token()}"),
            ("To", theirs),
            ("Call-ID", f"{token()}@{self.address}"),
            ("CSeq", f"1 {method}"),
            ("Contact", self.contact(uri)),
        )
        response, _ = await self.exchange.authorised(Request(method, uri, Headers((*headers, *extra))), uri)
        return response

    # ── for the legs ──────────────────────────────────────────────────────────

    def response(
        self, request: Request, status: int, reason: str, leg: Leg | None = None, description: bytes = b""
    ) -> Response:
        """A response to a request, with the leg's tag where it belongs to one (RFC 3261 §8.2.6)."""
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
        suffix = ";transport=tcp" if peer_of(towards).transport == "tcp" else ""
        return f"<{self.uri}{suffix}>"

    def changed(self, leg: Leg) -> None:
        """The leg is in another state."""
        if leg.state is State.ENDED:
            asyncio.get_running_loop().call_later(REMEMBERED_SECONDS, self.legs.pop, leg.call_id, None)
        for waiting, condition, future in self._waiting:
            if waiting is leg and not future.done() and condition():
                future.set_result(None)

    async def wait(self, leg: Leg, condition: Callable[[], bool], within_seconds: float | None) -> None:
        """Wait until a condition on a leg holds; raises TimeoutError."""
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
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

    # ── what arrives ──────────────────────────────────────────────────────────

    def _serve(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        leg = self.legs.get(request.headers.get("Call-ID"))
        in_dialog = bool(parse_address(request.headers.get("To")).tag)
        match request.method:
            case "CANCEL":
                self._cancelled(transaction, leg)
            case "INVITE" if not in_dialog and leg is None:
                self._offered(transaction)
            case "OPTIONS" if not in_dialog:
                transaction.respond(self.response(request, 200, "OK"))
            case _ if leg and leg.state is not State.ENDED:
                leg.received(transaction)
            case _:
                transaction.respond(self.response(request, 481, "Call/Transaction Does Not Exist"))

    def _offered(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        asked = (option.strip() for value in request.headers.all("Require") for option in value.split(","))
        required = ", ".join(option for option in asked if option.lower() not in ("", "replaces"))
        if required:
            response = self.response(request, 420, "Bad Extension")
            unsupported = response.headers.plus(("Unsupported", required))
            transaction.respond(Response(420, "Bad Extension", unsupported))
            return
        transaction.respond(self.response(request, 100, "Trying"))
        if self.on_offer is None:
            transaction.respond(self.response(request, 480, "Temporarily Unavailable"))
            return
        theirs, call_id = parse_address(request.headers.get("From")), request.headers.get("Call-ID")
        target = parse_address(request.headers.get("Contact")).uri or theirs.uri
        caller = named(theirs.name, theirs.uri)
        stream = Stream(self.address, self._rtp_ports)
        leg = Leg(self, stream, ours=request.headers.get("To"), theirs=caller, target=target, call_id=call_id)
        self.legs[call_id] = leg
        leg.offered(transaction)
        replaced = self._replaced(request.headers.get("Replaces"))
        if not (replaced and replaced.on_replaced(leg)):
            self.on_offer(leg)

    def _replaced(self, value: str) -> Leg | None:
        """The leg that an INVITE wants to take the place of (RFC 3891 §3)."""
        call_id, _, rest = value.partition(";")
        tags, leg = parameters(rest), self.legs.get(call_id.strip())
        ours = leg and (leg.local_tag, leg.remote_tag) == (tags.get("to-tag"), tags.get("from-tag"))
        return leg if leg and ours and leg.state is State.UP else None

    def _cancelled(self, transaction: ServerTransaction, leg: Leg | None) -> None:
        request = transaction.request
        if leg is None or leg.offer is None or leg.offer.final:
            transaction.respond(self.response(request, 481, "Call/Transaction Does Not Exist"))
            return
        transaction.respond(self.response(request, 200, "OK", leg))
        leg.offer.respond(self.response(leg.offer.request, 487, "Request Terminated", leg))
        leg.end(487, "the caller gave up", by_far_end=True)

    def _acknowledged(self, request: Request) -> None:
        leg = self.legs.get(request.headers.get("Call-ID"))
        if leg:
            leg.acknowledged(request)

    def _unacknowledged(self, request: Request) -> None:
        leg = self.legs.get(request.headers.get("Call-ID"))
        if leg:
            leg.unacknowledged()
