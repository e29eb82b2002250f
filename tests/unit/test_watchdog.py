"""When a silent process is warned of and killed, with time as input; and with real processes that hang in every way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
import structlog

from ivr.children import Child, _state
from ivr.household import Household
from ivr.pulse import figures_in
from ivr.watchdog import START_SECONDS, Life

LIMIT_SECONDS, LOOK_SECONDS = 2.0, 0.1

BEATING = """
import asyncio, os, signal, sys, threading, time
from ivr import pulse
from ivr.pulse import announce
pulse.EVERY_SECONDS = 0.2
pulse.show_stacks_when_asked()
async def works(): return True
async def main():
    announce()
    beating = asyncio.create_task(pulse.beat(works, figures=lambda: {"unwritten": 3}))
    await asyncio.sleep(1)
    %s
    await asyncio.sleep(600)
asyncio.run(main())
"""


def test_silence_is_warned_of_once_and_then_it_hangs() -> None:
    life = Life(10.0, 100.0)
    life.ready(100.0)
    judged = [life.judged(100.0 + seconds) for seconds in (4.9, 5.0, 5.1, 9.9, 10.0)]
    assert judged == ["well", "silent", "well", "well", "hangs"]
    life.sign(111.0)
    assert [life.judged(111.0 + seconds) for seconds in (4.0, 5.0)] == ["well", "silent"]


def test_what_starts_has_longer() -> None:
    life = Life(10.0, 0.0)
    assert life.judged(100.0) == "well"
    assert life.judged(START_SECONDS) == "hangs"


def test_time_in_which_the_supervisor_did_not_run_counts_for_nobody() -> None:
    """A machine that slept for an hour, a supervisor that was stopped: nobody could be heard."""
    life = Life(10.0, 0.0, serves=True)
    life.forgive(3600.0)
    assert life.judged(3604.0) == "well"
    assert life.judged(3610.0) == "hangs"


def test_what_was_asked_to_end_has_time_to_write_after_its_last_sign_of_life() -> None:
    life = Life(5.0, 0.0, serves=True)
    life.ending()
    assert life.judged(29.0) != "hangs"
    assert life.judged(30.0) == "hangs"


def test_without_a_limit_nobody_hangs() -> None:
    for life in (Life(0.0, 0.0, serves=True), Life(0.0, 0.0)):
        assert life.judged(1e9) == "well"
        life.ending()
        assert life.judged(1e9) == "well"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'alive {"unwritten": 2}\n', {"unwritten": 2}),
        (b"alive", {}),
        (b"alive {broken", {}),
        (b'alive {"a": "b"}', {}),
        (b"alive [1]", {}),
        (b"ready", None),
        (b"alivee {}", None),
    ],
)
def test_what_is_no_sign_of_life_is_none(line: bytes, told: object) -> None:
    assert figures_in(line) == told


@pytest_asyncio.fixture
async def started() -> AsyncIterator[Callable[..., Child]]:
    """Starts children whose program does something after a second, looked after as the supervisor does."""
    children: list[Child] = []

    def start(then: str = "pass", program: str = BEATING, **more: Any) -> Child:
        child = Child("worker 0", [sys.executable, "-c", program % then if "%s" in program else program], **more)
        children.append(child)
        child.start()
        return child

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for child in children:
                child.look(0.0)

    looking = asyncio.create_task(look())
    yield start
    looking.cancel()
    await asyncio.gather(*(child.stop(1.0) for child in children))


async def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_one_that_works_is_left_alone(started: Callable[..., Child]) -> None:
    child = started(hang_seconds=LIMIT_SECONDS)
    await until(lambda: bool(child.figures))
    await asyncio.sleep(2 * LIMIT_SECONDS)
    assert child.restarts == 0
    assert child.serves
    told = Household.read(Household.of([child]).line())
    assert told is not None
    assert (told.serving, told.missing, told.unwritten) == ({"worker": 1}, {}, 3)
    assert told.restarts == {"worker": {"died": 0, "hung": 0}}


@pytest.mark.parametrize(
    ("how", "in_its_stacks"),
    [
        ("time.sleep(600)", "in main"),
        ("while True: pass", "in main"),
        ("lock = threading.Lock(); lock.acquire(); lock.acquire()", "in main"),
        ("beating.cancel()", "select"),
    ],
)
async def test_one_that_hangs_is_killed_with_its_stacks_in_the_log_and_restarted(
    started: Callable[..., Child], how: str, in_its_stacks: str
) -> None:
    with structlog.testing.capture_logs() as logged:
        child = started(how, hang_seconds=LIMIT_SECONDS)
        await until(lambda: child.causes["hung"] == 1 and child.serves)
    events = [line["event"] for line in logged]
    assert events.index("child.silent") < events.index("child.hangs") < events.index("child.died")
    (hangs,) = [line for line in logged if line["event"] == "child.hangs"]
    assert hangs["child"] == "worker 0"
    assert hangs["seconds"] >= LIMIT_SECONDS
    assert [line["cause"] for line in logged if line["event"] == "child.died"] == ["hung"]
    (stacks,) = [line["exception"] for line in logged if line["event"] == "child.stacks"]
    assert "most recent call first" in stacks
    assert in_its_stacks in stacks


async def test_one_that_was_stopped_is_killed_without_going_on(started: Callable[..., Child], tmp_path: Path) -> None:
    """It would have taken a call in the moment that its stacks need."""
    trace = tmp_path / "went_on"
    how = f"os.kill(os.getpid(), signal.SIGSTOP); open({str(trace)!r}, 'w').close()"
    with structlog.testing.capture_logs() as logged:
        child = started(how, hang_seconds=LIMIT_SECONDS)
        await until(lambda: child.causes["hung"] == 1 and child.serves)
    assert [line["state"] for line in logged if line["event"] == "child.hangs"] == ["stopped"]
    assert not trace.exists()


async def test_one_that_is_looked_at_with_a_debugger_is_left_alone(
    started: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.children._traced", lambda pid: True)
    child = started("time.sleep(600)", hang_seconds=LIMIT_SECONDS)
    await asyncio.sleep(3 * LIMIT_SECONDS)
    assert child.restarts == 0


async def test_who_says_very_much_without_a_line_end_is_still_looked_after(started: Callable[..., Child]) -> None:
    """Its death was never noticed: the line was too long, and with it went whoever would have restarted it."""
    child = started("sys.stdout.write('x' * 300_000); sys.stdout.flush(); os._exit(1)", hang_seconds=LIMIT_SECONDS)
    await until(lambda: child.restarts >= 1 and child.serves)


async def test_one_whose_own_child_lives_on_is_known_to_be_dead(started: Callable[..., Child]) -> None:
    """What it started holds its output open; that was waited for, as long as it lasted."""
    child = started("os.fork() and os._exit(1)", hang_seconds=60.0)
    await until(lambda: child.restarts >= 1, 10.0)


async def test_one_that_can_not_be_started_now_is_tried_again(
    started: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of memory, or too many processes: nobody tried again."""
    child = started("os._exit(1)")
    await until(lambda: child.ready.is_set())
    real, failed = asyncio.create_subprocess_exec, 0

    async def no_memory(*words: Any, **more: Any) -> Any:
        nonlocal failed
        failed += 1
        if failed < 3:
            raise OSError(12, "Cannot allocate memory")
        return await real(*words, **more)

    monkeypatch.setattr("asyncio.create_subprocess_exec", no_memory)
    await until(lambda: failed >= 3 and child.serves)


