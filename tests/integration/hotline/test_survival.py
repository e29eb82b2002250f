"""kill -9 of every part of the hotline while callers talk: what is lost is only what died."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from ivr.caller.ear import Ear
from ivr.caller.report import CallResult
from ivr.caller.scenario import Scenario, load
from ivr.caller.scene import Equipment, run
from ivr.demo.stage import ROOT, Stage

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path / "stage", orders=150) as stage:
        yield stage


@pytest.fixture
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


async def kill(stage: Stage, part: str, after_seconds: float) -> int:
    await asyncio.sleep(after_seconds)
    pid = pid_of(stage, part)
    os.kill(pid, signal.SIGKILL)
    return pid


async def back(stage: Stage, part: str, dead: int) -> None:
    """Wait until the supervisor has started the part again."""
    for _ in range(100):
        await asyncio.sleep(0.2)
        try:
            if pid_of(stage, part) != dead:
                return
        except AssertionError:
            continue
    raise AssertionError(f"{part} did not come back")


async def place(stage: Stage, equipment: Equipment, wanted: Scenario) -> CallResult:
    return await run(wanted, stage.uri(), equipment=equipment)


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
        "  - hear: 请问有什么可以帮您\n    within seconds: 25\n  - say: 我想查一下订单\n  - listen\n"
        "  - key: '1'\n  - listen\n  - key: '1'\n  - hear: 已经在路上了\n  - hang up\n",
    )
    killing = asyncio.create_task(keep_dead(stage, "recogniser"))
    result = await place(stage, equipment, by_keys)
    killing.cancel()
    assert result.ok, result.failures
    await back(stage, "recogniser", 0)
    await asyncio.sleep(8)
    spoken = scenario(
        tmp_path,
        "  - hear: 请问有什么可以帮您\n    within seconds: 25\n  - say: 查订单\n  - hear: [对吗, 订单号]\n  - hang up\n",
    )
    again = await place(stage, equipment, spoken)
    assert again.ok, again.failures


async def test_without_voice_the_cached_prompts_go_on(stage: Stage, equipment: Equipment, tmp_path: Path) -> None:
    greeted = scenario(tmp_path, "  - hear: 请问有什么可以帮您\n    within seconds: 25\n  - hang up\n")
    assert (await place(stage, equipment, greeted)).ok
    call = asyncio.create_task(place(stage, equipment, greeted))
    await kill(stage, "voice", 0.0)
    result = await call
    assert result.ok, result.failures


async def test_a_killed_worker_costs_its_calls_and_nobody_elses(
    stage: Stage, equipment: Equipment, tmp_path: Path
) -> None:
    greeted = scenario(tmp_path, "  - hear: 请问有什么可以帮您\n    within seconds: 25\n  - hang up\n")
    dead = await kill(stage, "worker", 0.0)
    await back(stage, "worker", dead)
    await asyncio.sleep(4)
    result = await place(stage, equipment, greeted)
    assert result.ok, result.failures


async def test_draining_finishes_the_call_and_takes_no_new_one(equipment: Equipment, tmp_path: Path) -> None:
    talks = scenario(
        tmp_path,
        "  - hear: 请问有什么可以帮您\n    within seconds: 25\n  - key: '1'\n  - hear: [对吗, 订单号]\n  - hang up\n",
    )
    refused = talks.model_copy(update={"answered": False, "call": ()})
    async with Stage(tmp_path / "stage", orders=150, changes={"sip": {"drain_seconds": 60}}) as stage:
        assert stage.process is not None
        call = asyncio.create_task(place(stage, equipment, talks))
        await asyncio.sleep(3)
        stage.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        other = await place(stage, equipment, refused)
        assert other.caller.status == 486
        result = await call
        assert result.ok, result.failures
        assert await asyncio.wait_for(stage.process.wait(), 30) == 0


async def test_a_killed_supervisor_leaves_no_process_behind(stage: Stage) -> None:
    assert stage.process is not None
    children = psutil.Process(stage.process.pid).children(recursive=True)
    stage.process.kill()
    await stage.process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert alive == []
