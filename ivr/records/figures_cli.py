"""`ivr report figures`, `agents` and `stuck`: what was counted in some days, on the screen, as JSON, or as a CSV file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
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
from ivr.records import tallies as tallies_of
from ivr.records.agent_figures import agent_figures
from ivr.records.database import open_database
from ivr.records.sheet import Cell, sheet
from ivr.staffing import AgentFigures, told_of_agent
from ivr.tally import Facts, Tally, tallies, tally, told
from ivr.traffic import CAUSES, TARGET_SECONDS, Figures, Grouping, day_begins
from order_lookup.database import open_engine, upgrade

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
Days = Annotated[int, typer.Option(help="The last so many days of the shop's time zone, today among them.", min=1)]
First = Annotated[str, typer.Option("--from", help="Or: from this day on, YYYY-MM-DD …")]
Last = Annotated[str, typer.Option("--to", help="… to this day, itself included; without it, to today.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
AsCsv = Annotated[Path | None, typer.Option("--csv", help="Write a file for spreadsheets.", dir_okay=False)]
DEFAULT_CONFIG = Path("config.yaml")
console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the shop's time zone, the last one included."""

    begins: date
    ends: date
    zone: ZoneInfo

    @property
    def since(self) -> float:
        """The first moment, in seconds since 1970."""
        return day_begins(self.begins, self.zone)

    @property
    def before(self) -> float:
        """The moment after the last."""
        return day_begins(self.ends + timedelta(days=1), self.zone)


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
    asked = _period(settings, days, first, last)
    with _all_tables(settings) as session:
        facts = tallies_of.facts(
            session, asked.since, asked.before, time.time(), settings.figures.first_contact_days, _own(settings)
        )
    groups = tallies(grouping, facts, asked.zone) if grouping else [("", tally(facts))]
    period = {"from": asked.begins.isoformat(), "to": asked.ends.isoformat()}
    rows: list[Mapping[str, Cell]] = [{**period, str(grouping or "all"): name, **told(each)} for name, each in groups]
    if csv_file is not None:
        columns = [*period, str(grouping or "all"), *told(tally(Facts(0.0)))]
        _write(csv_file, rows, columns)
    elif as_json:
        print(json.dumps(rows if grouping else rows[0], ensure_ascii=False, indent=2))
    elif grouping:
        console.print(_grouped(grouping, groups))
    else:
        console.print(_whole(f"{asked.begins} – {asked.ends} ({settings.time_zone})", tally(facts)))


def agents(
    config_file: Config = DEFAULT_CONFIG,
    days: Days = 7,
    first: First = "",
    last: Last = "",
    csv_file: AsCsv = None,
    as_json: AsJson = False,
) -> None:
    """What each agent did: time signed in and ready, talks, handle time, missed calls, satisfaction."""
    settings = config.load(config_file)
    asked = _period(settings, days, first, last)
    with Session(open_database(settings.database_url)) as session:
        found = agent_figures(session, asked.since, asked.before, time.time())
    rows: list[Mapping[str, Cell]] = [told_of_agent(each) for each in found]
    if csv_file is not None:
        _write(csv_file, rows, told_of_agent(AgentFigures("")))
    elif as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        console.print(_of_agents(found))


@contextmanager
def _all_tables(settings: Settings) -> Iterator[Session]:
    """A session; the order desk's tables are there, too, however new the database is."""
    engine = open_engine(settings.database_url)
    upgrade(engine)
    engine.dispose()
    with Session(open_database(settings.database_url)) as session:
        yield session


def _own(settings: Settings) -> bool:
    """Whether callbacks are our own queue's, for a shop's backend keeps its own."""
    return settings.orders.system != "sql"


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
    asked = _period(settings, days, first, last)
    with Session(open_database(settings.database_url)) as session:
        found = steps_of.steps(session, asked.since, asked.before)
    rows: list[Mapping[str, Cell]] = [asdict(step) for step in found]
    if csv_file is not None:
        _write(csv_file, rows, asdict(steps_of.Step("")))
    elif as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        console.print(_of_steps(found))
        _warn_of_the_feed(settings, asked.since)


def _warn_of_the_feed(settings: Settings, since: float) -> None:
    kept = settings.retention.events_days
    if since < time.time() - kept * 86_400.0:
        console.print(f"What was heard is known of the last {kept} days only (retention.events_days).")


