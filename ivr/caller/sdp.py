"""Session descriptions, as far as one audio stream needs them (RFC 8866, offer/answer RFC 3264)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ivr.caller.message import MalformedMessage

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
STATIC = {"PCMU": 0, "PCMA": 8, "G722": 9}
TELEPHONE_EVENT = 101
MIRROR: dict[str, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class Session:
    """One side's audio: where it listens, which payload types it understands, in which direction it flows."""

    address: str
    port: int
    codecs: tuple[tuple[int, str], ...]
    events: int | None = TELEPHONE_EVENT
    direction: Direction = "sendrecv"

    @property
    def held(self) -> bool:
        """Whether its author sends us nothing or wants nothing (RFC 3264 §8.4; c=0.0.0.0 is RFC 2543's hold)."""
        return self.direction in ("sendonly", "inactive") or self.address == "0.0.0.0"

    def encode(self, version: int = 1) -> bytes:
        """The description; `version` counts up with every offer (RFC 3264 §8)."""
        kinds = [number for number, _ in self.codecs] + ([self.events] if self.events is not None else [])
        lines = ["v=0", f"o=- 1 {version} IN IP4 {self.address}", "s=-", f"c=IN IP4 {self.address}", "t=0 0"]
        lines.append(f"m=audio {self.port} RTP/AVP {' '.join(map(str, kinds))}")
        # G.722's clock is written 8000 although it samples at 16000: an old error kept on purpose (RFC 3551 §4.5.2).
        lines += [f"a=rtpmap:{number} {name}/8000" for number, name in self.codecs]
        if self.events is not None:
            lines += [f"a=rtpmap:{self.events} telephone-event/8000", f"a=fmtp:{self.events} 0-15"]
        lines += ["a=ptime:20", f"a={self.direction}", ""]
        return "\r\n".join(lines).encode()


def offer(address: str, port: int, codecs: Sequence[str], direction: Direction = "sendrecv") -> Session:
    """Our description with the codecs in order of preference."""
    return Session(address, port, tuple((STATIC[name], name) for name in codecs), TELEPHONE_EVENT, direction)


def parse(body: bytes) -> Session:
    """The first audio stream of a description; raises MalformedMessage when there is none."""
    address, port, kinds, names, direction, in_audio = "", 0, list[int](), dict[int, str](), "sendrecv", False
    for line in body.decode("utf-8", "replace").splitlines():
        kind, _, value = line.strip().partition("=")
        match kind, value.split():
            case "c", [_, _, where] if not address or in_audio:
                address = where.partition("/")[0]
            case "m", ["audio", number, _, *numbers] if not in_audio and not kinds and number.isdigit():
                in_audio, port, kinds = True, int(number), [int(item) for item in numbers if item.isdigit()]
            case "m", _:
                in_audio = False
            case "a", _ if in_audio and value.startswith("rtpmap:"):
                number, _, name = value.removeprefix("rtpmap:").partition(" ")
                if number.isdigit():
                    names[int(number)] = name.partition("/")[0].strip()
            case "a", [flow] if flow in MIRROR:
                direction = flow
    if not kinds or not address:
        raise MalformedMessage("no audio stream with an address in the session description")
    static = {number: name for name, number in STATIC.items()}
    known = [(number, names.get(number, static.get(number, "")).upper()) for number in kinds]
    events = next((number for number, name in known if name == "TELEPHONE-EVENT"), None)
    codecs = tuple((number, name) for number, name in known if name in STATIC)
    return Session(address, port, codecs, events, MIRROR[MIRROR[direction]])


def answer(remote: Session, address: str, port: int, codecs: Sequence[str], hold: bool = False) -> Session | None:
    """Our answer with one codec, the first of theirs that we also speak, or None for 488."""
    common = [(number, name) for number, name in remote.codecs if name in codecs]
    if not common:
        return None
    direction = MIRROR[remote.direction] if remote.address != "0.0.0.0" else "inactive"
    if hold:
        direction = "sendonly" if direction in ("sendrecv", "sendonly") else "inactive"
    return Session(address, port, (common[0],), remote.events, direction)
