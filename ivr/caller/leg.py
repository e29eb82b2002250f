"""One SIP dialog of the synthetic phone, with its audio (RFC 3261 §12–15; offers and answers RFC 3264).

dialling ──18x──▶ ringing ──200──▶ up ──BYE, either way──▶ ended
    │                │                                        ▲
    └────────────────┴── final refusal, CANCEL, timeout ──────┘
offered (incoming) ──ring──▶ ringing ──answer──▶ up      (decline, or their CANCEL ──▶ ended)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ivr.caller import sdp
from ivr.caller.codec import codec
from ivr.caller.message import Headers, MalformedMessage, Request, Response, parse_address, token
from ivr.caller.rtp import Stream
from ivr.caller.transaction import ClientTransaction, ServerTransaction

if TYPE_CHECKING:
    from ivr.caller.useragent import UserAgent

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, UPDATE"


class State(Enum):
    DIALLING = "dialling"
    OFFERED = "offered"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


@dataclass(slots=True)
class Moments:
    """When things happened, in seconds of the monotonic clock."""

    began: float
    rang: float | None = None
    answered: float | None = None
    ended: float | None = None


class Leg:
    """A call as one phone sees it."""

    def __init__(self, agent: UserAgent, stream: Stream, *, ours: str, theirs: str, target: str, call_id: str) -> None:
        self.agent, self.stream = agent, stream
        self.ours, self.theirs, self.target, self.call_id = ours, theirs, target, call_id
        self.local_tag, self.remote_tag = token(), ""
        self.routes: tuple[str, ...] = ()
        self.state = State.DIALLING
        self.moments = Moments(time.monotonic())
        self.status, self.reason, self.ended_by_far_end = 0, "", False
        self.headers = Headers()
        self.held = self.held_by_far_end = False
        self.remote: sdp.Session | None = None
        self.on_refer: Callable[[str], bool] = lambda uri: False
        self.on_change: Callable[[], None] = lambda: None
        self.invite: ClientTransaction | None = None
        self.offer: ServerTransaction | None = None
        self.cancelled = False
        self.extra: tuple[tuple[str, str], ...] = ()
        self._number, self._version, self._remote_number = 0, 0, -1
        self._ack: Request | None = None

    # ── what a phone's user does ──────────────────────────────────────────────

    def ring(self, status: int = 180, reason: str = "Ringing") -> None:
        """Tell the caller that the phone rings."""
        if self.state in (State.OFFERED, State.RINGING) and self.offer:
            self.offer.respond(self.agent.response(self.offer.request, status, reason, self))
            self._become(State.RINGING)

    def answer(self) -> None:
        """Take an offered call; without a codec in common it is refused with 488."""
        assert self.offer
        description = self._answer_to(self.offer.request.body)
        if description is None:
            self.decline(488, "Not Acceptable Here")
            return
        self.offer.respond(self.agent.response(self.offer.request, 200, "OK", self, description))
        self._up()

    def decline(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Refuse an offered call."""
        if self.offer and not self.offer.final:
            self.offer.respond(self.agent.response(self.offer.request, status, reason, self))
        self.end(status, reason, by_far_end=False)

    async def hang_up(self) -> None:
        """End the call as its state asks: BYE, CANCEL or a refusal; returns when it is ended."""
        match self.state:
            case State.UP:
                self.end(200, "we hung up", by_far_end=False)
                await self.agent.ask(self, self.request("BYE"))
            case State.DIALLING | State.RINGING if self.invite:
                await self._cancel()
            case State.OFFERED | State.RINGING:
                self.decline(480, "Temporarily Unavailable")
            case _:
                pass

    async def hold(self, on: bool = True) -> int:
        """Put the far end on hold or take it back by a re-INVITE; returns the final status."""
        self.held = on
        return (await self.reoffer("sendonly" if on else "sendrecv")).status

    async def reoffer(self, direction: sdp.Direction = "sendrecv", codecs: Sequence[str] = ()) -> Response:
        """Send a re-INVITE with a new description."""
        description = sdp.offer(
            self.agent.media_address(self), self.stream.port, codecs or self.agent.codecs, direction
        )
        request = self.request("INVITE", description.encode(self._next_version()), sdp_body=True)
        response = await self.agent.ask(self, request)
        if 200 <= response.status < 300 and response.body:
            self._follow(response.body)
        return response

    async def key_by_info(self, key: str, milliseconds: int = 160) -> int:
        """Press a key by SIP INFO (`application/dtmf-relay`); returns the final status."""
        body = f"Signal={key}\r\nDuration={milliseconds}\r\n".encode()
        request = self.request("INFO", body, extra=(("Content-Type", "application/dtmf-relay"),))
        return (await self.agent.ask(self, request)).status

    async def refer(self, uri: str) -> int:
        """Ask the far end to call somebody else (RFC 3515); returns the final status."""
        extra = (("Refer-To", f"<{uri}>"), ("Referred-By", f"<{parse_address(self.ours).uri}>"))
        return (await self.agent.ask(self, self.request("REFER", extra=extra))).status

    async def ended(self, within_seconds: float | None = None) -> None:
        """Wait for the end of the call; raises TimeoutError."""
        await self._until(lambda: self.state is State.ENDED, within_seconds)

    async def answered(self, within_seconds: float | None = None) -> bool:
        """Wait until the call is up or over; True when it is up. Raises TimeoutError."""
        await self._until(lambda: self.state in (State.UP, State.ENDED), within_seconds)
        return self.state is State.UP

    # ── requests of this dialog ───────────────────────────────────────────────

    def request(
        self, method: str, body: bytes = b"", extra: tuple[tuple[str, str], ...] = (), sdp_body: bool = False
    ) -> Request:
        """A request within this dialog, with the next CSeq; Via is added where it is sent."""
        self._number += 1
        return self._numbered(method, self._number, body, extra, sdp_body)

    def _numbered(
        self,
        method: str,
        number: int,
        body: bytes = b"",
        extra: tuple[tuple[str, str], ...] = (),
        sdp_body: bool = False,
    ) -> Request:
        to = self.theirs + (f";tag={self.remote_tag}" if self.remote_tag else "")
        headers = [
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self.routes),
            ("From", f"{self.ours};tag={self.local_tag}"),
            ("To", to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", self.agent.contact(self.target)),
            ("User-Agent", "hotline-caller"),
        ]
        if method == "INVITE":
            headers += [("Allow", ALLOW), ("Supported", "timer")]
        if sdp_body:
            headers.append(("Content-Type", "application/sdp"))
        return Request(method, self.target, Headers((*headers, *extra)), body)

    def renumber(self, request: Request) -> None:
        """A request of this dialog was sent again under a later CSeq."""
        self._number = max(self._number, int(request.headers.get("CSeq").split()[0]))

    @property
    def next_hop(self) -> str:
        """The URI that requests of this dialog are sent to: the first route, else the target (§12.2.1.1)."""
        return parse_address(self.routes[0]).uri if self.routes else self.target

    def dial(self) -> Request:
        """The INVITE that opens this dialog."""
        description = sdp.offer(self.agent.media_address(self), self.stream.port, self.agent.codecs)
        return self.request("INVITE", description.encode(self._next_version()), self.extra, sdp_body=True)

    # ── what the far end does ─────────────────────────────────────────────────

    def progressed(self, response: Response) -> None:
        """A provisional or final response to our INVITE; 401 and 407 were dealt with before."""
        if response.status < 200:
            self._provisional(response)
        elif response.status < 300:
            self._accepted(response)
        else:
            self.end(response.status, response.reason, by_far_end=response.status != 408)

    def _provisional(self, response: Response) -> None:
        if response.status > 100 and self.state is State.DIALLING:
            if response.body:
                self._follow(response.body)
            self._become(State.RINGING)

    def _accepted(self, response: Response) -> None:
        if self._ack is None:
            self.remote_tag = parse_address(response.headers.get("To")).tag
            self.target = parse_address(response.headers.get("Contact")).uri or self.target
            self.routes = tuple(reversed(response.headers.all("Record-Route")))
            self.headers = response.headers
            number = int(response.headers.get("CSeq").split()[0])
            self._ack = self.agent.with_via(self._numbered("ACK", number), self.next_hop)
        self.agent.transmit(self._ack, self.next_hop)
        if self.state in (State.DIALLING, State.RINGING):
            if not response.body or not self._follow(response.body):
                self._up()
                self.agent.run(self.hang_up())
                return
            self._up()
            if self.cancelled:
                self.agent.run(self.hang_up())

    def offered(self, transaction: ServerTransaction) -> None:
        """An INVITE that opens this dialog came."""
        request = transaction.request
        self.offer, self.headers, self.state = transaction, request.headers, State.OFFERED
        self.remote_tag = parse_address(request.headers.get("From")).tag
        self.routes = request.headers.all("Record-Route")
        self._remote_number = int(request.headers.get("CSeq").split()[0])

    def received(self, transaction: ServerTransaction) -> None:
        """Another request within this dialog came."""
        request = transaction.request
        match request.method:
            case "BYE":
                transaction.respond(self.agent.response(request, 200, "OK"))
                self.end(200, request.headers.get("Reason"), by_far_end=True)
            case "INVITE" | "UPDATE":
                self._reoffered(transaction)
            case "INFO":
                transaction.respond(self.agent.response(request, 200, "OK"))
                self._key_by_info(request)
            case "REFER":
                target = parse_address(request.headers.get("Refer-To")).uri
                follows = self.on_refer(target)
                transaction.respond(
                    self.agent.response(request, *((202, "Accepted") if follows else (603, "Decline")), self)
                )
            case "OPTIONS" | "NOTIFY" | "MESSAGE":
                transaction.respond(self.agent.response(request, 200, "OK"))
            case _:
                transaction.respond(self.agent.response(request, 501, "Not Implemented"))

    def acknowledged(self) -> None:
        """The ACK for our 200 came; it carries the answer when the INVITE carried no offer."""
        if self.offer:
            self.offer.acknowledged()

    def unacknowledged(self) -> None:
        """No ACK came for our 200 (RFC 3261 §13.3.1.4)."""
        if self.state is State.UP:
            self.agent.run(self.hang_up())

    def end(self, status: int, reason: str, by_far_end: bool) -> None:
        """The call is over; a second time says nothing new."""
        if self.state is State.ENDED:
            return
        self.status, self.reason, self.ended_by_far_end = status, reason, by_far_end
        self.moments.ended = time.monotonic()
        self.agent.pacer.remove(self.stream)
        self.stream.close()
        self._become(State.ENDED)

    # ── inside ────────────────────────────────────────────────────────────────

    async def _cancel(self) -> None:
        """CANCEL goes out once a provisional response came (RFC 3261 §9.1); a 200 that crosses it is hung up."""
        assert self.invite
        self.cancelled = True
        await self._until(lambda: self.state is not State.DIALLING or self.agent.trying(self), 32)
        if self.state is not State.ENDED:
            self.agent.cancel(self)
        await self.ended(40)

    def _reoffered(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if not request.body and request.method == "UPDATE":
            transaction.respond(self.agent.response(request, 200, "OK", self))
            return
        description = self._answer_to(request.body)
        if description is None:
            transaction.respond(self.agent.response(request, 488, "Not Acceptable Here", self))
            return
        self.target = parse_address(request.headers.get("Contact")).uri or self.target
        if request.method == "INVITE":
            self.offer = transaction
        transaction.respond(self.agent.response(request, 200, "OK", self, description))
        self.on_change()

    def _answer_to(self, body: bytes) -> bytes | None:
        """Our answer to an offer (our own offer to none), the stream connected accordingly; None without a common codec."""
        address, port = self.agent.media_address(self), self.stream.port
        if not body:
            return sdp.offer(address, port, self.agent.codecs).encode(self._next_version())
        try:
            remote = sdp.parse(body)
        except MalformedMessage:
            return None
        answer = sdp.answer(remote, address, port, self.agent.codecs, self.held)
        if answer is None:
            return None
        self._connect(remote)
        return answer.encode(self._next_version())

    def _follow(self, body: bytes) -> bool:
        """Connect the stream as an answer says; False when it can't be followed."""
        try:
            remote = sdp.parse(body)
        except MalformedMessage:
            return False
        return self._connect(remote)

    def _connect(self, remote: sdp.Session) -> bool:
        common = [(number, name) for number, name in remote.codecs if name in self.agent.codecs]
        if not common:
            return False
        self.remote, self.held_by_far_end = remote, remote.held
        self.stream.sending = remote.direction in ("sendrecv", "recvonly") and remote.address != "0.0.0.0"
        current = self.stream.codec
        chosen = current if current and current.name == common[0][1] else codec(common[0][1])
        self.stream.connect((remote.address, remote.port), chosen, remote.events)
        return True

    def _up(self) -> None:
        self.agent.pacer.add(self.stream)
        self._become(State.UP)

    def _become(self, state: State) -> None:
        now = time.monotonic()
        if state is State.RINGING and self.moments.rang is None:
            self.moments.rang = now
        if state is State.UP:
            self.moments.answered = now
        self.state = state
        self.on_change()
        self.agent.changed(self)

    def _key_by_info(self, request: Request) -> None:
        text = request.body.decode("ascii", "replace")
        key = next(
            (line.partition("=")[2].strip() for line in text.splitlines() if line.lower().startswith("signal")), ""
        )
        key = key or (text.strip() if request.headers.get("Content-Type") == "application/dtmf" else "")
        if len(key) == 1:
            self.stream.on_key(key)

    async def _until(self, condition: Callable[[], bool], within_seconds: float | None) -> None:
        await self.agent.wait(self, condition, within_seconds)

    def _next_version(self) -> int:
        self._version += 1
        return self._version
