"""How a process of the hotline proves that it works: `ready` on its standard output when it serves, then `alive` once a second.

`alive` is said by the loop that does the work, never from a thread of its own, which would go on while the work stands still. What the
loop leaves to others (the phone's thread, the decoders) is asked before each line, and nothing is said until it has answered. What
the supervisor should know stands behind the word, as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import json
import os
import select
import signal
import stat
import sys
from collections.abc import Awaitable, Callable, Mapping

ALIVE = b"alive"
EVERY_SECONDS = 1.0
STACKS = signal.SIGUSR1
# Where the supervisor wants them: the number of an open file.
STACKS_FILE = "HOTLINE_STACKS_FILE"
_STDOUT = 1
Figures = Mapping[str, float]


def announce() -> None:
    """Called in a child: tell the supervisor that it serves; from then on it is expected to say `alive` (`beat`)."""
    # A long collection would be heard in a call; what exists now lives as long as the process, and is never looked through again.
    gc.collect()
    gc.freeze()
    # Once more, over nothing: old garbage is looked for when there is a quarter more than what the last look found alive, and with
    # the start counted in, hundreds of calls that were over (each with a network for its ear) waited for it.
    gc.collect()
    gc.enable()
    print("ready", flush=True)


def show_stacks_when_asked() -> None:
    """On `STACKS` every thread's stack is written down, whatever the interpreter is stuck in; also when a library aborts."""
    file = int(os.environ.pop(STACKS_FILE, sys.stderr.fileno()))
    faulthandler.enable(file)
    faulthandler.register(STACKS, file=file, all_threads=True)


async def beat(*works: Callable[[], Awaitable[bool]], figures: Callable[[], Figures] = dict) -> None:
    """Say so until cancelled, each time all of `works` have come back with a yes; does nothing where no supervisor listens."""
    while _listened_to():
        if all([await each() for each in works]):
            _say(ALIVE + b" " + json.dumps(dict(figures())).encode())
        await asyncio.sleep(EVERY_SECONDS)


def figures_in(line: bytes) -> Figures | None:
    """What a line of a child's output says beside being alive; None for any other line."""
    word, _, told = line.strip().partition(b" ")
    if word != ALIVE:
        return None
    try:
        found = json.loads(told or b"{}")
    except ValueError:
        return {}
    return (
        {key: value for key, value in found.items() if isinstance(value, int | float)}
        if isinstance(found, dict)
        else {}
    )


def _listened_to() -> bool:
    return stat.S_ISFIFO(os.fstat(_STDOUT).st_mode)


def _say(line: bytes) -> None:
    """Past `sys.stdout`, which the voice takes away while it speaks; a supervisor that reads nothing doesn't hold us up."""
    with contextlib.suppress(OSError):
        if select.select([], [_STDOUT], [], 0)[1]:
            os.write(_STDOUT, line + b"\n")
