"""Processes that hang while callers talk: the supervisor ends them, says why, and others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import psutil
import pytest
import pytest_asyncio
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.caller.leg import Leg
from ivr.caller.leg_state import State
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import Stage
from ivr.records.database import open_database
from ivr.records.tables import CallRow, HandoffRow
from ivr.storm.killing import part_of
from order_lookup.tables import Callback
from tests.integration.hotline import hanging_part as hanging
from tests.integration.stages import PATIENCE_SECONDS, brief

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole_hotline,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]
LIMIT_SECONDS = 5
T = TypeVar("T")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("hanging")
    shutil.copy(hanging.__file__, folder / "sitecustomize.py")
    changes = {"watchdog_seconds": LIMIT_SECONDS, "console": {"enabled": True}, **brief(folder)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        async with Stage(folder / "stage", workers=2, edge=True, orders=60, changes=changes) as stage:
            yield stage


@pytest.fixture(scope="module")
def engine(stage: Stage) -> Engine:
    return open_database(stage.settings.database_url)


async def until(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """What there is, once it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"in {seconds:.0f} s there was no {what}")


def logged(stage: Stage, event: str, child: str) -> list[dict[str, Any]]:
    lines = stage.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (json.loads(line) for line in lines if line.startswith("{") and line.endswith("}"))
    return [line for line in found if line["event"] == event and line.get("child") == child]


@dataclass
class Caller:
    """Somebody on the line, and the longest time for which they heard nothing at all."""

    number: str
    leg: Leg
    silent_seconds: float = 0.0
    _watching: asyncio.Task[None] | None = field(default=None)

    def watch(self) -> None:
        async def look() -> None:
            heard, at = self.leg.stream.counters.received, time.monotonic()
            while self.leg.state is State.UP:
                await asyncio.sleep(0.02)
                self.silent_seconds = max(self.silent_seconds, time.monotonic() - at)
                if self.leg.stream.counters.received != heard:
                    heard, at = self.leg.stream.counters.received, time.monotonic()

        self._watching = asyncio.create_task(look())

    def call(self, engine: Engine) -> CallRow | None:
        with Session(engine) as session:
            wanted = select(CallRow).where(CallRow.number == self.number, CallRow.ended_at.is_(None))
            return session.scalars(wanted).one_or_none()

    def matter(self, engine: Engine) -> str:
        call = self.call(engine)
        return str(call.case.get("intent") or "") if call else ""

    def worker(self, engine: Engine) -> str:
        call = self.call(engine)
        return call.worker.partition("@")[0].replace("-", " ") if call else ""


@contextlib.asynccontextmanager
async def calling(stage: Stage, engine: Engine) -> AsyncIterator[Caller]:
    """Somebody who has chosen a refund by key."""
    number = f"139{random.randrange(10**8):08d}"
    async with UserAgent(user=number) as phone:
        leg = phone.dial(stage.uri())
        await leg.answered(PATIENCE_SECONDS)
        caller = Caller(number, leg)

        async def chosen() -> bool:
            leg.stream.key("2")
            await asyncio.sleep(1.0)
            return bool(caller.matter(engine))

        for _ in range(int(PATIENCE_SECONDS)):
            if await chosen():
                break
        assert caller.matter(engine)
        yield caller


@contextlib.asynccontextmanager
async def two_workers_busy(stage: Stage, engine: Engine) -> AsyncIterator[tuple[Caller, Caller]]:
    """Callers on one worker each: how calls are spread is the edge's business, so as many ring as it takes."""
    async with contextlib.AsyncExitStack() as stack:
        one = await stack.enter_async_context(calling(stage, engine))
        for _ in range(3):
            other = await stack.enter_async_context(calling(stage, engine))
            if other.worker(engine) != one.worker(engine):
                yield one, other
                return
        raise AssertionError("all calls came to one worker")


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def hang_loop(pid: int) -> None:
    os.kill(pid, hanging.HANG_LOOP)


def hang_phone(pid: int) -> None:
    os.kill(pid, hanging.HANG_PHONE)


