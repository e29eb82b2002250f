"""`ivr bench`: prints the figures with the machine and its load; `--json FILE` writes them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ivr.bench import ringing, runs
from ivr.bench.machine import description
from ivr.demo.stage import ROOT, Stage, free_ports, fresh_folder
from ivr.edge import find_kamailio
from ivr.errors import UserError

SIZES = (4, 8, 12, 16, 20, 24, 32, 40, 60)
# (key, what it is, goal in ms)
GOALS = (
    ("reply_gap_p50_ms", "reply gap p50", 600),
    ("reply_gap_p95_ms", "reply gap p95", 1000),
    ("barge_in_stop_p95_ms", "barge-in stop p95", 200),
    ("setup_p95_ms", "call setup p95", None),
    ("ring_p50_ms", "to a human: speech end to agent's ringing p50", None),
    ("ring_p95_ms", "to a human: speech end to agent's ringing p95", 2000),
)


def bench(
    ctx: typer.Context,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    calls: Annotated[int, typer.Option(min=1, help="Calls of each kind for the latencies.")] = 6,
    most: Annotated[int, typer.Option(min=0, max=60, help="The largest crowd; 0 measures no capacity.")] = 32,
    folder: Annotated[Path, typer.Option(help="Where the hotline under test works; emptied first.")] = Path(
        "var/bench"
    ),
) -> None:
    """Measure reply gap, barge-in, call setup, the way to a human, recogniser speed and capacity on this machine."""
    if ctx.invoked_subcommand:
        return
    console = Console(highlight=False)
    found: dict[str, Any] = {"machine": description()}
    console.print(" ".join(f"[dim]{key}[/] {value}" for key, value in found["machine"].items()))
    found["recogniser_real_time_factor"] = runs.recogniser_factor(ROOT / "models", ROOT / "tests/clips")
    found["latency"] = asyncio.run(_latency(console, folder, calls))
    console.print(_latencies(found["latency"], found["recogniser_real_time_factor"]))
    _keep(found, json_file)  # before the crowds: whatever becomes of them, these figures stand
    found |= asyncio.run(_capacity(console, folder, most))
    _keep(found, json_file)


def _keep(found: dict[str, Any], json_file: Path | None) -> None:
    if json_file:
        json_file.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")


async def _latency(console: Console, folder: Path, calls: int) -> dict[str, Any]:

    def tell(line: str) -> None:
        console.print(f"[dim]{line}[/]")

    agents = free_ports(ringing.AT_ONCE)
    async with Stage(fresh_folder(folder / "one"), changes=ringing.changes(agents)) as stage:
        latency = await runs.latency(stage, calls, tell)
        return latency | await ringing.time_to_ring(stage, agents, calls * 2, tell)


async def _capacity(console: Console, folder: Path, most: int) -> dict[str, Any]:
    if most == 0:
        return {"capacity": []}
    try:
        find_kamailio()
    except UserError as fault:
        console.print(f"[yellow]no capacity figures:[/] {fault}")
        return {"capacity": []}
    sizes = [size for size in SIZES if size <= most]
    async with Stage(fresh_folder(folder / "many"), workers=(most + 1) // 2, edge=True) as stage:
        crowds = await runs.capacity(stage, sizes, lambda crowd: console.print(_line(crowd)))
    served = max((crowd.calls for crowd in crowds if crowd.good), default=0)
    console.print(f"Served well (p95 ≤ {runs.LIMIT_MS:.0f} ms): {served} talking callers")
    return {"capacity": [asdict(crowd) for crowd in crowds], "served": served}


def _line(crowd: runs.Crowd) -> str:
    p50, p95 = (
        f"{value:.0f}" if value is not None else "–" for value in (crowd.reply_gap_p50_ms, crowd.reply_gap_p95_ms)
    )
    return (
        f"{crowd.answered:>3} of {crowd.calls} callers: reply gap p50 {p50} ms, p95 {p95} ms; hotline "
        f"{crowd.cpu_percent:.0f} % of a core, {crowd.memory_mib:.0f} MiB; callers {crowd.caller_cpu_percent:.0f} %"
    )


def _latencies(latency: dict[str, Any], factors: dict[str, float]) -> Table:
    table = Table("figure", "measured", "goal")
    for key, name, goal in GOALS:
        value = latency.get(key)
        table.add_row(name, "–" if value is None else f"{value:.0f} ms", f"≤ {goal} ms" if goal else "")
    for language, factor in factors.items():
        table.add_row(f"recogniser real-time factor, {language}", f"{factor:.3f}", "≤ 0.03")
    return table
