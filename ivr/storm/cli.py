"""`ivr storm`: prints what was killed and what became of everybody; status 1 when an invariant was broken."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.demo.stage import fresh_folder
from ivr.storm.storm import Report, Storm, Weather


def storm(
    seconds: Annotated[float, typer.Option(min=10, help="How long people go on calling.")] = 300.0,
    callers: Annotated[int, typer.Option(min=1, max=200, help="How many call, again and again.")] = 50,
    agents: Annotated[int, typer.Option(min=1, max=50, help="How many take calls.")] = 10,
    workers: Annotated[int, typer.Option(min=0, max=60, help="Call workers; 0: room for every caller.")] = 0,
    worker_kills: Annotated[int, typer.Option(min=0, help="How often a worker is killed.")] = 8,
    console_kills: Annotated[int, typer.Option(min=0, help="How often the console is killed.")] = 3,
    seed: Annotated[int, typer.Option(help="The dice.")] = 1,
    folder: Annotated[Path, typer.Option(help="Where the hotline works; emptied first.")] = Path("var/storm"),
) -> None:
    """Call a hotline of its own from many phones, hang up at random, kill its processes, and see that nobody is lost."""
    console = Console(highlight=False)
    weather = Weather(callers, agents, seconds, worker_kills, console_kills, workers, seed)
    made = Storm(fresh_folder(folder), weather, lambda line: console.print(line, markup=False))
    report = asyncio.run(made.run())
    show(console, report)
    raise typer.Exit(0 if report.ok else 1)


def show(console: Console, report: Report) -> None:
    """The report, as lines to read."""
    counts = {"customers": report.customers, "colleagues": report.colleagues, **report.ended}
    for name, counted in counts.items():
        console.print(f"{name}: " + ", ".join(f"{what} {count}" for what, count in sorted(counted.items())))
    slowest = f"{max(report.recovery_seconds):.1f} s" if report.recovery_seconds else "nothing was held"
    console.print(f"killed: {', '.join(each.part for each in report.killed) or 'nothing'}")
    console.print(f"slowest recovery of queue and agents: {slowest}")
    for fault in report.faults:
        console.print(f"✗ {fault}", style="red", markup=False)
    console.print("every invariant held" if report.ok else f"{len(report.faults)} faults")
