"""SIP headers: those of a message as received, and those we may add to one we send.

What comes in is an attacker's text: it is split, never believed. What goes out is refused with CR, LF or other control
characters, which pjsip would put on the wire as they are (header injection), and beyond the size that fits beside the SDP in
one packet (2.5 kB measured; 3 kB fails with PJSIP_EMSGTOOLONG).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from ivr.errors import PhoneError
from ivr.handoff.calling_back import CALLED

ROOM_BYTES = 2500
URI_BYTES = 256
OURS = frozenset({"user-to-user", "call-info", "p-asserted-identity", "history-info", "reason", "diversion", "subject"})
# RFC 3261 §7.3.3 and RFC 3515 §6: the short names that may stand in a message.
SHORT = {
    "i": "Call-ID",
    "m": "Contact",
    "f": "From",
    "t": "To",
    "v": "Via",
    "s": "Subject",
    "c": "Content-Type",
    "k": "Supported",
}
TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")


class Headers(dict[str, str]):
    """Header values by name in any case; a header that came more than once is joined by commas (RFC 3261 §7.3.1)."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name.lower() if isinstance(name, str) else name)

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        """The value of a header, or the default."""
        return super().get(name.lower(), default)


def request_uri(message: str) -> str:
    """The Request-URI of a request; empty where there is none."""
    parts = message.split("\r\n", 1)[0].split(" ")
    return parts[1] if len(parts) == 3 else ""


def received(message: str) -> Headers:
    """The headers of a SIP message, unfolded, with short names made long."""
    head = re.sub(r"\r\n[ \t]+", " ", message.split("\r\n\r\n", 1)[0])
    found = Headers()
    for line in head.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            continue
        key = SHORT.get(name.strip().lower(), name.strip()).lower()
        found[key] = f"{found[key]},{value.strip()}" if key in found else value.strip()
    return found


def body(message: str) -> str:
    """The body of a SIP message."""
    return message.partition("\r\n\r\n")[2]


def user(address: str) -> str:
    """The user part of a name-addr or URI (`"Li" <sip:+86139;x=y@host>` → `+86139`), a tel number, or empty."""
    # A display name may hold anything, a SIP URI of its liking too.
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", address)
    uri = bare.partition("<")[2].partition(">")[0] if "<" in bare else bare
    found = re.match(r"\s*(?:sips?:([^@;:]*)(?:[;:][^@]*)?@|tel:([^;]*))", uri, re.IGNORECASE)
    return (found[1] or found[2] or "") if found else ""


def checked(headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Headers fit to be sent, as pairs; raises PhoneError for one that must not be."""
    pairs = tuple((headers or {}).items())
    for name, value in pairs:
        if not TOKEN.fullmatch(name):
            raise PhoneError(f"header name {name!r} is not a SIP token")
        if name.lower() not in OURS and not name.lower().startswith("x-"):
            raise PhoneError(f"header {name} is not one a call may add: allowed are X-… and {', '.join(sorted(OURS))}")
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise PhoneError(f"header {name} has a control character in its value: {value!r}")
    size = sum(len(f"{name}: {value}\r\n".encode()) for name, value in pairs)
    if size > ROOM_BYTES:
        raise PhoneError(f"headers of {size} bytes do not fit into one packet: at most {ROOM_BYTES}")
    return pairs


def checked_uri(uri: str) -> str:
    """A SIP URI fit to be called; raises PhoneError."""
    if not re.fullmatch(r"sips?:[^\s<>\"\x00-\x1f\x7f]+", uri):
        raise PhoneError(f"not a SIP URI: {uri!r}")
    if len(uri.encode()) > URI_BYTES:
        raise PhoneError(f"SIP URI of more than {URI_BYTES} bytes: {uri[:40]!r}…")
    return uri


def with_headers(uri: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """A Refer-To URI that asks for headers in the INVITE it causes (RFC 3261 §19.1.1), in angle brackets."""
    asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return f"<{uri}?{asked}>" if asked else f"<{uri}>"


def display_name(name: str) -> str:
    """A name as a quoted string (RFC 3261 §25.1): control characters dropped, quotes and backslashes escaped."""
    clean = re.sub(r"[\x00-\x1f\x7f]", "", name)[:64]
    return '"' + re.sub(r'(["\\])', r"\\\1", clean) + '"'


def plain_number(user: str) -> str:
    """The user part of a SIP URI as a number or name that is safe to keep: 64 characters at most, no others than these."""
    return re.sub(r"[^0-9A-Za-z+*#._-]", "", user)[:64]


def called_number(user: str) -> str:
    """What a caller has dialled, safe to keep; never the word that marks the calls we place: nobody leaves the figures by dialling it."""
    plain = plain_number(user)
    return "" if plain == CALLED else plain
