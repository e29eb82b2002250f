"""What both sides of a call agree on about audio, and the stream set accordingly (offer/answer, RFC 3264)."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.caller import sdp
from ivr.caller.codec import Codec, companding
from ivr.caller.g722 import Wideband
from ivr.caller.message import MalformedMessage
from ivr.caller.rtp import Stream

CODECS = ("PCMU", "PCMA", "G722")


class Negotiation:
    """Offers and answers for one stream; the version counts up with every description we write."""

    def __init__(self, stream: Stream, codecs: Sequence[str]) -> None:
        self._stream, self._codecs, self._version = stream, tuple(codecs), 0
        self.holding = self.held = False

    def offer(self) -> bytes:
        """Our description; while `holding` it only sends."""
        direction: sdp.Direction = "sendonly" if self.holding else "sendrecv"
        return self._written(sdp.offer(self._stream.address, self._stream.port, self._codecs, direction))

    def answer(self, body: bytes) -> bytes | None:
        """Our answer to an offer (our own offer to an empty one); None without a codec in common."""
        if not body:
            return self.offer()
        remote = _parsed(body)
        answer = remote and sdp.answer(remote, self._stream.address, self._stream.port, self._codecs, self.holding)
        if not remote or not answer:
            return None
        self._connect(remote)
        return self._written(answer)

    def follow(self, body: bytes) -> bool:
        """Take the far end's answer; False when it can't be followed."""
        remote = _parsed(body)
        return remote is not None and self._connect(remote)

    def _connect(self, remote: sdp.Session) -> bool:
        name = next((name for _, name in remote.codecs if name in self._codecs), None)
        if name is None:
            return False
        self.held = remote.held
        self._stream.sending = remote.direction in ("sendrecv", "recvonly") and remote.address != "0.0.0.0"
        current = self._stream.codec
        chosen = current if current and current.name == name else codec(name)
        self._stream.connect((remote.address, remote.port), chosen, remote.events)
        return True

    def _written(self, session: sdp.Session) -> bytes:
        self._version += 1
        return session.encode(self._version)


def codec(name: str) -> Codec:
    """A codec for one stream by its SDP name."""
    return Wideband() if name == "G722" else companding(name)


def _parsed(body: bytes) -> sdp.Session | None:
    try:
        return sdp.parse(body)
    except MalformedMessage:
        return None
