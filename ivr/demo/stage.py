"""A stage for demonstrations, benches and tests: a hotline of its own on free ports, with the demo shop in its database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ivr import config
from ivr.config import Settings
from ivr.errors import UserError
from ivr.records.database import open_database
from order_lookup.demo import fill

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300.0
CALLERS_PER_WORKER = 2
STOP_SECONDS = 30.0
PORTS = range(10_000, 15_000)
# Two test runs side by side have neighbouring process numbers, and so media ports of their own.
RTP_PORTS = 20_000 + os.getpid() % 8 * 500


@dataclass(slots=True)
class Stage:
    """`async with Stage(folder) as stage:` serves a hotline in a folder; everything it makes lies there."""

    folder: Path
    workers: int = 1
    edge: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    orders: int = 300
    settings: Settings = field(default_factory=Settings)
    agent_port: int = 0
    process: asyncio.subprocess.Process | None = None
    _log: Any = None

    async def __aenter__(self) -> Stage:
        await asyncio.to_thread(self._prepare)
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def log_file(self) -> Path:
        """What the hotline's processes logged."""
        return self.folder / "hotline.log"

    def uri(self, user: str = "hotline", call: int = 0) -> str:
        """The hotline's SIP address; `hotline-en` answers in English. Without an edge, every two calls have a worker of their own."""
        sip = self.settings.sip
        alone = self.workers == 1 or self.edge
        port = sip.port if alone else sip.worker_ports + call // CALLERS_PER_WORKER % self.workers
        return f"sip:{user}@{sip.address}:{port}"

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = free_ports(6 + self.workers)
        self.agent_port = ports[0]
        written: dict[str, Any] = {
            "workers": self.workers,
            "sip": {
                "port": ports[1],
                "worker_ports": _worker_ports(self.workers),
                "rtp_ports": RTP_PORTS,
                "edge": self.edge,
                "drain_seconds": 3,
            },
            "speech": {"port": ports[2], "models": str(ROOT / "models")},
            "voice": {"port": ports[3], "cache": "prompts"},
            "dialplan": {
                "folder": str(ROOT / "dialplans"),
                "prompts": str(ROOT / "prompts"),
                "numbers": {"hotline-en": "en"},
            },
            "records": {"recordings": "recordings"},
            "database": {"url": "sqlite:///hotline.db"},
            "console": {"enabled": False, "port": ports[4], "url": f"http://127.0.0.1:{ports[4]}"},
            "agents": [
                {
                    "name": "agent1",
                    "uri": f"sip:agent1@127.0.0.1:{self.agent_port}",
                    "queues": ["general", "safety", "account", "senior", "after_sales"],
                }
            ],
        }
        for section, keys in self.changes.items():
            written[section] = {**written.get(section, {}), **keys} if isinstance(keys, Mapping) else keys
        file = self.folder / "config.yaml"
        file.write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8")
        self.settings = config.load(file)
        self._fill()

    def _fill(self) -> None:
        """Put the demo shop into the database."""
        engine = open_database(self.settings.database_url)
        fill(engine, datetime.now(UTC), customers=80, orders=self.orders)
        engine.dispose()

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "ivr", "serve", "--json-logs", "--config", str(self.folder / "config.yaml")]

    async def _start(self) -> None:
        self._log = self.log_file.open("ab")
        self.process = await asyncio.create_subprocess_exec(
            *self._command(), stdout=asyncio.subprocess.PIPE, stderr=self._log, stdin=asyncio.subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                while line := await self.process.stdout.readline():
                    if b"The hotline serves" in line:
                        return
        except TimeoutError:
            await self.stop()
        tail = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        raise UserError("the hotline did not start: " + " | ".join(tail), f"the whole log is in {self.log_file}")

    async def stop(self) -> None:
        """Drain and end the hotline."""
        if self.process and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self._log:
            self._log.close()


def _candidates() -> Iterator[int]:
    """Ports below those that the kernel gives to whoever connects: nobody takes one between looking and using it."""
    first = random.randrange(len(PORTS))
    return itertools.cycle((*PORTS[first:], *PORTS[:first]))


_next_ports = _candidates()


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now, for UDP and TCP alike, each time others."""
    found: list[int] = []
    for port in itertools.islice(_next_ports, len(PORTS)):
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                held.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise UserError(f"no {count} free ports", "stop other servers on this machine")


def _worker_ports(workers: int) -> int:
    """The first of a run of free ports, one for each worker."""
    for _ in range(50):
        first = free_ports(1)[0]
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in range(first, first + workers):
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            return first
    raise UserError(f"no {workers} free ports in a row", "stop other servers on this machine")


def fresh_folder(folder: Path) -> Path:
    """The folder, empty: what an earlier run left there is removed."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder
