"""What an INVITE says, read from its text: all of it an attacker's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.telephony import headers
from ivr.telephony.admission import Network, address, within

# The edge writes the caller's own address here, and drops what came under that name from outside.
SOURCE_HEADER = "X-Hotline-Source"


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who calls whom from where; `source` is an IP address without port."""

    caller: str
    called: str
    source: str
    call_id: str
    headers: Mapping[str, str]


def read(
    message: str,
    peer: str,
    own_user: str,
    edges: tuple[Network, ...],
    trusted: tuple[Network, ...],
    asserted_only: bool = False,
) -> Invitation:
    """An INVITE that came from `peer` (`host:port`).

    From an edge the true source is in its header. The caller's number is P-Asserted-Identity where the source is trusted
    (RFC 3325), else From, or with `asserted_only` unknown. The called number is the Request-URI's user, unless that is our own contact: then To's.
    """
    found = headers.received(message)
    source = found.get(SOURCE_HEADER) if within(peer, edges) and SOURCE_HEADER in found else peer
    asserted = headers.user(found.get("P-Asserted-Identity")) if within(source, trusted) else ""
    asked, to = headers.user(headers.request_uri(message)), headers.user(found.get("To"))
    return Invitation(
        caller=asserted or ("" if asserted_only else headers.user(found.get("From"))),
        called=to if asked in ("", own_user) and to else asked,
        source=str(address(source) or source),
        call_id=found.get("Call-ID"),
        headers=found,
    )
