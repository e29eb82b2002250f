"""kill -9 of every part of the hotline while callers talk: what is lost is only what died."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.caller.ear import Ear
from ivr.caller.happenings import Answered
from ivr.caller.report import CallResult
from ivr.caller.scenario import Scenario, load
from ivr.caller.scene import Equipment, run
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import ROOT, Stage
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallRow, HandoffRow, LineRow
from order_lookup.tables import Callback
from tests.integration.stages import PATIENCE_SECONDS, brief, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole_hotline,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]
GREETED = f"  - hear: 请问有什么可以帮您\n    within seconds: {PATIENCE_SECONDS}\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One hotline for all of these tests, in their order: what each of them kills comes back, until the last two end it."""
    folder = tmp_path_factory.mktemp("survival")
    changes = {"sip": {"drain_seconds": 60}, **brief(folder)}
    async with Stage(folder / "stage", orders=150, changes=changes) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def equipment() -> AsyncIterator[Equipment]:
    ear = Ear({"zh": ROOT / "models/zh-small", "en": ROOT / "models/en-small"})
    async with Equipment(ear=ear) as equipment:
        yield equipment


def scenario(folder: Path, steps: str) -> Scenario:
    file = folder / "scenario.yaml"
    file.write_text("language: zh\nnumber: '13802199206'\ncall:\n" + steps, encoding="utf-8")
    return load(file)


def pid_of(stage: Stage, part: str) -> int:
    """The process of a part, by its command line."""
    assert stage.process is not None
    for child in psutil.Process(stage.process.pid).children():
        if re.search(rf"part {part}", " ".join(child.cmdline())):
            return child.pid
    raise AssertionError(f"there is no {part}")


async def kill(stage: Stage, part: str) -> int:
    await asyncio.sleep(0)
    pid = pid_of(stage, part)
    os.kill(pid, signal.SIGKILL)
    return pid


async def back(stage: Stage, part: str, dead: int) -> None:
    """Wait until the supervisor has started the part again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        with contextlib.suppress(AssertionError, psutil.Error):
            if pid_of(stage, part) != dead:
                return
    raise AssertionError(f"{part} did not come back")


def logged(stage: Stage) -> list[dict[str, object]]:
    """The hotline's log so far, but for a line that is just being written."""
    lines = stage.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


async def told(stage: Stage, true: Callable[[list[dict[str, object]]], bool], what: str) -> None:
    """Wait until the log shows it."""
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while not true(logged(stage)):
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.2)


def understands_again(log: list[dict[str, object]]) -> bool:
    """The worker's last word of the Chinese recogniser is that it has it."""
    said = [line["event"] for line in log if str(line["event"]).startswith("speech_") and line.get("language") == "zh"]
    return said[-1:] == ["speech_reached"]


def worker_starts(log: list[dict[str, object]]) -> int:
    """How often the worker has said that it serves."""
    return sum(line["event"] == "child.ready" and line["child"] == "worker 0" for line in log)


async def place(
    stage: Stage, equipment: Equipment, wanted: Scenario, on_event: Callable[[object], None] = lambda event: None
) -> CallResult:
    return await run(wanted, stage.uri(), equipment=equipment, on_event=on_event)


async def keep_dead(stage: Stage, part: str) -> None:
    """Kill a part again and again, as often as the supervisor starts it."""
    while True:
        with contextlib.suppress(AssertionError, ProcessLookupError, psutil.NoSuchProcess):
            os.kill(pid_of(stage, part), signal.SIGKILL)
        await asyncio.sleep(0.2)


async def test_without_recogniser_the_call_goes_on_by_keys_and_speech_comes_back(
    stage: Stage, equipment: Equipment, tmp_path: Path
) -> None:
    by_keys = scenario(
        tmp_path,
        GREETED + "  - say: 我想查一下订单\n  - listen\n"
        "  - key: '1'\n  - wait: 2\n  - key: '1'\n  - hear: 已经在路上了\n    within seconds: 40\n  - hang up\n",
    )
    killing = asyncio.create_task(keep_dead(stage, "recogniser"))
    result = await place(stage, equipment, by_keys)
    assert not understands_again(logged(stage))
    killing.cancel()
    assert result.ok, result.failures
    await told(stage, understands_again, "speech did not come back")
    spoken = scenario(tmp_path, GREETED + "  - say: 查订单\n  - hear: [对吗, 订单号]\n  - hang up\n")
    again = await place(stage, equipment, spoken)
    assert again.ok, again.failures


