"""`ivr serve`: start, watch and restart all processes of the hotline; drain calls before it stops.

Order of starting: checks that need no process (config, folders, policies, ports, the edge's files), then voice and recognisers, and beside
them the proof of dialplans and telephone (`proof`). When all that holds, and not before, the tables are brought up to date. Then call
workers, then the edge and the console. Order of stopping: workers drain, then everything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from ivr.accounts import any_account
from ivr.children import USER_MISTAKE, Child, part, status_of
from ivr.config import Settings
from ivr.config_sip import RTP_PORTS_PER_WORKER
from ivr.config_values import LAST_PORT
from ivr.errors import ConfigError, UserError
from ivr.household import Household
from ivr.notifying import may_take, tell
from ivr.orders import check_orders
from ivr.records.agents import enrol
from ivr.records.database import bring_up_to_date, check_database, open_database
from ivr.watchdog import START_SECONDS

log = structlog.get_logger()
END_SECONDS = 5.0
# A worker hangs up, then writes what is left or puts it into the spool.
WORKER_END_SECONDS = 20.0
LOOK_SECONDS = 1.0
# A supervisor that looks so late had no processor, or the machine slept.
AWAY_SECONDS = 3.0


class Supervisor:
    """All processes of one hotline on one machine."""

    def __init__(self, settings: Settings, config: Path) -> None:
        self.settings, self._config = settings, str(config.resolve())
        self.speaking = [
            self._part("voice"),
            *(self._part("recogniser", n) for n in range(settings.speech.recognisers)),
        ]
        self.workers = [self._part("worker", n) for n in range(settings.workers)]
        self.outer = [self._part("console", informed=True)] if settings.console.enabled else []
        self.has_accounts = False

    def _part(self, kind: str, *number: int, informed: bool = False) -> Child:
        numbers = [str(each) for each in number]
        command = part(kind, self._config, *numbers)
        hang_seconds = self.settings.watchdog_seconds
        return Child(" ".join([kind, *numbers]), command, hang_seconds=hang_seconds, informed=informed)

    @property
    def children(self) -> list[Child]:
        """Every process, in the order of starting."""
        return [*self.speaking, *self.workers, *self.outer]

    async def start(self) -> None:
        """Start everything and wait until it serves; raises UserError when a part says a person must mend something."""
        check_folders(self.settings)
        check_orders(self.settings)
        check_ports(self.settings)
        await asyncio.to_thread(check_database, self.settings.database_url)
        if self.settings.workers > 1 and self.settings.sip.edge:
            self.outer.insert(0, self._edge())
        await asyncio.gather(self._start(self.speaking), self._prove())
        await asyncio.to_thread(self._open_tables)
        await self._start(self.workers)
        await self._start(self.outer)

    async def _start(self, group: list[Child]) -> None:
        for child in group:
            child.start()
        await self._await_ready(group)

    async def _prove(self) -> None:
        """In a process of its own, whose memory is given back: what is proved here takes 200 MB."""
        status = await status_of(part("proof", self._config))
        if status:
            why = "its own line above says why" if status == USER_MISTAKE else "its traceback is above"
            raise UserError("dialplans or settings don't prove: nothing was changed", why)

    def _open_tables(self) -> None:
        """Bring all tables up to date, and config.yaml's agents into them."""
        bring_up_to_date(self.settings.database_url)
        engine = open_database(self.settings.database_url)
        enrol(engine, self.settings.agents)
        with Session(engine) as session:
            self.has_accounts = any_account(session)
        engine.dispose()

    def _edge(self) -> Child:
        from ivr.edge import answers, edge_command

        asked = partial(answers, self.settings.sip)
        return Child("edge", edge_command(self.settings), asked=asked, hang_seconds=self.settings.watchdog_seconds)

    async def _await_ready(self, group: list[Child]) -> None:
        for child in group:
            try:
                await asyncio.wait_for(child.ready.wait(), START_SECONDS)
            except TimeoutError:
                fix = "see its log lines above"
                raise UserError(f"{child.name} did not start within {START_SECONDS:.0f} s", fix) from None
            if child.given_up:
                raise UserError(f"{child.name} can't start", child.given_up)

    async def watch(self) -> None:
        """Look after every process once a second until cancelled, and tell systemd and the console that we do."""
        looked_at = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            away_seconds = time.monotonic() - looked_at - LOOK_SECONDS
            looked_at += LOOK_SECONDS + away_seconds
            if away_seconds > AWAY_SECONDS:
                log.warning("serve.was_away", seconds=round(away_seconds, 1))
            self._look(away_seconds)
            tell("WATCHDOG=1")

    def _look(self, away_seconds: float) -> None:
        told = Household.of(self.children).line()
        for child in self.children:
            try:
                child.look(away_seconds)
                child.tell(told)
            except Exception:
                log.exception("serve.look_failed", child=child.name)

    async def stop(self) -> None:
        """Drain the workers (no new calls, old ones end by themselves), then end the rest."""
        patience = self.settings.sip.drain_seconds + WORKER_END_SECONDS
        tell("STOPPING=1", may_take(patience + END_SECONDS + 5))
        await asyncio.gather(*(child.stop(patience) for child in self.workers))
        await asyncio.gather(*(child.stop(END_SECONDS) for child in (*self.outer, *self.speaking)))


