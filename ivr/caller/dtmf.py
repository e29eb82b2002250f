"""Keys in SIP INFO bodies: `application/dtmf-relay` names its signal in a line, `application/dtmf` is the key alone."""

from __future__ import annotations

RELAY = "application/dtmf-relay"


def relay(key: str, milliseconds: int = 160) -> bytes:
    """The body of an INFO that presses a key."""
    return f"Signal={key}\r\nDuration={milliseconds}\r\n".encode()


def key(body: bytes) -> str:
    """The key that an INFO presses; empty where there is none."""
    lines = body.decode("ascii", "replace").split("\n")
    signal = next((line for line in lines if line.lower().startswith("signal")), "")
    pressed = signal.partition("=")[2].strip() or lines[0].strip()
    return pressed if len(pressed) == 1 else ""