@pytest.mark.parametrize(
    ("hang", "in_its_stacks"), [(stop, ""), (hang_loop, "in _hang_loop"), (hang_phone, "in _run_posted")]
)
async def test_a_worker_that_hangs_costs_its_calls_and_nobody_elses(
    stage: Stage, engine: Engine, hang: Callable[[int], None], in_its_stacks: str
) -> None:
    assert stage.process is not None
    async with two_workers_busy(stage, engine) as (lost, other):
        name, call = lost.worker(engine), lost.call(engine)
        assert call is not None
        known = {event: len(logged(stage, event, name)) for event in ("child.hangs", "child.ready")}
        other.watch()
        hang(part_of(stage.process.pid, name))
        await asyncio.sleep(LIMIT_SECONDS - 0.5)  # still unnoticed, but by those who would answer a new call
        async with calling(stage, engine) as somebody:
            assert somebody.worker(engine) == other.worker(engine), "new calls come to the one that works"
        new = await until("verdict", lambda: logged(stage, "child.hangs", name)[known["child.hangs"] :], 30)
        assert new[0]["seconds"] >= LIMIT_SECONDS
        await until("new worker", lambda: len(logged(stage, "child.ready", name)) > known["child.ready"])
        assert other.leg.state is State.UP
        assert other.silent_seconds < 2.0  # of a test on a busy machine; who hangs is silent for five
    stacks = "".join(line["exception"] for line in logged(stage, "child.stacks", name))
    assert in_its_stacks in stacks
    await until("callback", lambda: promised(engine, lost.number))
    await asyncio.sleep(4.0)  # console and workers have looked again
    assert promised(engine, lost.number) == [call.id]
    assert not promised(engine, other.number)
    with Session(engine) as session:
        assert session.get_one(CallRow, call.id).disposition == "line_lost"


def promised(engine: Engine, number: str) -> list[str]:
    """The calls for which a callback to the number is booked."""
    with Session(engine) as session:
        booked = select(HandoffRow.call_id).where(HandoffRow.follow_up == "booked")
        ours = {key.partition(":")[0] for key in session.scalars(select(Callback.key).where(Callback.phone == number))}
        return [call_id for call_id in session.scalars(booked) if call_id in ours]


async def test_recogniser_voice_and_console_that_hang_cost_no_call(stage: Stage, engine: Engine) -> None:
    assert stage.process is not None
    async with calling(stage, engine) as caller:
        caller.watch()
        parts = ("recogniser 0", "voice", "console")
        for name in parts:
            stop(part_of(stage.process.pid, name))
        for name in parts:
            await until(f"end of {name}", lambda name=name: logged(stage, "child.hangs", name))
            await until(f"new {name}", lambda name=name: len(logged(stage, "child.ready", name)) > 1)
        assert caller.leg.state is State.UP
        assert caller.silent_seconds < 2.0  # of a test on a busy machine; who hangs is silent for five
    url = stage.settings.console.url
    with contextlib.suppress(httpx.TransportError):
        # Within a second or two: the supervisor tells the console once a second.
        health = {"database": "ok", "missing": {}}
        await until("health", lambda: httpx.get(f"{url}/healthz", timeout=30).json().items() >= health.items())


async def test_an_edge_that_hangs_costs_no_call(stage: Stage, engine: Engine) -> None:
    assert stage.process is not None
    async with calling(stage, engine) as caller:
        (edge,) = (each for each in psutil.Process(stage.process.pid).children() if each.name() == "kamailio")
        os.killpg(edge.pid, signal.SIGSTOP)
        await until("verdict", lambda: logged(stage, "child.hangs", "edge"))
        await until("new edge", lambda: len(logged(stage, "child.ready", "edge")) > 1)
        assert caller.leg.state is State.UP
    async with calling(stage, engine):
        pass


async def test_nobody_is_killed_who_works(stage: Stage) -> None:
    """What was killed above is all that was killed: callers, starts and a busy machine are no reason."""
    lines = stage.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    hung = [json.loads(line)["child"] for line in lines if '"child.hangs"' in line]
    assert len(hung) == 7, hung