async def test_without_voice_the_cached_prompts_go_on(stage: Stage, equipment: Equipment, tmp_path: Path) -> None:
    greeted = scenario(tmp_path, GREETED + "  - hang up\n")
    assert (await place(stage, equipment, greeted)).ok
    call = asyncio.create_task(place(stage, equipment, greeted))
    dead = await kill(stage, "voice")
    result = await call
    assert result.ok, result.failures
    await back(stage, "voice", dead)


async def test_a_killed_worker_costs_its_calls_and_nobody_elses(
    stage: Stage, equipment: Equipment, tmp_path: Path
) -> None:
    greeted = scenario(tmp_path, GREETED + "  - hang up\n")
    known = worker_starts(logged(stage))
    dead = await kill(stage, "worker")
    await back(stage, "worker", dead)
    await told(stage, lambda log: worker_starts(log) > known, "the worker does not serve")
    result = await place(stage, equipment, greeted)
    assert result.ok, result.failures


async def test_draining_finishes_the_call_and_takes_no_new_one(
    stage: Stage, equipment: Equipment, tmp_path: Path
) -> None:
    talks = scenario(tmp_path, GREETED + "  - wait: 4\n  - key: '1'\n  - hear: [对吗, 订单号]\n  - hang up\n")
    refused = talks.model_copy(update={"answered": False, "call": ()})
    assert stage.process is not None
    up = asyncio.Event()
    call = asyncio.create_task(
        place(stage, equipment, talks, lambda event: up.set() if isinstance(event, Answered) else None)
    )
    await asyncio.wait_for(up.wait(), PATIENCE_SECONDS)
    stage.process.send_signal(signal.SIGTERM)
    await told(stage, lambda log: any(line["event"] == "worker.draining" for line in log), "it does not drain")
    other = await place(stage, equipment, refused)
    assert other.caller.status == 486
    result = await call
    assert result.ok, result.failures
    assert await asyncio.wait_for(stage.process.wait(), 2 * PATIENCE_SECONDS) == 0


def lost(stage: Stage) -> None:
    """All of it at once, as when the machine loses its power."""
    assert stage.process is not None
    parent = psutil.Process(stage.process.pid)
    parent.suspend()  # or it would start anew what dies first
    for victim in [*parent.children(recursive=True), parent]:
        with contextlib.suppress(psutil.Error):
            victim.kill()


async def test_after_a_power_cut_who_talked_or_waited_is_called_back_and_no_process_is_left(tmp_path: Path) -> None:
    talking, waiting = "13800001111", "13800002222"
    async with Stage(tmp_path / "stage", orders=60, changes=brief(tmp_path)) as stage:
        assert stage.process is not None
        engine = open_database(stage.settings.database_url)
        with Session(engine) as session, session.begin():
            session.execute(update(AgentRow).values(state="on_call", lease_until=time.time() + 1, since=time.time()))
        async with UserAgent(user=talking) as one, UserAgent(user=waiting) as other:
            for phone, key in ((one, "2"), (other, "0")):
                leg = phone.dial(stage.uri())
                await leg.answered(PATIENCE_SECONDS)
                await asyncio.sleep(2.0)  # the greeting is over
                leg.stream.key(key)
            await until(
                "the key", lambda session: session.scalar(select(LineRow.id).where(LineRow.text == "[2]")), engine
            )
            await until("the place in the queue", lambda session: session.scalar(select(HandoffRow.id)), engine)
            lost(stage)
            await stage.process.wait()
        await stage._start()

        def booked(session: Session) -> list[str] | None:
            numbers = sorted(session.scalars(select(HandoffRow.caller).where(HandoffRow.follow_up == "booked")))
            return numbers if len(numbers) == 2 else None

        assert await until("both callbacks", booked, engine) == [talking, waiting]
        with Session(engine) as session:
            assert sorted(session.scalars(select(Callback.phone))) == [talking, waiting]
            assert set(session.scalars(select(CallRow.disposition))) == {"line_lost"}
            assert session.scalar(select(AgentRow.state)) != "on_call"
        engine.dispose()
        children = psutil.Process(stage.process.pid).children(recursive=True)
        assert len(children) >= 3
        stage.process.kill()
        await stage.process.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, PATIENCE_SECONDS)
        assert alive == []
