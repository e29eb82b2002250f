"""The bench's measurements: single calls for latency, growing crowds for capacity, clips for the recogniser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.bench.machine import usage
from ivr.caller.load import load_test
from ivr.caller.measures import percentile
from ivr.caller.report import CallResult, figures, measured
from ivr.caller.scenario import Scenario, load
from ivr.caller.scene import Equipment, prepare, run
from ivr.demo.stage import Stage
from ivr.demo.story import digits
from order_lookup.demo import CASES

FOLDER = Path(__file__).parent
LIMIT_MS = 1200.0
CASE = CASES["in_transit"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many callers talking at once, and what it took."""

    calls: int
    answered: int
    reply_gap_p50_ms: float | None
    reply_gap_p95_ms: float | None
    cpu_percent: float
    caller_cpu_percent: float
    memory_mib: float
    rtp_gaps: int

    @property
    def good(self) -> bool:
        """Everybody was answered, and nobody but one in twenty waited too long."""
        return self.answered == self.calls and self.reply_gap_p95_ms is not None and self.reply_gap_p95_ms <= LIMIT_MS


def _scenario(name: str) -> Scenario:
    variables = {"phone": CASE.phone, "spoken_order": digits(CASE.order_number, "zh")}
    return load(FOLDER / f"{name}.yaml", variables)


async def latency(stage: Stage, calls: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Reply gap, barge-in stop and call setup: two callers, one who talks and one who interrupts, each call after call."""
    async with Equipment(ear=None, keep_audio=False) as equipment:

        async def call_after_call(scenario: Scenario) -> list[CallResult]:
            done: list[CallResult] = []
            while len(done) < calls:
                done.append(await run(scenario, stage.uri(), equipment=equipment))
                tell(f"{scenario.about.split(',')[0]}: {len(done)} of {calls}")
            return done

        scenarios = [_scenario("talk_zh"), _scenario("interrupt_zh")]
        for scenario in scenarios:
            await prepare(scenario, equipment)
        results = [call for calls_made in await asyncio.gather(*map(call_after_call, scenarios)) for call in calls_made]
    found = figures(results)
    stops = [stop for result in results for stop in measured(result, "stop_ms", ("interrupt",))]
    return {**found, "barge_in_stop_p50_ms": percentile(stops, 0.5)}


async def crowd(stage: Stage, calls: int) -> Crowd:
    """So many callers at once, beginning within five seconds."""
    scenario = _scenario("talk_zh")
    assert stage.process is not None
    before, began = usage(stage.process.pid), time.monotonic()
    async with Equipment(ear=None, keep_audio=False) as equipment:
        result = await load_test(scenario, stage.uri(), calls, over_seconds=5.0, equipment=equipment)
    seconds, after = time.monotonic() - began, usage(stage.process.pid)
    gaps = result.gaps_ms()
    return Crowd(
        calls,
        sum(call.caller.status == 200 for call in result.calls),
        percentile(gaps, 0.5),
        percentile(gaps, 0.95),
        round(100 * (after.cpu_seconds - before.cpu_seconds) / seconds, 1),
        round(100 * result.caller_cpu_seconds / result.wall_seconds, 1),
        round(after.memory_mib),
        sum(call.caller.media.gaps for call in result.calls if call.caller.media),
    )


async def capacity(stage: Stage, sizes: Iterable[int], tell: Callable[[Crowd], None]) -> list[Crowd]:
    """Growing crowds, until one is no longer served well."""
    found: list[Crowd] = []
    for size in sizes:
        found.append(await crowd(stage, size))
        tell(found[-1])
        if not found[-1].good:
            break
    return found


def recogniser_factor(models: Path, clips: Path) -> dict[str, float]:
    """Seconds of one core per second of speech, per language, over the committed test clips; {} where there are none."""
    from ivr.speech.evaluation import real_time_factor

    found: dict[str, float] = {}
    for language, model in (("zh", "zh-small"), ("en", "en-small")):
        if (clips / language).is_dir():
            found[language] = round(real_time_factor(models / model, clips / language), 4)
    return found
