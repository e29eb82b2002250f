"""Child processes that are started, watched and restarted; each says `ready` on its standard output when it serves.

A child that dies is restarted, at once at first and then ever later up to five seconds. A child that ends with status 2 made
a person's mistake known on standard error (a port in use, a model missing): at start that ends the supervisor too, as do
several false starts of the same child. One that serves says `alive` once a second (`pulse`); one that doesn't hangs (`watchdog`):
the stacks of its threads go to the log, and it is killed and restarted like one that died. So do the stacks of one that aborts.
A foreign program, which says neither word, is asked once a second instead (`asked`): an answer counts as both.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import structlog

from ivr import pulse
from ivr.tasks import Tasks
from ivr.watchdog import Life

log = structlog.get_logger()
LONGEST_PAUSE_SECONDS = 5.0
CALM_SECONDS = 30.0
USER_MISTAKE = 2
MOST_FALSE_STARTS = 3
# What faulthandler needs to write down thirty threads, on a busy machine.
STACKS_SECONDS = 2.0
_LONGEST_LINE = 65_536
_MOST_STACKS = 65_536
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One process to keep alive: its name in the logs, its command line, and, of one that doesn't say `ready`, how it is asked.

    With `hang_seconds` one that serves and gives no sign of life for so long is killed. One that is `informed` reads what it is
    told (`tell`) on its standard input.
    """

    name: str
    command: list[str]
    asked: Callable[[], Awaitable[bool]] | None = None
    hang_seconds: float = 0.0
    informed: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    causes: Counter[str] = field(default_factory=Counter)
    stopping: bool = False
    given_up: str = ""
    figures: pulse.Figures = field(default_factory=dict)
    _life: Life | None = None
    _cause: str = ""
    _stdin: int | None = None
    _killing: Tasks = field(default_factory=Tasks)
    _watcher: asyncio.Task[None] | None = None

    @property
    def kind(self) -> str:
        """What it is, without its number."""
        return self.name.partition(" ")[0]

    @property
    def restarts(self) -> int:
        """How often it was started again, whatever the cause."""
        return self.causes.total()

    @property
    def serves(self) -> bool:
        """Whether it runs, has said that it serves, and isn't being killed."""
        return self._life is not None and self._life.serves and not self._cause

    def start(self) -> None:
        """Start it and keep it alive until `stop`."""
        self._watcher = asyncio.create_task(self._keep_alive(), name=f"child {self.name}")

    def look(self, away_seconds: float) -> None:
        """Due every second: warn of a hanging process, then kill it; so long the supervisor itself did not run of late."""
        if self._life is None or self._cause:
            return
        now = time.monotonic()
        self._life.forgive(away_seconds)
        match self._life.judged(now):
            case "silent":
                log.warning("child.silent", **self._told(now))
            case "hangs" if self.process and _traced(self.process.pid):
                log.warning("child.debugged", **self._told(now))
                self._life.sign(now)
            case "hangs":
                log.error("child.hangs", **self._told(now))
                self._cause = "hung"
                self._killing.spawn(self._kill_with_stacks())

    def tell(self, line: bytes) -> None:
        """Write a line to its standard input; one that reads nothing is not waited for."""
        if self._stdin is not None:
            with contextlib.suppress(OSError):
                os.write(self._stdin, line + b"\n")

    def _told(self, now: float) -> dict[str, object]:
        assert self.process
        assert self._life
        silent = round(self._life.silent_seconds(now), 1)
        return {"child": self.name, "pid": self.process.pid, "state": _state(self.process.pid), "seconds": silent}

    async def _kill_with_stacks(self) -> None:
        process = self.process
        assert process
        # One that was stopped (SIGSTOP) would have to go on for that, and take a call meanwhile. A foreign program has none.
        if self.asked is None and _state(process.pid) != psutil.STATUS_STOPPED:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(pulse.STACKS)
            await asyncio.sleep(STACKS_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            process.kill()

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
            cause = self._cause or "died"
            self.causes[cause] += 1
            told = {"cause": cause, "status": status, "restarts": self.restarts, "again_in": pause_seconds}
            log.error("child.died", child=self.name, **told)
            await asyncio.sleep(pause_seconds)

    async def _run_once(self) -> int | None:
        """Its status; None where it could not be started: no memory, too many processes."""
        loop, self._cause = asyncio.get_running_loop(), ""
        with contextlib.ExitStack() as open_ends:
            try:
                written = os.memfd_create("stacks", 0)
                open_ends.callback(os.close, written)
                process, heard = await self._spawn(open_ends, written)
            except OSError as fault:
                log.error("child.not_started", child=self.name, fault=fault.strerror)
                return None
            self.process, self._life = process, Life(self.hang_seconds, time.monotonic())
            log.info("child.started", child=self.name, pid=process.pid)
            if self.asked:
                asking = asyncio.create_task(self._ask(self.asked), name=f"ask {self.name}")
                open_ends.callback(asking.cancel)
            reading, _ = await loop.connect_read_pipe(lambda: _Lines(self._heard), heard)
            open_ends.callback(reading.close)
            status = await process.wait()
            self._life, self.figures = None, {}
            if stacks := os.pread(written, _MOST_STACKS, 0).decode(errors="replace"):
                log.error("child.stacks", child=self.name, exception=stacks)
            self._kill_group(process.pid)
            return status

    def _kill_group(self, pid: int) -> None:
        """Processes of its own would go on holding its ports: Kamailio's outlive their killed parent."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    async def _ask(self, works: Callable[[], Awaitable[bool]]) -> None:
        """Each answer is a sign of life; what keeps us from asking is none, and is tried again."""
        while True:
            with contextlib.suppress(OSError):
                if await works() and self._life:
                    self._signed(self._life)
            await asyncio.sleep(pulse.EVERY_SECONDS)

    def _signed(self, life: Life) -> None:
        if life.serves:
            life.sign(time.monotonic())
            return
        life.ready(time.monotonic())
        self.ready.set()
        log.info("child.ready", child=self.name)

    async def _spawn(self, open_ends: contextlib.ExitStack, stacks: int) -> tuple[asyncio.subprocess.Process, Any]:
        """The process, which writes its stacks to that file, and the end of a pipe that hears it.

        Pipes of our own: of asyncio's the end would have to be seen before the process is known to be dead, and whatever it
        started may hold them open for ever.
        """
        hears, says = os.pipe()
        heard = open_ends.enter_context(os.fdopen(hears, "rb", 0))
        with os.fdopen(says, "wb", 0), contextlib.ExitStack() as theirs:
            stdin = theirs.enter_context(self._told_by(open_ends)) if self.informed else asyncio.subprocess.DEVNULL
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdout=says,
                stdin=stdin,
                preexec_fn=_end_with_parent,
                pass_fds=(stacks,),
                env={**os.environ, pulse.STACKS_FILE: str(stacks)},
            )
        return process, heard

    def _told_by(self, open_ends: contextlib.ExitStack) -> Any:
        """The end of a pipe that is the child's standard input; ours never waits."""
        takes, tells = os.pipe()
        os.set_blocking(tells, False)
        open_ends.callback(os.close, tells)
        # Before it is closed, for its number is somebody else's afterwards; also where the process never came to be.
        open_ends.callback(self._tell_no_more)
        self._stdin = tells
        return os.fdopen(takes, "rb", 0)

    def _tell_no_more(self) -> None:
        self._stdin = None

    def _heard(self, line: bytes) -> None:
        if self._life is None:
            return
        if line.strip() == b"ready":
            self._signed(self._life)
        elif (figures := pulse.figures_in(line)) is not None:
            self._life.sign(time.monotonic())
            self.figures = figures

    async def stop(self, patience_seconds: float) -> None:
        """Ask it to end (SIGTERM) and wait; then insist (SIGKILL)."""
        self.stopping = True
        if self._life:
            self._life.ending()
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
            self._kill_group(self.process.pid)
        if self._watcher:
            self._watcher.cancel()


class _Lines(asyncio.Protocol):
    """What a child says, line by line; of one that never ends no more than a bit is kept."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self._heard, self._rest = heard, b""

    def data_received(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest if len(rest) < _LONGEST_LINE else b""
        for line in lines:
            self._heard(line)


def _state(pid: int) -> str:
    """What the operating system says that it does: `stopped`, `running`, `sleeping`, `disk-sleep`."""
    try:
        return str(psutil.Process(pid).status())
    except psutil.Error:
        return "gone"


def _traced(pid: int) -> bool:
    """Whether somebody looks at it with a debugger."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in status.splitlines())
    return False


def part(name: str, config: str, *arguments: str) -> list[str]:
    """The command line of one of our own processes."""
    return [sys.executable, "-m", "ivr", "part", name, *arguments, "--config", config]


async def status_of(command: list[str]) -> int:
    """Run a process once, with our standard error, and return its status; cancelled, it is killed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, preexec_fn=_end_with_parent
    )
    try:
        return await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def _end_with_parent() -> None:
    """In the child before exec: a supervisor killed with -9 takes its children with it (Linux; prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setpgid(0, 0)