async def test_a_line_told_to_one_that_reads_nothing_holds_nobody_up(started: Callable[..., Child]) -> None:
    child = started(informed=True)
    await until(lambda: child.serves)
    began = time.monotonic()
    for _ in range(100):
        child.tell(b"x" * 4000)
    assert time.monotonic() - began < 1.0


async def test_stacks_are_written_though_a_library_holds_the_interpreter(
    started: Callable[..., Child],
) -> None:
    """Python never runs again in such a process; its stacks say where it is all the same."""
    with structlog.testing.capture_logs() as logged:
        child = started("import ctypes; ctypes.PyDLL(None).pause()", hang_seconds=LIMIT_SECONDS)
        await until(lambda: child.causes["hung"] == 1)
    assert ["in main" in line["exception"] for line in logged if line["event"] == "child.stacks"] == [True]


async def test_where_a_library_aborted_is_in_the_log(started: Callable[..., Child]) -> None:
    with structlog.testing.capture_logs() as logged:
        child = started("os.abort()")
        await until(lambda: child.causes["died"] == 1)
    assert ["Fatal Python error: Aborted" in line["exception"] for line in logged if line["event"] == "child.stacks"]


def test_a_pulse_is_only_for_a_supervisor(tmp_path: Any) -> None:
    """By hand, or with its output in a file, a part says nothing every second."""
    code = "import asyncio; from ivr import pulse; asyncio.run(pulse.beat())"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, timeout=30, check=True)
    assert (tmp_path / "out").read_bytes() == b""


def test_a_supervisor_that_reads_nothing_holds_no_process_up() -> None:
    code = """
import asyncio, fcntl, os, sys, time
from ivr import pulse
pulse.EVERY_SECONDS = 0.0
async def main():
    beating = asyncio.create_task(pulse.beat(figures=lambda: {"x" * 100: 1}))
    await asyncio.sleep(2)
    sys.stderr.write("still here")
asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with contextlib.closing(process.stdout), contextlib.closing(process.stderr):  # type: ignore[type-var]
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert b"still here" in process.stderr.read()


def test_who_is_stopped_is_seen_as_stopped() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        os.kill(process.pid, signal.SIGSTOP)
        deadline = time.monotonic() + 10
        while _state(process.pid) != psutil.STATUS_STOPPED:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
