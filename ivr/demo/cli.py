"""`ivr demo`: start the real hotline, have it called, show it live, and check how every call ended."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ivr.demo.show import CALLS_AT_ONCE, Outcome, Show
from ivr.demo.stage import CALLERS_PER_WORKER, Stage, fresh_folder
from ivr.demo.story import Story, stories
from ivr.errors import UserError

FOLDER = Path("var/demo")


def demo(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the outcome here as data.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only stories whose name begins so (a, d-en).")] = None,
    folder: Annotated[
        Path, typer.Option(help="Where recordings, transcripts and vCon files go; emptied first.")
    ] = FOLDER,
    at_once: Annotated[int, typer.Option(min=1, max=CALLS_AT_ONCE, help="Calls at the same time.")] = CALLS_AT_ONCE,
) -> None:
    """Show the hotline at work: real SIP calls over loopback, real speech, real orders."""
    console = Console(highlight=False)
    chosen = [story for story in stories() if not only or story.name.startswith(tuple(only))]
    if not chosen:
        raise UserError("no story has that name", ", ".join(story.name for story in stories()))
    began = time.monotonic()
    outcomes = asyncio.run(_show(console, chosen, folder, at_once))
    console.print(_table(outcomes))
    for outcome in outcomes:
        for fault in outcome.faults:
            console.print(f"[red]{outcome.name}[/] {escape(fault)}", soft_wrap=True)
    console.print(
        f"Recordings: {folder / 'recordings'}   transcripts and vCon files: {folder / 'calls'}", soft_wrap=True
    )
    console.print(f"Log of the hotline: {folder / 'hotline.log'}")
    good = sum(outcome.ok for outcome in outcomes)
    console.print(f"{good} of {len(outcomes)} calls ended as they should, in {time.monotonic() - began:.0f} s")
    if json_file:
        data = [outcome.as_data() for outcome in outcomes]
        json_file.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    raise typer.Exit(0 if good == len(outcomes) else 1)


async def _show(console: Console, chosen: list[Story], folder: Path, at_once: int) -> list[Outcome]:
    console.print("Starting the hotline with the demo shop …")
    workers = -(-min(at_once, len(chosen)) // CALLERS_PER_WORKER)
    async with Stage(fresh_folder(folder), workers=workers) as stage:
        console.print(f"[bold green]It serves[/] {stage.uri()} and {stage.uri('hotline-en')}")
        return await Show(console, stage, at_once).run(chosen)


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(title="Calls", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    for heading in ("", "story", "shows", "ended", "s", "reply gaps ms"):
        table.add_column(heading, no_wrap=heading not in ("shows", "reply gaps ms"), overflow="fold")
    for outcome in outcomes:
        gaps = " ".join(f"{gap:.0f}" for gap in outcome.reply_gaps_ms)
        good = "[green]✓[/]" if outcome.ok else "[red]✗[/]"
        table.add_row(good, outcome.name, outcome.shows, outcome.disposition, f"{outcome.seconds:.0f}", gaps)
    return table
