"""Which way out a handoff takes: what the queue is configured for, as far as the caller's phone can (pure).

A phone says in its INVITE what it can: `Allow` lists REFER (RFC 3261 §20.5), `Supported` lists replaces (RFC 3891 §6.2).
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.handoff.events import WayOut


def chosen(configured: WayOut, headers: Mapping[str, str]) -> WayOut:
    """The way out for a caller with these headers (names in lower case).

    `refer` asks the agent first where the phone knows Replaces, and becomes `blind` where it doesn't; a phone that says that
    it takes no REFER stays on the bridge. One that says nothing of it is tried: a REFER that fails costs a second.
    """
    allowed, supported = _listed(headers.get("allow", "")), _listed(headers.get("supported", ""))
    if configured == "bridge" or (allowed and "refer" not in allowed):
        return "bridge"
    if configured == "refer" and "replaces" in supported:
        return "refer"
    return "blind"


def _listed(value: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in value.split(",") if word.strip())
