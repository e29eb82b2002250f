"""`ivr bench` and what can be measured by itself: `ivr bench order-numbers`, `ivr bench dialogue`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Table

from ivr.bench import cli
from ivr.errors import UserError
from ivr.values import Language

bench = typer.Typer(invoke_without_command=True)
bench.callback()(cli.bench)

JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures here.")]
Lang = Annotated[str, typer.Option("--lang", help="zh or en; both without it.")]


@bench.command("order-numbers")
def order_numbers(
    calls: Annotated[int, typer.Option(min=0, help="Simulated calls per language and kind of shop.")] = 1000,
    heard: Annotated[int, typer.Option(min=0, help="Numbers to synthesise and decode per language.")] = 0,
    telephone: Annotated[int, typer.Option(min=0, help="Numbers to say to a running hotline per language.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, the same numbers.")] = 1,
    at_once: Annotated[int, typer.Option(min=1, max=2, help="Telephone calls at once.")] = 2,
    lang: Lang = "",
    folder: Annotated[Path, typer.Option(help="Where the hotline under test works; emptied first.")] = Path(
        "var/bench-numbers"
    ),
    json_file: JsonFile = None,
) -> None:
    """How many order numbers are understood: simulated by the thousand, decoded by the hundred, said over the telephone."""
    from ivr.bench import order_number_runs as runs

    console, found = Console(highlight=False), dict[str, Any]()
    shown = Table("order numbers", "calls", "first try", "after one repair", "wrong", title="goals: 97 %, 99.5 %, 0")
    plan = runs.Plan(calls, heard, telephone, seed, at_once, folder)
    for name, tally in asyncio.run(runs.all_of(plan, _languages(lang), lambda line: console.print(f"[dim]{line}[/]"))):
        found[name] = asdict(tally)
        shown.add_row(
            name, str(tally.calls), f"{100 * tally.first:.1f} %", f"{100 * tally.repaired:.1f} %", str(tally.wrong)
        )
    console.print(shown)
    _write(json_file, found)


@bench.command("names")
def names(
    count: Annotated[int, typer.Option(min=20, help="Names to synthesise and decode per language.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed, the same names.")] = 1,
    lang: Lang = "",
    json_file: JsonFile = None,
) -> None:
    """How often a name that is said proves who calls, and how often another person's name would."""
    from ivr.bench import said_names
    from ivr.demo.stage import ROOT

    console, found = Console(highlight=False), dict[str, Any]()
    shown = Table("names", "said", "right name proves", "another's does", "by letters", title="goals: 80 %, 1 %")
    for language in _languages(lang):
        tally = asyncio.run(said_names.measure(ROOT, language, count, seed))
        found[language] = asdict(tally)
        shares = (f"{100 * share:.1f} %" for share in (tally.right, tally.other, tally.as_written))
        shown.add_row(language, str(tally.said), *shares)
    console.print(shown)
    _write(json_file, found)


@bench.command("dialogue")
def dialogue(
    steps: Annotated[int, typer.Option(min=20, help="Steps of the made dialplan.")] = 1000,
    lang: Lang = "",
    json_file: JsonFile = None,
) -> None:
    """How fast dialplans load and prove, and utterances are understood."""
    from ivr.bench import dialogue_runs as runs

    console, found = Console(highlight=False), dict[str, Any]()
    shown = Table("dialogue", "measured", "goal")
    for row in runs.all_of(steps, _languages(lang)):
        found[row.name] = row.milliseconds
        shown.add_row(row.name, f"{row.milliseconds:.1f} ms", f"≤ {row.goal:.0f} ms" if row.goal else "")
    console.print(shown)
    _write(json_file, found)


def _languages(lang: str) -> tuple[Language, ...]:
    known: tuple[Language, ...] = get_args(Language)
    if lang and lang not in known:
        raise UserError(f"no language `{lang}`", "zh or en")
    return tuple(each for each in known if lang in ("", each))


def _write(file: Path | None, found: dict[str, Any]) -> None:
    if file is None:
        return
    try:
        file.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as fault:
        raise UserError(f"{file} can't be written: {fault.strerror}", "name another file") from None
