"""One SIP dialog of the synthetic phone, with its audio (RFC 3261 §12–15).

dialling ──18x──▶ ringing ──200──▶ up ──BYE, either way──▶ ended
    │                │                                        ▲
    └────────────────┴── final refusal, CANCEL, timeout ──────┘
offered (incoming) ──ring──▶ ringing ──answer──▶ up      (decline, or their CANCEL ──▶ ended)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ivr.caller import dtmf
from ivr.caller.leg_state import Moments, State
from ivr.caller.message import Headers, Request, Response, parse_address, token
from ivr.caller.negotiation import Negotiation
from ivr.caller.rtp import Stream
from ivr.caller.transaction import GIVE_UP_SECONDS, ClientTransaction, ServerTransaction

if TYPE_CHECKING:
    from ivr.caller.useragent import UserAgent

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, UPDATE"
Extra = tuple[tuple[str, str], ...]


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
        self.media = Negotiation(stream, agent.codecs)
        self.on_refer: Callable[[str], bool] = lambda uri: False
        self.on_replaced: Callable[[Leg], bool] = lambda leg: False
        self.on_change: Callable[[], None] = lambda: None
        self.invite: ClientTransaction | None = None
        self.offer: ServerTransaction | None = None
        self.extra: Extra = ()
        self._trying = self._cancelled = False
        self._number = 0
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
        description = self.media.answer(self.offer.request.body)
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
                await self._ask(self._request("BYE"))
            case State.DIALLING | State.RINGING if self.invite:
                await self._cancel()
            case State.OFFERED | State.RINGING:
                self.decline(480, "Temporarily Unavailable")
            case State.DIALLING | State.ENDED:
                pass

    async def hold(self, on: bool = True) -> int:
        """Put the far end on hold or take it back by a re-INVITE; returns the final status."""
        self.media.holding = on
        response = await self._ask(self._request("INVITE", self.media.offer()))
        if 200 <= response.status < 300 and response.body:
            self.media.follow(response.body)
        return response.status

    async def key_by_info(self, key: str) -> int:
        """Press a key by SIP INFO; returns the final status."""
        return (await self._ask(self._request("INFO", dtmf.relay(key), (("Content-Type", dtmf.RELAY),)))).status

    async def refer(self, uri: str) -> int:
        """Ask the far end to call somebody else (RFC 3515); returns the final status."""
        extra = (("Refer-To", f"<{uri}>"), ("Referred-By", f"<{parse_address(self.ours).uri}>"))
        return (await self._ask(self._request("REFER", extra=extra))).status

    async def notify_transfer(self, status: int, reason: str) -> int:
        """Tell the far end that asked for a transfer how it went (RFC 3515 §2.4.5); returns the final status."""
        over = "terminated;reason=noresource" if status >= 200 else "active;expires=60"
        extra = (("Event", "refer"), ("Subscription-State", over), ("Content-Type", "message/sipfrag;version=2.0"))
        return (await self._ask(self._request("NOTIFY", f"SIP/2.0 {status} {reason}".encode(), extra))).status

    async def ended(self, within_seconds: float | None = None) -> None:
        """Wait for the end of the call; raises TimeoutError."""
        await self.agent.wait(self, lambda: self.state is State.ENDED, within_seconds)

    async def answered(self, within_seconds: float | None = None) -> bool:
        """Wait until the call was answered or refused; True when it was answered. Raises TimeoutError."""
        await self.agent.wait(self, lambda: self.state in (State.UP, State.ENDED), within_seconds)
        return self.moments.answered is not None

    # ── requests of this dialog ───────────────────────────────────────────────

    @property
    def next_hop(self) -> str:
        """The URI that requests of this dialog are sent to: the first route, else the target (§12.2.1.1)."""
        return parse_address(self.routes[0]).uri if self.routes else self.target

    def dial(self) -> Request:
        """The INVITE that opens this dialog."""
        return self._request("INVITE", self.media.offer(), self.extra)

    async def _ask(self, request: Request) -> Response:
        response, sent = await self.agent.exchange.authorised(request, self.next_hop)
        self._number = max(self._number, int(sent.headers.get("CSeq").split()[0]))
        return response

    def _request(self, method: str, body: bytes = b"", extra: Extra = ()) -> Request:
        """A request with the next CSeq; its Via is added where it is sent."""
        self._number += 1
        return self._numbered(method, self._number, body, extra)

    def _numbered(self, method: str, number: int, body: bytes = b"", extra: Extra = ()) -> Request:
        headers: list[tuple[str, str]] = [
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self.routes),
            ("From", f"{self.ours};tag={self.local_tag}"),
            ("To", self.theirs + (f";tag={self.remote_tag}" if self.remote_tag else "")),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", self.agent.contact(self.target)),
            ("User-Agent", "hotline-caller"),
        ]
        if method == "INVITE":
            headers += [("Allow", ALLOW), ("Supported", "replaces"), ("Content-Type", "application/sdp")]
        return Request(method, self.target, Headers((*headers, *extra)), body)

    # ── what the far end does ─────────────────────────────────────────────────

    def progressed(self, response: Response) -> None:
        """A provisional or final response to our INVITE; challenges were dealt with before."""
        self._trying = True
        if response.status < 200:
            self._provisional(response)
        elif response.status < 300:
            self._accepted(response)
        else:
            self.end(response.status, response.reason, by_far_end=response.status != 408)

    def deaf(self) -> None:
        """Time to give up if there was no response of any kind."""
        if not self._trying and self.state is State.DIALLING and self.invite:
            self.invite.stop()
            self.end(408, "no answer from the host", by_far_end=False)

    def _provisional(self, response: Response) -> None:
        if response.status > 100 and self.state is State.DIALLING:
            if response.body:
                self.media.follow(response.body)
            self._become(State.RINGING)
        else:
            self.agent.changed(self)

    def _accepted(self, response: Response) -> None:
        """A 2xx; one that comes again is only acknowledged again."""
        if self._ack is None:
            self.remote_tag = parse_address(response.headers.get("To")).tag
            self.target = parse_address(response.headers.get("Contact")).uri or self.target
            self.routes = tuple(reversed(response.headers.all("Record-Route")))
            self.headers = response.headers
            number = int(response.headers.get("CSeq").split()[0])
            self._ack = self.agent.exchange.with_via(self._numbered("ACK", number), self.next_hop)
        self.agent.exchange.transmit(self._ack, self.next_hop)
        if self.state in (State.DIALLING, State.RINGING):
            usable = bool(response.body) and self.media.follow(response.body)
            self._up()
            if self._cancelled or not usable:
                self.agent.run(self.hang_up())

    def offered(self, transaction: ServerTransaction) -> None:
        """The INVITE that opens this dialog came."""
        request = transaction.request
        self.offer, self.headers, self.state = transaction, request.headers, State.OFFERED
        self.remote_tag = parse_address(request.headers.get("From")).tag
        self.routes = request.headers.all("Record-Route")

    def received(self, transaction: ServerTransaction) -> None:
        """Another request within this dialog came."""
        request, reply = transaction.request, self.agent.response
        match request.method:
            case "BYE":
                transaction.respond(reply(request, 200, "OK"))
                self.end(200, request.headers.get("Reason"), by_far_end=True)
            case "INVITE" | "UPDATE":
                self._reoffered(transaction)
            case "INFO":
                transaction.respond(reply(request, 200, "OK"))
                if key := dtmf.key(request.body):
                    self.stream.on_key(key)
            case "REFER":
                follows = self.on_refer(parse_address(request.headers.get("Refer-To")).uri)
                status, reason = (202, "Accepted") if follows else (603, "Decline")
                transaction.respond(reply(request, status, reason, self))
            case "OPTIONS" | "NOTIFY" | "MESSAGE":
                transaction.respond(reply(request, 200, "OK"))
            case _:
                transaction.respond(reply(request, 501, "Not Implemented"))

    def acknowledged(self, request: Request) -> None:
        """The ACK for our 200 came; it carries the answer when the INVITE carried no offer."""
        if self.offer:
            self.offer.acknowledged()
            if request.body and not self.offer.request.body:
                self.media.follow(request.body)

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
        """CANCEL, once a provisional response came (RFC 3261 §9.1); a 200 that crosses it is hung up."""
        self._cancelled = True
        await self.agent.wait(self, lambda: self._trying or self.state is State.ENDED, GIVE_UP_SECONDS)
        if self.state in (State.DIALLING, State.RINGING) and self.invite:
            self.agent.exchange.begin(self.invite.cancel(), self.invite.peer, lambda response: None)
        await self.ended(GIVE_UP_SECONDS)

    def _reoffered(self, transaction: ServerTransaction) -> None:
        request, reply = transaction.request, self.agent.response
        if not request.body and request.method == "UPDATE":
            transaction.respond(reply(request, 200, "OK", self))
            return
        description = self.media.answer(request.body)
        if description is None:
            transaction.respond(reply(request, 488, "Not Acceptable Here", self))
            return
        self.target = parse_address(request.headers.get("Contact")).uri or self.target
        if request.method == "INVITE":
            self.offer = transaction
        transaction.respond(reply(request, 200, "OK", self, description))
        self.on_change()

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
