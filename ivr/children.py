"""Child processes that are started, watched and restarted; each says `ready` on its standard output when it serves.

A child that dies is restarted, at once at first and then ever later up to five seconds. A child that ends with status 2 made
a person's mistake known on standard error (a port in use, a model missing): at start that ends the supervisor too, as do
several false starts of the same child.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import sys
import time
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()
LONGEST_PAUSE_SECONDS = 5.0
CALM_SECONDS = 30.0
USER_MISTAKE = 2
MOST_FALSE_STARTS = 3
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One process to keep alive: its name in the logs, its command line, and whether it says `ready`."""

    name: str
    command: list[str]
    announces: bool = True
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    stopping: bool = False
    given_up: str = ""
    _watcher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it and keep it alive until `stop`."""
        self._watcher = asyncio.create_task(self._keep_alive(), name=f"child {self.name}")

    async def _keep_alive(self) -> None:
        pause_seconds = 0.0
        while not self.stopping:
            began = time.monotonic()
            status = await self._run_once()
            if self.stopping:
                return
            if not self.ready.is_set() and (status == USER_MISTAKE or self.restarts >= MOST_FALSE_STARTS):
                self.given_up = "its own line above says why" if status == USER_MISTAKE else "its traceback is above"
                self.ready.set()
                return
            calm = time.monotonic() - began > CALM_SECONDS
            pause_seconds = 0.1 if calm else min(LONGEST_PAUSE_SECONDS, max(0.1, pause_seconds * 2))
            self.restarts += 1
            log.error("child.died", child=self.name, status=status, restarts=self.restarts, again_in=pause_seconds)
            await asyncio.sleep(pause_seconds)

    async def _run_once(self) -> int:
        self.process = await asyncio.create_subprocess_exec(
            *self.command, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL, preexec_fn=_end_with_parent
        )
        log.info("child.started", child=self.name, pid=self.process.pid)
        if not self.announces:
            self.ready.set()
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            if line.strip() == b"ready":
                self.ready.set()
                log.info("child.ready", child=self.name)
        status = await self.process.wait()
        # Processes of its own would go on holding its ports: Kamailio's outlive their killed parent.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return status

    async def stop(self, patience_seconds: float) -> None:
        """Ask it to end (SIGTERM) and wait; then insist (SIGKILL)."""
        self.stopping = True
        if self.process and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), patience_seconds)
            except TimeoutError:
                log.warning("child.killed", child=self.name)
                with contextlib.suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()
        if self._watcher:
            self._watcher.cancel()


def part(name: str, config: str, *arguments: str) -> list[str]:
    """The command line of one of our own processes."""
    return [sys.executable, "-m", "ivr", "part", name, *arguments, "--config", config]


def announce() -> None:
    """Called in a child: tell the supervisor that it serves."""
    # A long collection would be heard in a call; what exists now lives as long as the process, and is never looked through again.
    gc.collect()
    gc.freeze()
    # Once more, over nothing: old garbage is looked for when there is a quarter more than what the last look found alive, and with
    # the start counted in, hundreds of calls that were over (each with a network for its ear) waited for it.
    gc.collect()
    gc.enable()
    print("ready", flush=True)


def _end_with_parent() -> None:
    """In the child before exec: a supervisor killed with -9 takes its children with it (Linux; prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setpgid(0, 0)
