"""SIP messages: text to values and back (RFC 3261 §7, §25).

A message is read leniently (compact names, folded lines, any case) and written strictly. Nothing here knows transactions.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from ivr.errors import UserError

CRLF = "\r\n"
COMPACT = {
    "i": "Call-ID",
    "m": "Contact",
    "e": "Content-Encoding",
    "l": "Content-Length",
    "c": "Content-Type",
    "f": "From",
    "s": "Subject",
    "k": "Supported",
    "t": "To",
    "v": "Via",
    "r": "Refer-To",
}


class MalformedMessage(ValueError):
    """The bytes are not a SIP message; a peer drops them or answers 400."""


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in their order; names compare without case."""

    items: tuple[tuple[str, str], ...] = ()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a name."""
        wanted = name.lower()
        return next((value for key, value in self.items if key.lower() == wanted), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a name, comma-separated ones taken apart (RFC 3261 §7.3.1)."""
        wanted = name.lower()
        return tuple(part for key, value in self.items if key.lower() == wanted for part in split(value))

    def plus(self, *more: tuple[str, str]) -> Headers:
        """These headers with others behind them."""
        return Headers((*self.items, *more))


@dataclass(frozen=True, slots=True)
class Request:
    """A SIP request."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """The message as it goes onto the wire."""
        return _encode(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """A SIP response."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """The message as it goes onto the wire."""
        return _encode(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)


Message = Request | Response


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr or addr-spec: `"Li" <sip:li@host>;tag=x` (RFC 3261 §20.10)."""

    uri: str
    name: str = ""
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return self.parameters.get("tag", "")


@dataclass(frozen=True, slots=True)
class Uri:
    """A SIP URI taken apart as far as a phone needs it."""

    user: str
    host: str
    port: int
    transport: str = "udp"
    text: str = ""


def parse(data: bytes) -> Message:
    """One datagram or framed message as a Request or Response; raises MalformedMessage."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        raise MalformedMessage("no empty line after the headers")
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split(CRLF)
    headers = Headers(tuple(_header(line) for line in lines[1:] if line))
    length = headers.get("Content-Length", "").strip()
    if length.isdigit():
        body = body[: int(length)]
    start = lines[0].split(" ", 2)
    if len(start) == 3 and start[0] == "SIP/2.0" and start[1].isdigit():
        return Response(int(start[1]), start[2], headers, body)
    if len(start) == 3 and start[2] == "SIP/2.0":
        return Request(start[0], start[1], headers, body)
    raise MalformedMessage(f"start line {lines[0][:60]!r}")


def parse_address(value: str) -> Address:
    """A From, To, Contact, Route or Refer-To value."""
    found = re.match(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>(.*)$', value, re.S)
    if found:
        quoted = re.sub(r"\\(.)", r"\1", found[1] or "", flags=re.S)
        return Address(found[3].strip(), (quoted or found[2] or "").strip(), parameters(found[4]))
    uri, _, rest = value.partition(";")
    return Address(uri.strip(), "", parameters(rest))


def named(name: str, uri: str) -> str:
    """A From or To value; quotes and backslashes in the name are escaped (RFC 3261 §25.1, quoted-string)."""
    if not name:
        return f"<{uri}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{uri}>'


def parse_uri(text: str) -> Uri:
    """`sip:user@host:port;transport=tcp`; raises MalformedMessage for anything else."""
    found = re.fullmatch(
        r"(sips?):(?:([^@]*)@)?(\[[0-9a-fA-F:.]+\]|[^:;?\[\]@\s]+)(?::(\d{1,5}))?([;?].*)?", text.strip()
    )
    if not found:
        raise MalformedMessage(f"not a SIP URI: {text[:80]!r}")
    rest = parameters((found[5] or "").partition("?")[0])
    user = (found[2] or "").partition(":")[0]
    port = int(found[4]) if found[4] else 5060
    return Uri(user, found[3].strip("[]"), port, rest.get("transport", "udp").lower(), text.strip())


def sip_uri(text: str) -> str:
    """A SIP URI as a person types it, `sip:` added where it is missing; raises UserError."""
    text = text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}"
    try:
        parse_uri(text)
    except MalformedMessage as fault:
        raise UserError(str(fault), "write it as sip:hotline@host or sip:hotline@host:5060") from None
    return text


def with_headers(uri: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A URI without its `?Header=value` part, and the headers (RFC 3261 §19.1.1); only those a transfer may bring are taken."""
    bare, _, query = uri.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return bare, tuple(
        (name, clean(unquote(value)))
        for name, _, value in pairs
        if name.lower() in BROUGHT or name.lower().startswith("x-")
    )


# Of a transfer's headers those that say whom to replace, and what it is about; all else could forge a request of ours.
BROUGHT = frozenset({"replaces", "require", "user-to-user", "call-info", "subject"})


def parameters(text: str) -> dict[str, str]:
    """`;a=b;c` as a dict; names in lower case, quotes removed."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}


def split(value: str) -> list[str]:
    """A header value at its top-level commas: not those in quotes or in angle brackets."""
    return [part.strip() for part in re.findall(r'(?:"(?:[^"\\]|\\.)*+"|<[^>]*+>|[^,"<]++)++', value)]


def branch() -> str:
    """A new Via branch with the magic cookie (RFC 3261 §8.1.1.7)."""
    return "z9hG4bK" + secrets.token_hex(8)


def token() -> str:
    """A new tag or Call-ID part."""
    return secrets.token_hex(6)


def clean(value: str) -> str:
    """A header value that can't start a header of its own."""
    return re.sub(r"[\r\n]+", " ", value)


def _header(line: str) -> tuple[str, str]:
    name, found, value = line.partition(":")
    if not found or not name.strip():
        raise MalformedMessage(f"header line {line[:60]!r}")
    name = name.strip()
    return COMPACT.get(name.lower(), name), value.strip()


def _encode(start: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    lines = [start, *(f"{name}: {clean(value)}" for name, value in headers if name.lower() != "content-length")]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return CRLF.join(lines).encode() + body
