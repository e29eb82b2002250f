"""What systemd is told of the hotline (sd_notify(3)): that it serves, that it drains, that it lives. Without systemd, nothing."""

from __future__ import annotations

import contextlib
import os
import socket


def tell(*lines: str) -> None:
    """Send lines like `READY=1` to whoever started us and asked for them; one that is gone is not missed."""
    if not (address := os.environ.get("NOTIFY_SOCKET", "")):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto("\n".join(lines).encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)


def may_take(seconds: float) -> str:
    """The line that asks for so much time to start or stop, however little the unit allows."""
    return f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}"
