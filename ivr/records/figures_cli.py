"""`ivr report figures` and `ivr report stuck`: what was counted in some days, on the screen, as JSON, or as a CSV file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from sqlalchemy.orm import Session

from ivr import config
from ivr.config import Settings
from ivr.errors import UserError
from ivr.records import stuck as steps_of
from ivr.records import traffic
from ivr.records.database import open_database
from ivr.records.sheet import Cell, sheet
from ivr.traffic import TARGET_SECONDS, Figures, Grouping, by, count, day_begins, told

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
Days = Annotated[int, typer.Option(help="The last so many days of the shop's time zone, today among them.", min=1)]
First = Annotated[str, typer.Option("--from", help="Or: from this day on, YYYY-MM-DD …")]
Last = Annotated[str, typer.Option("--to", help="… to this day, itself included; without it, to today.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
AsCsv = Annotated[Path | None, typer.Option("--csv", help="Write a file for spreadsheets.", dir_okay=False)]
DEFAULT_CONFIG = Path("config.yaml")
console = Console(highlight=False)


def figures(
    config_file: Config = DEFAULT_CONFIG,
    days: Days = 7,
    first: First = "",
    last: Last = "",
    grouping: Annotated[Grouping | None, typer.Option("--by", help="A row for each.")] = None,
    csv_file: AsCsv = None,
    as_json: AsJson = False,
) -> None:
    """What a call centre counts: served by the robot alone, waiting, service level, given up, handle time, satisfaction."""
    settings = config.load(config_file)
    zone = ZoneInfo(settings.time_zone)
    begins, ends = _days(zone, days, first, last)
    with Session(open_database(settings.database_url)) as session:
        calls = traffic.calls(session, day_begins(begins, zone), day_begins(ends + timedelta(days=1), zone))
    groups = by(grouping, calls, zone) if grouping else [("", count(calls))]
    period = {"from": begins.isoformat(), "to": ends.isoformat()}
    rows: list[Mapping[str, Cell]] = [{**period, str(grouping or "all"): name, **told(each)} for name, each in groups]
    if csv_file is not None:
        columns = [*period, str(grouping or "all"), *told(count(()))]
        _write(csv_file, rows, columns)
    elif as_json:
        print(json.dumps(rows if grouping else rows[0], ensure_ascii=False, indent=2))
    elif grouping:
        console.print(_grouped(grouping, groups))
    else:
        console.print(_whole(f"{begins} – {ends} ({settings.time_zone})", count(calls)))


def stuck(
    config_file: Config = DEFAULT_CONFIG,
    days: Days = 7,
    first: First = "",
    last: Last = "",
    csv_file: AsCsv = None,
    as_json: AsJson = False,
) -> None:
    """Where callers get stuck: the steps of the dialogue at which they weren't understood, went to a human, or hung up."""
    settings = config.load(config_file)
    zone = ZoneInfo(settings.time_zone)
    begins, ends = _days(zone, days, first, last)
    with Session(open_database(settings.database_url)) as session:
        since, before = day_begins(begins, zone), day_begins(ends + timedelta(days=1), zone)
        found = steps_of.steps(session, since, before)
    rows: list[Mapping[str, Cell]] = [asdict(step) for step in found]
    if csv_file is not None:
        _write(csv_file, rows, asdict(steps_of.Step("")))
    elif as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        console.print(_of_steps(found))
        _warn_of_the_feed(settings, since)


def _warn_of_the_feed(settings: Settings, since: float) -> None:
    kept = settings.retention.events_days
    if since < time.time() - kept * 86_400.0:
        console.print(f"What was heard is known of the last {kept} days only (retention.events_days).")


def _days(zone: ZoneInfo, days: int, first: str, last: str) -> tuple[date, date]:
    """The first and the last day."""
    ends = _day(last) if last else datetime.now(zone).date()
    begins = _day(first) if first else ends - timedelta(days=days - 1)
    if begins > ends:
        raise UserError(f"there is no day from {begins} to {ends}", "`--from` comes before `--to`")
    return begins, ends


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise UserError(f"`{written}` is no day", "write it like 2027-01-31") from None


def _write(file: Path, rows: Sequence[Mapping[str, Cell]], columns: Mapping[str, object] | Sequence[str]) -> None:
    try:
        file.write_text(sheet(rows, columns), encoding="utf-8", newline="")
    except OSError as fault:
        raise UserError(f"{file} can't be written: {fault.strerror}", "another file for `--csv`") from None
    console.print(f"{len(rows)} rows in {file}", markup=False)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f} s"


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"


def _whole(period: str, all_of_it: Figures) -> Table:
    table = Table("calls", "", period)
    target, each = f"{TARGET_SECONDS:.0f} s", all_of_it
    for row in (
        ("ended", "", each.calls),
        ("served by the robot alone", _percent(each.self_service_rate), each.self_served),
        ("a human talked to", "", each.with_human),
        ("hung up without a word", "", each.said_nothing),
        ("lost with their worker", "", each.line_lost),
        ("asked for a human", "", each.asked),
        ("wanted one out of hours", "", each.out_of_hours),
        (f"answered within {target}", _percent(each.service_level), each.in_time),
        ("answered, mean wait", _seconds(each.speed_of_answer_seconds), each.answered),
        ("gave up waiting", _percent(each.abandonment_rate), each.gave_up),
        ("talks with wrap-up, mean", _seconds(each.handle_seconds), each.handled),
        ("scores, mean", _score(each.satisfaction), each.scores),
        ("of these low", "", each.low_scores),
    ):
        table.add_row(row[0], row[1], str(row[2]))
    return table


def _grouped(grouping: Grouping, groups: Sequence[tuple[str, Figures]]) -> Table:
    first = Column(str(grouping), no_wrap=True)
    within = f"≤{TARGET_SECONDS:.0f} s"
    table = Table(first, "calls", "alone", "asked", within, "wait", "gave up", "handle", "score", box=None)
    one_offset = len({name[-5:] for name, _ in groups}) == 1
    for name, each in groups:
        shown = name[5:16] if grouping == Grouping.HOUR and one_offset else name or "–"
        shares = (_percent(each.service_level), _seconds(each.speed_of_answer_seconds), _percent(each.abandonment_rate))
        counts = (str(each.calls), _percent(each.self_service_rate), str(each.asked))
        table.add_row(Text(shown), *counts, *shares, _seconds(each.handle_seconds), _score(each.satisfaction))
    return table


def _of_steps(found: Sequence[steps_of.Step]) -> Table:
    first = Column("step", no_wrap=True)
    table = Table(first, "understood", "", "not", "silent", "to a human", "hung up", box=None)
    for step in found:
        counts = (step.not_understood, step.silent, step.to_human, step.hung_up)
        name = Text(step.name or "before the first answer")
        table.add_row(name, str(step.understood), _percent(step.understood_rate), *map(str, counts))
    return table