async def serve(settings: Settings, config: Path, on_ready: Callable[[Supervisor], None]) -> None:
    """Run the hotline until SIGTERM or SIGINT; a second signal stops without draining."""
    supervisor, stop = Supervisor(settings, config), asyncio.Event()
    signals = 0

    def asked_to_stop() -> None:
        nonlocal signals
        signals += 1
        stop.set()
        if signals > 1:
            for child in supervisor.children:
                if child.process and child.process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        child.process.kill()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop)
    watching = asyncio.create_task(supervisor.watch())
    try:
        starting = asyncio.create_task(supervisor.start())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            on_ready(supervisor)
            tell("READY=1")
            await stop.wait()
            log.info("serve.draining")
        else:
            starting.cancel()
    finally:
        await supervisor.stop()
        watching.cancel()


def check_folders(settings: Settings) -> None:
    """What the settings name must be there; raises ConfigError naming the key. What is in a folder its own part checks."""
    speech, dialplan = settings.speech, settings.dialplan
    wanted = [
        ("dialplan.folder", settings.path(dialplan.folder), "the folder of the dialplans, as `ivr check` reads it"),
        ("dialplan.prompts", settings.path(dialplan.prompts), "the folder of the prompts"),
    ]
    fix = "get a model with `ivr models list` and `ivr models get NAME`, or use the bundled `zh-small` and `en-small`"
    named = {"speech.zh": speech.zh, "speech.en": speech.en}
    wanted += [(key, settings.path(speech.models) / name, fix) for key, name in named.items() if "://" not in name]
    for key, folder, fix in wanted:
        if not folder.is_dir():
            raise ConfigError(f"`{key}`: there is no folder {folder}", fix)
    written = {"records.recordings": settings.records.recordings, "voice.cache": settings.voice.cache}
    for key, folder in ((key, settings.path(folder)) for key, folder in written.items()):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigError(f"`{key}`: {folder} can't be written", "give it to the user that serves (chown)")


def check_ports(settings: Settings) -> None:
    """Every port must be free before anything starts, and wanted once; raises ConfigError naming the key."""
    wanted: dict[tuple[int, int], str] = {}
    for key, address, port, kind in _ports(settings):
        if port > LAST_PORT:
            raise ConfigError(f"`{key}`: {port} would be needed, and {LAST_PORT} is the last port", "begin lower")
        if other := wanted.get((port, kind)):
            raise ConfigError(f"`{key}` and `{other}` both want port {port}", "give each ports of its own")
        wanted[port, kind] = key
        _check_port(key, address, port, kind)
    last = settings.sip.rtp_ports + settings.workers * RTP_PORTS_PER_WORKER - 1
    if last > LAST_PORT:
        raise ConfigError(
            f"`sip.rtp_ports`: up to {last} would be needed, and {LAST_PORT} is the last port", "begin lower"
        )


def _ports(settings: Settings) -> Iterator[tuple[str, str, int, int]]:
    """Key, address, port and kind of socket; SIP is listened for on UDP and TCP."""
    sip = settings.sip
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        if settings.workers == 1 or sip.edge:
            yield "sip.port", sip.address, sip.port, kind
        if settings.workers > 1:
            for worker in range(settings.workers):
                yield "sip.worker_ports", sip.address, sip.worker_ports + worker, kind
    if sip.tls and settings.workers > 1 and sip.edge:
        yield "sip.tls.port", sip.address, sip.tls.port, socket.SOCK_STREAM
    for recogniser in range(settings.speech.recognisers):
        yield "speech.port", "127.0.0.1", settings.speech.port + recogniser, socket.SOCK_STREAM
    yield "voice.port", "127.0.0.1", settings.voice.port, socket.SOCK_STREAM
    if settings.console.enabled:
        yield "console.port", settings.console.address, settings.console.port, socket.SOCK_STREAM


def _check_port(key: str, address: str, port: int, kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except (OSError, UnicodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "no address"
            if isinstance(fault, OSError) and fault.errno in (errno.EADDRINUSE, errno.EACCES):
                what = f"`{key}`: {address}:{port} can't be used: {reason}"
                raise ConfigError(what, "choose another port, or stop what uses it") from None
            what = f"`{key.split('.')[0]}.address`: {address} can't be listened on: {reason}"
            raise ConfigError(what, "write an IPv4 address of this machine") from None
