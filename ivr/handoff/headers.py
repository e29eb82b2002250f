"""SIP headers that carry a case to the agent's phone: ids and a URL, never the transcript (an INVITE has room for 2.5 kB).

User-to-User: RFC 7433 (hex is the default encoding). Call-Info: RFC 3261 §20.9. P-Asserted-Identity: RFC 3325, only towards
a trusted trunk. A value with a control character is refused: CR/LF in a value would become headers of their own.
"""

from __future__ import annotations

import re

from ivr.errors import PhoneError

MAX_VALUE_BYTES = 512
MAX_TOTAL_BYTES = 2000
_NUMBER = re.compile(r"\+?[0-9]{3,20}")


def user_to_user(call_id: str) -> str:
    """The call id as RFC 7433 user-to-user data; 128 octets of data at most (RFC 7433 §3.2.3)."""
    data = call_id.encode()
    if not 0 < len(data) <= 128:
        raise PhoneError(f"a call id of {len(data)} bytes doesn't fit User-to-User (1 to 128)")
    return f"{data.hex()};encoding=hex"


def call_id_of(header: str) -> str:
    """The call id in a User-to-User value that we or a partner sent; ValueError when it is not hex or not UTF-8."""
    data = header.split(";", 1)[0].strip()
    return bytes.fromhex(data).decode()


def case_headers(call_id: str, case_url: str = "", caller: str = "", trusted: bool = False) -> dict[str, str]:
    """The headers of an agent's INVITE; raises PhoneError for a value that must not go onto the wire."""
    headers = {"User-to-User": user_to_user(call_id)}
    if case_url:
        headers["Call-Info"] = f"<{_uri(case_url)}>;purpose=info"
    number = _NUMBER.fullmatch(caller)
    if trusted and number:
        headers["P-Asserted-Identity"] = f"<tel:{number[0]}>"
    return bounded(headers)


def bounded(headers: dict[str, str]) -> dict[str, str]:
    """The same headers, proved to be one line each and within the measured room."""
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", name):
            raise PhoneError(f"{name!r} is no header name")
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise PhoneError(f"{name}: a control character in the value")
        if len(value.encode()) > MAX_VALUE_BYTES:
            raise PhoneError(f"{name}: longer than {MAX_VALUE_BYTES} bytes")
    total = sum(len(name) + len(value.encode()) + 4 for name, value in headers.items())
    if total > MAX_TOTAL_BYTES:
        raise PhoneError(f"{total} bytes of headers don't fit an INVITE (at most {MAX_TOTAL_BYTES})")
    return headers


def _uri(url: str) -> str:
    if not re.fullmatch(r"https?://[!-;=?-~]+", url):
        raise PhoneError(f"{url!r} can't be put into Call-Info")
    return url
