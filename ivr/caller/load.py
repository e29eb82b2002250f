"""Many synthetic calls at once, in one process, cheap enough to measure the hotline and not the caller."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from ivr.caller.report import CallResult, LoadResult
from ivr.caller.scenario import Scenario
from ivr.caller.scene import Equipment, OnEvent, prepare, run


async def load_test(
    scenario: Scenario,
    uri: str,
    calls: int,
    *,
    over_seconds: float = 0.0,
    equipment: Equipment | None = None,
    folder: Path = Path(),
    on_event: OnEvent = lambda event: None,
) -> LoadResult:
    """Carry the scenario out `calls` times, the calls beginning evenly over so many seconds."""
    if equipment is None:
        async with Equipment() as own:
            options = {"over_seconds": over_seconds, "equipment": own, "folder": folder, "on_event": on_event}
            return await load_test(scenario, uri, calls, **options)  # type: ignore[arg-type]
    await prepare(scenario, equipment, folder)
    began, cpu = time.monotonic(), time.process_time()

    async def one(number: int) -> CallResult:
        await asyncio.sleep(over_seconds * number / calls)
        return await run(scenario, uri, equipment=equipment, folder=folder, on_event=on_event)

    results = await asyncio.gather(*(one(number) for number in range(calls)))
    spent = time.process_time() - cpu
    delay = 1000 * equipment.pacer.worst_delay_seconds
    return LoadResult(tuple(results), time.monotonic() - began, spent, delay)
