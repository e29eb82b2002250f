"""The hotline's processes as the tests start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[3]

Say = Callable[..., bytes]


class Process:
    """One of the hotline's processes, with its log."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.log = log
        self._child = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=log.open("ab"), stderr=subprocess.STDOUT, env={**os.environ}
        )

    def wait_for(self, text: str, seconds: float = 180) -> None:
        ends = time.monotonic() + seconds
        while text not in self.log.read_text(errors="replace"):
            assert time.monotonic() < ends, f"no {text!r} in:\n{self.log.read_text(errors='replace')}"
            assert self._child.poll() is None, self.log.read_text(errors="replace")
            time.sleep(0.05)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        self._child.send_signal(number)
        return self._child.wait(120)

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def wait(self) -> int:
        return self._child.wait(180)


def http(url: str) -> str:
    """The body of a page."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())
