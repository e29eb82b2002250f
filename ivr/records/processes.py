"""Which process holds what: a name that says where it runs, so that a slow one is not taken for dead.

A worker that is starved of CPU, or waits for the database, renews too late; its calls go on all the same. On the same machine
the operating system knows better than any lease whether it lives; for other machines the lease alone decides.
"""

from __future__ import annotations

import os
import re
import socket
from functools import cache
from pathlib import Path

import psutil

_NAME = re.compile(r"[^@]*@(?P<host>[^:]+):(?P<pid>\d+):(?P<since>[0-9a-f.]+)")
_STARTED = (
    19  # which field of /proc/PID/stat behind the name of the program, in ticks since the machine started: proc(5)
)


def own_name(part: str) -> str:
    """The name of this process, used by no other one and no later one."""
    return f"{part}@{_host()}:{os.getpid()}:{_since(os.getpid())}"[:64]


def lives_here(name: str) -> bool:
    """Whether the process of that name runs on this machine now; False for one that ended, or is somewhere else."""
    found = _NAME.fullmatch(name)
    if found is None or found["host"] != _host():
        return False
    try:
        return _since(int(found["pid"])) == found["since"]
    except (OSError, psutil.Error):
        return False


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:24]


def _since(pid: int) -> str:
    """When the process began: a number of a process is used again, with its moment never.

    Not by the clock on the wall, where Linux can tell otherwise: a clock that is set would make everybody somebody else.
    """
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return str(round(psutil.Process(pid).create_time() * 1000))
    ticks = stat.read_bytes().rpartition(b")")[2].split()[_STARTED]
    return f"{int(ticks)}.{_boot()}"


@cache
def _boot() -> str:
    """Which start of this machine it is, in eight letters."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
