"""`ivr hours`: the coming days of every queue in words, so that operations see what a holiday does before a caller does."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from ivr import config
from ivr.errors import UserError
from ivr.hours import ALL_DAY, HouseHours, Timetable, day_spans, usual

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
MOST_DAYS = 400


def hours(
    config_file: Config = Path("config.yaml"),
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How many days.")] = 14,
    from_: Annotated[str, typer.Option("--from", help="The first day, like 2027-02-01; else today.")] = "",
) -> None:
    """When people are there in the coming days, by queue, as the settings have it. What supervisors said since is on their page."""
    settings = config.load(config_file, secrets=False)
    written, zone = settings.hours, ZoneInfo(settings.time_zone)
    begin, house = _day(from_) if from_ else datetime.now(zone).date(), written.of_house(settings.time_zone)
    console = Console(highlight=False)
    if not written.written:
        console.print("No opening hours are set: people are there around the clock (docs/settings.md, `hours`).")
        return
    for queue, names in _groups(written.queues, written.default, settings.queues).items():
        console.print(f"[bold]{names}[/]   {written.queues.get(queue, written.default) or 'always open'}", markup=True)
        for line in lines(house, queue, begin, days):
            console.print(f"  {line}", markup=False)
    for queue, other in written.on_call.items():
        console.print(f"When it is urgent and nobody of {queue} is there, {other} is asked.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"`--from {text}` is no day", "write it like 2027-02-01") from None


def _groups(own: dict[str, str], default: str, served: frozenset[str]) -> dict[str, str]:
    """Queues of the same hours together, by the first of them; where no agents are named, the rest have no names."""
    same: dict[str, list[str]] = {}
    for queue in sorted(served | own.keys()):
        same.setdefault(own.get(queue, default), []).append(queue)
    if not served and default:
        same.setdefault(default, []).append("every other queue")
    return {queues[0]: ", ".join(queues) for queues in same.values()}


def lines(house: HouseHours, queue: str, begin: date, days: int) -> list[str]:
    """A line for each day; one that is not as its weekday usually is says so."""
    table = house.timetables.get(queue, house.default)
    if table.next_change(datetime.combine(begin, time(), house.zone)) is None:
        return [f"every day  {told(day_spans(table, house.zone, begin))}"]
    return [_line(table, house.zone, begin + timedelta(days=n)) for n in range(days)]


def _line(table: Timetable, zone: ZoneInfo, day: date) -> str:
    now = told(day_spans(table, zone, day))
    week = usual(table, zone, day - timedelta(days=day.weekday()))
    common = told(week.days[day.weekday()]) if week else now
    return f"{day:%a %d %b %Y}  {now}{f'   (else {common})' if now != common else ''}"


def told(spans: tuple[tuple[int, int], ...]) -> str:
    """`09:00-12:00, 13:00-18:00`, `open around the clock`, `closed`."""
    if spans == ALL_DAY:
        return "open around the clock"
    return ", ".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in spans) or "closed"


def _clock(minutes: int) -> str:
    """Past midnight it is the next morning."""
    clock = f"{time(*divmod(minutes % 1440, 60)):%H:%M}"
    return "24:00" if minutes == 1440 else f"{clock} the next day" if minutes > 1440 else clock
