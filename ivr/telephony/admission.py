"""Who may call: source addresses, and room for callers in this process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from ivr.errors import ConfigError

Network = IPv4Network | IPv6Network
# The loop says once a second that it runs.
LOOP_SILENT_SECONDS = 4.0


def networks(listed: Sequence[str], key: str) -> tuple[Network, ...]:
    """Addresses and CIDR blocks of a setting; raises ConfigError naming the key."""
    try:
        return tuple(ip_network(item, strict=False) for item in listed)
    except ValueError as fault:
        raise ConfigError(f"`{key}`: {fault}", "write addresses like 10.0.0.0/8 or 192.0.2.7") from None


def address(source: str) -> IPv4Address | IPv6Address | None:
    """The IP address in `host`, `host:port` or `[host]:port`; None where there is none."""
    host = source.removeprefix("[").split("]")[0] if source.startswith("[") else source
    if host.count(":") == 1:
        host = host.split(":")[0]
    try:
        return ip_address(host)
    except ValueError:
        return None


def within(source: str, allowed: Collection[Network]) -> bool:
    """Whether the source lies in one of the networks; what is no address lies in none."""
    found = address(source)
    return found is not None and any(found in network for network in allowed)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The SIP status of a refused call, and why."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules; 486 and 503 tell the edge to try the next worker, 403 not to."""

    allowed: tuple[Network, ...]
    callers: int

    def refusal(self, source: str, callers_now: int, loop_silent_seconds: float = 0.0) -> Refusal | None:
        """Why a call from `source` is refused while so many callers are on; None lets it in.

        Where the loop that would answer it has been silent for long, the caller would hear nothing: another worker is up.
        """
        if not within(source, self.allowed):
            return Refusal(403, "Forbidden")
        if callers_now >= self.callers:
            return Refusal(486, "Busy Here")
        if loop_silent_seconds > LOOP_SILENT_SECONDS:
            return Refusal(503, "Service Unavailable")
        return None
