"""The disk of a single host with SQLite is full under calls: they go on, nothing is lost, and all heals by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from ivr.caller.leg import Leg
from ivr.caller.leg_state import State
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import Stage
from ivr.records.tables import CallRow, HandoffRow, LineRow
from tests.integration.stages import PATIENCE_SECONDS, brief

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(400)]
T = TypeVar("T")
DISK = """
mount -t tmpfs -o size=64m none "$0/room" && cp -a "$0/disk/." "$0/room" && mount --bind "$0/room" "$0/disk" && exec "$@"
"""


class SmallDisk(Stage):
    """A stage whose database, recordings and prompts lie on a disk of 64 MB of its own."""

    def _fill(self) -> None:
        for name in ("room", "disk"):
            (self.folder / name).mkdir()
        Stage._fill(self)

    def _command(self) -> list[str]:
        rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        return ["unshare", *rights, "--mount", "sh", "-c", DISK, str(self.folder.resolve()), *Stage._command(self)]

    @property
    def disk(self) -> Path:
        """The disk, seen from outside."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.folder.resolve()}/disk")

    def read(self, look: Callable[[Session], T]) -> T:
        """What is in a copy of the database: SQLite would follow the link to its file out of that disk."""
        for name in ("hotline.db", "hotline.db-wal"):
            shutil.copyfile(self.disk / name, self.folder / name)
        engine = create_engine(f"sqlite:///{self.folder / 'hotline.db'}")
        try:
            with Session(engine) as session:
                return look(session)
        finally:
            engine.dispose()

    def fill_up(self) -> None:
        """Take all that is free, to the last byte."""
        size = 1 << 20
        with (self.disk / "filler").open("wb", buffering=0) as filler:
            while size:
                with contextlib.suppress(OSError):
                    if filler.write(b"x" * size) == size:
                        continue
                size //= 2


@contextlib.asynccontextmanager
async def calling(stage: Stage, number: str) -> AsyncIterator[Leg]:
    async with UserAgent(user=number) as phone:
        leg = phone.dial(stage.uri())
        await leg.answered(PATIENCE_SECONDS)
        yield leg


async def until(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.3)


async def hears(leg: Leg) -> None:
    heard = leg.stream.counters.received
    await until("silence", lambda: leg.stream.counters.received > heard)


def told(session: Session) -> dict[str, tuple[CallRow, list[int], int]]:
    """Of each call that has ended, by its caller: the call, the positions of its lines, and how many callbacks are booked for it."""
    rows = session.scalars(select(CallRow).where(CallRow.ended_at.is_not(None))).all()
    lines = {row.id: select(LineRow.position).where(LineRow.call_id == row.id) for row in rows}
    booked = {row.id: (HandoffRow.call_id == row.id, HandoffRow.follow_up == "booked") for row in rows}
    return {
        row.caller[-4:]: (
            row,
            sorted(session.scalars(lines[row.id])),
            len(session.scalars(select(HandoffRow.id).where(*booked[row.id])).all()),
        )
        for row in rows
    }


async def test_calls_go_on_and_who_asked_for_a_human_in_vain_is_called_back(tmp_path: Path) -> None:
    changes = {
        "database": {"url": "sqlite:///disk/hotline.db"},
        "records": {"recordings": "disk/recordings", "keep_free_mb": 0},
        "voice": {"cache": "disk/prompts"},
        **brief(tmp_path),
    }
    async with SmallDisk(tmp_path / "stage", orders=60, changes=changes) as stage:
        async with calling(stage, "13800001111") as before:
            await hears(before)
            stage.fill_up()
            before.stream.key("2")
            async with calling(stage, "13800002222") as in_vain:
                await hears(in_vain)
                in_vain.stream.key("0")
                await until("end of the call", lambda: in_vain.state is not State.UP)
            await hears(before)
            assert before.state is State.UP
        (stage.disk / "filler").unlink()
        await until("end of both calls and a callback", lambda: stage.read(told).get("2222", (0, 0, 0))[2] == 1)
        calls = stage.read(told)
        assert set(calls) == {"1111", "2222"}
        for call, lines, booked in calls.values():
            assert lines == list(range(1, len(lines) + 1)), f"a line of {call.caller} is missing, or there twice"
            assert booked <= 1
    log = stage.log_file.read_text(encoding="utf-8", errors="replace")
    assert not [event for event in ("child.died", "child.stacks", "child.hangs") if f'"{event}"' in log]
