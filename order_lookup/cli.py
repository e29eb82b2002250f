"""`orders` and `db`: the order desk on the command line, for operations."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from order_lookup import demo, settings
from order_lookup.backing_up import back_up
from order_lookup.clerk import Clerk
from order_lookup.database import open_engine, upgrade
from order_lookup.errors import MistakeError, OrderDeskError
from order_lookup.printing import console, print_bench, print_decision, print_json, print_order, print_orders
from order_lookup.sql import SqlOrderSystem
from order_lookup.words import Level

Result = TypeVar("Result")
orders = typer.Typer(help="Look at orders as the robot does.", no_args_is_help=True)
db = typer.Typer(help="The order desk's database.", no_args_is_help=True)
Url = Annotated[
    str, typer.Option("--database", help="SQLAlchemy URL; default: database.url of config.yaml", envvar="IVR_DATABASE")
]
ConfigFile = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
At = Annotated[str, typer.Option("--now", help="Pretend it is this moment, ISO 8601.")]
CONFIG = Path("config.yaml")


@orders.command()
def show(number: str, database: Url = "", config: ConfigFile = CONFIG, as_json: AsJson = False, at: At = "") -> None:
    """The whole order, and what is unusual about it."""
    view = _ask(database, config, lambda clerk: clerk.show(number, _moment(at, config)))
    if view is None:
        _fail(f"no order {number[:40]}")
    elif as_json:
        print_json(view)
    else:
        print_order(view, settings.shop(config).zone)


@orders.command()
def find(
    number: Annotated[str, typer.Option(help="The full number.")] = "",
    tail: Annotated[str, typer.Option(help="Its last 4 to 6 digits.")] = "",
    phone: Annotated[str, typer.Option(help="The customer's phone.")] = "",
    item: Annotated[str, typer.Option(help="A word of an item.")] = "",
    day: Annotated[str, typer.Option(help="The day it was placed, YYYY-MM-DD.")] = "",
    database: Url = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Orders that fit everything given."""
    if not (number or tail or phone or item or day):
        _fail("say what to look for: --number, --tail, --phone, --item or --day")
    wanted = _day(day)
    found = _ask(database, config, lambda clerk: clerk.find(number, tail, phone, item, wanted))
    if as_json:
        print_json(found)
    else:
        print_orders(found, settings.shop(config).zone)
    if not found:
        raise typer.Exit(1)


@orders.command()
def decide(
    intent: str,
    number: Annotated[str, typer.Argument(help="The order; none for questions without one.")] = "",
    level: Annotated[str, typer.Option(help="Verification level of the caller: none, low, medium, high.")] = "high",
    database: Url = "",
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
    at: At = "",
) -> None:
    """What the robot would say and offer, and by which rule."""
    sure = _level(level)
    decision = _ask(database, config, lambda clerk: clerk.decide(intent, number or None, sure, _moment(at, config)))
    if as_json:
        print_json(decision)
    else:
        print_decision(decision, settings.shop(config).zone)


@orders.command()
def messages(
    phone: str,
    refuse: Annotated[bool, typer.Option("--refuse/--accept", help="No written messages any more, or again.")],
    database: Url = "",
    config: ConfigFile = CONFIG,
) -> None:
    """Keep that a customer wants no written messages, or wants them again."""
    if not _ask(database, config, lambda clerk: clerk.refuse_messages(phone, refuse)):
        _fail(f"no customer has the phone {phone[:40]}")
    console.print("no messages any more" if refuse else "messages again")


@orders.command()
def bench(
    database: Annotated[str, typer.Option("--database", help="An empty database's URL.")] = "",
    count: Annotated[int, typer.Option("--orders", min=1000, help="How many orders to fill in.")] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """How long look-ups take in a large shop; fills an empty database (default: a throw-away SQLite file)."""
    from order_lookup.bench import measure

    with tempfile.TemporaryDirectory(prefix="orders-bench-") as folder:
        measured = _guard(lambda: measure(database or f"sqlite:///{folder}/bench.db", count))
    print_json(measured) if as_json else print_bench(measured)


@db.command("demo")
def fill_demo(
    database: Url = "",
    config: ConfigFile = CONFIG,
    fresh: Annotated[bool, typer.Option(help="Take all orders, customers and tickets out first.")] = False,
    at: At = "",
) -> None:
    """Fill the database with the demo shop and print numbers to try."""

    def work() -> None:
        engine = open_engine(_url(database, config))
        if fresh:
            demo.clear(engine)
        demo.fill(engine, _moment(at, config) or datetime.now(UTC))
        engine.dispose()

    _guard(work)
    numbers()


@db.command()
def numbers() -> None:
    """Print the demo shop's numbers to try."""
    number, phone = Column("order number", no_wrap=True), Column("call from", no_wrap=True)
    table = Table(Column("case", no_wrap=True), number, phone, "", "what happens", title="Numbers to try", box=None)
    for case in demo.CASES.values():
        table.add_row(case.name, case.order_number, case.phone, case.language, case.what)
    console.print(table)


@db.command("upgrade")
def bring_up_to_date(database: Url = "", config: ConfigFile = CONFIG) -> None:
    """Bring the tables up to date."""

    def work() -> None:
        engine = open_engine(_url(database, config))
        console.print("brought up to date" if upgrade(engine) else "up to date already")
        engine.dispose()

    _guard(work)


@db.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file; only this user may read it.")],
    database: Url = "",
    config: ConfigFile = CONFIG,
) -> None:
    """Copy the whole database, calls and agents too, into one file; the hotline goes on meanwhile."""
    _guard(lambda: back_up(_url(database, config), file))
    console.print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


@db.command()
def path(database: Url = "", config: ConfigFile = CONFIG) -> None:
    """Print the database URL in use, its password hidden."""
    _guard(lambda: console.print(re.sub(r"//([^:/@]+):[^@]*@", r"//\1:***@", _url(database, config))))


def _url(database: str, config: Path) -> str:
    """The URL given, or the one of the settings."""
    return database or settings.database_url(config)


def _ask(database: str, config: Path, question: Callable[[Clerk], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        system = await SqlOrderSystem.open(_url(database, config), settings.policies(config))
        try:
            return await question(Clerk(system))
        finally:
            await system.close()

    return _guard(lambda: asyncio.run(run()))


def _guard(work: Callable[[], Result]) -> Result:
    """Do it; a person's mistake or a database that is down ends in one line and exit status 2."""
    try:
        return work()
    except OrderDeskError as error:
        _fail(str(error))
    raise AssertionError("unreachable")


def _fail(what: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {what}", markup=False)
    raise typer.Exit(MistakeError.exit_status)


def _moment(text: str, config: Path) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MistakeError(f"--now {text!r}: write it like 2027-01-31T18:30+08:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.shop(config).zone)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        _fail(f"--day {text!r}: write it like 2027-01-31")
        raise


def _level(text: str) -> Level:
    if text.upper() not in Level.__members__:
        _fail(f"no level {text!r}: none, low, medium or high")
    return Level.named(text)