def _period(settings: Settings, days: int, first: str, last: str) -> Period:
    """The days that were asked for; raises UserError where there are none."""
    zone = ZoneInfo(settings.time_zone)
    ends = _day(last) if last else datetime.now(zone).date()
    begins = _day(first) if first else ends - timedelta(days=days - 1)
    if begins > ends:
        raise UserError(f"there is no day from {begins} to {ends}", "`--from` comes before `--to`")
    return Period(begins, ends, zone)


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


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.0f} min"


def _whole(period: str, all_of_it: Tally) -> Table:
    table = Table("calls", "", period)
    for row in (*_of_calls(all_of_it.figures), *_of_people(all_of_it)):
        table.add_row(*row)
    return table


def _of_calls(each: Figures) -> Sequence[tuple[str, str, str]]:
    target = f"{TARGET_SECONDS:.0f} s"
    causes = [(cause, getattr(each, f"low_{cause}")) for cause in CAUSES]
    rows = (
        ("ended", "", each.calls),
        ("served by the robot alone", _percent(each.self_service_rate), each.self_served),
        ("settled at the first contact", _percent(each.first_contact_resolution), each.resolved),
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
        *((f"  reviewed: {cause}", "", number) for cause, number in causes if number),
    )
    return [(name, value, str(number)) for name, value, number in rows]


def _of_people(each: Tally) -> Sequence[tuple[str, str, str]]:
    staff = each.staff
    rows = [
        ("agents' occupancy, of time ready", _percent(staff.occupancy), _minutes(staff.ready)),
        ("agents' utilisation, of time signed in", _percent(staff.utilisation), _minutes(staff.signed_in)),
        ("calls missed by agents", "", str(staff.missed)),
    ]
    for name, promises in (("callbacks", each.callbacks), ("tickets", each.tickets)):
        rows.append((f"{name} in time", _percent(promises.in_time_rate), f"{promises.in_time} of {promises.due}"))
        if promises.in_time:
            rows.append(("  ahead of time, mean", _minutes(promises.early_seconds), str(promises.in_time)))
        if late := promises.due - promises.in_time:
            rows.append(("  late, mean", _minutes(promises.late_seconds), str(late)))
        if promises.needless:
            rows.append(("  needless: they rang again before", "", str(promises.needless)))
    return rows


def _of_agents(found: Sequence[AgentFigures]) -> Table:
    first = Column("agent", no_wrap=True)
    columns = ("signed in", "ready", "occupied", "utilised", "talks", "handle", "passed on", "missed", "score")
    table = Table(first, *columns, box=None)
    for each in found:
        staff = each.time
        shares = (
            _percent(staff.occupancy),
            _percent(staff.utilisation),
            str(each.talks),
            _seconds(each.handle_seconds),
        )
        rest = (str(each.passed_on), str(staff.missed), _score(each.satisfaction))
        table.add_row(Text(each.agent), _minutes(staff.signed_in), _minutes(staff.ready), *shares, *rest)
    return table


def _grouped(grouping: Grouping, groups: Sequence[tuple[str, Tally]]) -> Table:
    first = Column(str(grouping), no_wrap=True)
    within = f"≤{TARGET_SECONDS:.0f} s"
    columns = ("calls", "alone", "asked", within, "wait", "gave up", "handle", "score", "first", "occupied")
    table = Table(first, *columns, box=None)
    one_offset = len({name[-5:] for name, _ in groups}) == 1
    for name, counted in groups:
        each, last = (
            counted.figures,
            (_percent(counted.figures.first_contact_resolution), _percent(counted.staff.occupancy)),
        )
        shown = name[5:16] if grouping == Grouping.HOUR and one_offset else name or "–"
        shares = (_percent(each.service_level), _seconds(each.speed_of_answer_seconds), _percent(each.abandonment_rate))
        counts = (str(each.calls), _percent(each.self_service_rate), str(each.asked))
        table.add_row(Text(shown), *counts, *shares, _seconds(each.handle_seconds), _score(each.satisfaction), *last)
    return table


def _of_steps(found: Sequence[steps_of.Step]) -> Table:
    first = Column("step", no_wrap=True)
    table = Table(first, "understood", "", "not", "silent", "to a human", "hung up", box=None)
    for step in found:
        counts = (step.not_understood, step.silent, step.to_human, step.hung_up)
        name = Text(step.name or "before the first answer")
        table.add_row(name, str(step.understood), _percent(step.understood_rate), *map(str, counts))
    return table
