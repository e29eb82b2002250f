"""PostgreSQL is restarted, and stays away, under calls: callers notice nothing, and everything is written in the end, once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ivr.caller.leg import Leg
from ivr.caller.leg_state import State
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import Stage, free_ports
from ivr.records import spill
from ivr.records.database import open_database
from ivr.records.tables import CallRow, LineRow
from tests.integration.conftest import _as_postgres, _programs
from tests.integration.stages import PATIENCE_SECONDS, brief

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(600)]
CALLS = 2


@dataclass
class Server:
    """A PostgreSQL of this test's own, to be stopped and started."""

    folder: Path
    port: int

    def control(self, *words: str) -> None:
        options = f"-p {self.port} -k {self.folder} -h 127.0.0.1 -c fsync=off"
        command = _as_postgres(_programs() / "pg_ctl", "-D", self.folder / "data", "-w", "-o", options, *words)
        with (self.folder / "log").open("ab") as out:
            subprocess.run(command, check=True, stdout=out, stderr=out, cwd="/", timeout=200)

    @property
    def url(self) -> str:
        return f"postgresql://tests@127.0.0.1:{self.port}/postgres"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(Path(tempfile.mkdtemp(prefix="hotline-pg-", dir="/tmp")), free_ports(1)[0])
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(made.folder, owner.pw_uid, owner.pw_gid)
    initdb = _as_postgres(_programs() / "initdb", "-D", made.folder / "data", "-U", "tests", "-A", "trust", "--no-sync")
    subprocess.run(initdb, check=True, capture_output=True, cwd="/", timeout=200)
    made.control("start")
    yield made
    with contextlib.suppress(subprocess.CalledProcessError):
        made.control("-m", "immediate", "stop")
    shutil.rmtree(made.folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def calling(stage: Stage, number: str) -> AsyncIterator[Leg]:
    async with UserAgent(user=number) as phone:
        leg = phone.dial(stage.uri())
        await leg.answered(PATIENCE_SECONDS)
        yield leg


async def until(what: str, true: Callable[[], bool], seconds: float = 2 * PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(DBAPIError):
            if await asyncio.to_thread(true):
                return
        await asyncio.sleep(0.3)
    raise AssertionError(f"in {seconds:.0f} s there was no {what}")


async def test_calls_go_on_and_nothing_of_them_is_lost(tmp_path: Path, server: Server) -> None:
    numbers = [f"1380000{number:04d}" for number in range(CALLS)]
    changes = {"database": {"url": server.url}, **brief(tmp_path)}
    made = Stage(tmp_path / "stage", workers=max(1, CALLS // 2), edge=CALLS > 2, orders=60, changes=changes)
    spool = tmp_path / "stage" / "recordings" / "spill"
    async with made as stage, contextlib.AsyncExitStack() as stack:
        assert stage.process is not None
        engine = open_database(server.url)

        def lines(calls: int) -> Callable[[], bool]:
            """Whether of so many calls a key of the caller is in the transcript."""

            def look() -> bool:
                with Session(engine) as session:
                    said = select(LineRow.call_id).where(LineRow.speaker == "caller").distinct()
                    return len(session.scalars(said).all()) >= calls

            return look

        legs = await asyncio.gather(*(stack.enter_async_context(calling(stage, number)) for number in numbers))
        await asyncio.sleep(3)
        await asyncio.to_thread(server.control, "-m", "immediate", "restart")
        for leg in legs:
            leg.stream.key("2")
        await until("line of every call", lines(CALLS))
        assert {leg.state for leg in legs} == {State.UP}
        # Now it stays away, and the hotline is told to end: what it knows must be there when it is started again.
        await asyncio.to_thread(server.control, "-m", "immediate", "stop")
        for leg in legs:
            leg.stream.key("*")
        await asyncio.sleep(3)
        heard = [leg.stream.counters.received for leg in legs]
        await asyncio.sleep(1)
        assert all(leg.stream.counters.received > before for leg, before in zip(legs, heard, strict=True))
        stage.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(stage.process.wait(), PATIENCE_SECONDS) == 0
    log = stage.log_file.read_text(encoding="utf-8")
    assert not [event for event in ("child.killed", "child.stacks", "child.hangs") if f'"{event}"' in log]
    left = spill.waiting(spool)
    assert left >= CALLS, "what could not be written is not in the spool"
    await asyncio.to_thread(server.control, "start")
    await again(stage)
    await until("end of every call", lambda: ended(engine) == CALLS)
    assert spill.waiting(spool) == 0
    with Session(engine) as session:
        for call in session.scalars(select(CallRow)):
            positions = list(session.scalars(select(LineRow.position).where(LineRow.call_id == call.id)))
            assert sorted(positions) == list(range(1, len(positions) + 1)), "a line is missing, or there twice"
            assert call.disposition not in ("", "line_lost")
    engine.dispose()


def ended(engine: object) -> int:
    with Session(engine) as session:  # type: ignore[arg-type]
        return len(session.scalars(select(CallRow.id).where(CallRow.ended_at.is_not(None))).all())


async def again(stage: Stage) -> None:
    """The same hotline, started once more, until it serves; then stopped."""
    await stage._start()
    await stage.stop()
