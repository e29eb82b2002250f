"""`kill -9` of the hotline's own processes, found below its supervisor by their command lines."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Killed:
    """A process that was killed, and when (monotonic clock)."""

    part: str
    at: float


def part_of(supervisor: int, name: str) -> int:
    """The process of a part by its whole name (`worker 0`); raises LookupError when none runs just now."""
    for child in psutil.Process(supervisor).children():
        with contextlib.suppress(psutil.Error):
            if f" part {name} --" in " ".join(child.cmdline()):
                return child.pid
    raise LookupError(name)


def kill(supervisor: int, part: str, dice: random.Random) -> Killed | None:
    """Kill one process of a part (`worker`, `console`); None when none runs just now."""
    found: list[tuple[psutil.Process, str]] = []
    for child in psutil.Process(supervisor).children():
        try:
            if named := re.search(rf"part ({part}(?: \d+)?)", " ".join(child.cmdline())):
                found.append((child, named[1]))
        except psutil.Error:
            continue  # it ended while we looked
    if not found:
        return None
    victim, name = dice.choice(found)
    os.kill(victim.pid, signal.SIGKILL)
    return Killed(name, time.monotonic())
