"""`orders` and `db`: the order desk on the command line, for operations."""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Column, Table

from order_lookup import demo
from order_lookup.answers import Decision
from order_lookup.clerk import Clerk, OrderView
from order_lookup.database import open_engine, upgrade
from order_lookup.errors import MistakeError, OrderDeskError
from order_lookup.money import Money
from order_lookup.policies import load_policies
from order_lookup.port import OrderSummary
from order_lookup.sql import SqlOrderSystem
from order_lookup.strict_yaml import nearest, read
from order_lookup.views import plain
from order_lookup.words import Intent, Level

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
_DEFAULT_URL = "sqlite:///var/hotline.db"
_console = Console(highlight=False, soft_wrap=True)


@orders.command()
def show(number: str, database: Url = "", config: ConfigFile = CONFIG, as_json: AsJson = False, at: At = "") -> None:
    """The whole order, and what is unusual about it."""
    view = _ask(database, config, lambda clerk: clerk.show(number, _moment(at)))
    if view is None:
        _fail(f"no order {number[:40]}")
    elif as_json:
        _print_json(view)
    else:
        _print_order(view)


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
        _print_json(found)
    else:
        _print_orders(found)
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
    wanted, sure = _intent(intent), _level(level)
    decision = _ask(database, config, lambda clerk: clerk.decide(wanted, number or None, sure, _moment(at)))
    if as_json:
        _print_json(decision)
    else:
        _print_decision(decision)


@orders.command()
def bench(
    database: Annotated[str, typer.Option("--database", help="An empty database's URL.")] = "",
    count: Annotated[int, typer.Option("--orders", min=1000, help="How many orders to fill in.")] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """How long look-ups take in a large shop; fills an empty database (default: a throw-away SQLite file)."""
    from order_lookup.bench import measure

    with tempfile.TemporaryDirectory(prefix="orders-bench-") as folder:
        timings = _guard(lambda: measure(database or f"sqlite:///{folder}/bench.db", count))
    if as_json:
        _print_json(timings)
        return
    table = Table("look-up", "median ms", "95 % ms", "worst ms", "95 % CPU ms", title=f"{count:,} orders")
    for one in timings:
        shown = (one.median_ms, one.p95_ms, one.worst_ms, one.cpu_p95_ms)
        table.add_row(one.name, *(f"{value:.2f}" for value in shown))
    _console.print(table)


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
        demo.fill(engine, _moment(at) or datetime.now(UTC))
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
    _console.print(table)


@db.command("upgrade")
def bring_up_to_date(database: Url = "", config: ConfigFile = CONFIG) -> None:
    """Bring the tables up to date."""

    def work() -> None:
        engine = open_engine(_url(database, config))
        _console.print("brought up to date" if upgrade(engine) else "up to date already")
        engine.dispose()

    _guard(work)


@db.command()
def path(database: Url = "", config: ConfigFile = CONFIG) -> None:
    """Print the database URL in use, its password hidden."""
    _guard(lambda: _console.print(re.sub(r"//([^:/@]+):[^@]*@", r"//\1:***@", _url(database, config))))


def _url(database: str, config: Path) -> str:
    """The URL given, or the one of the settings, a relative SQLite file counted from the settings' folder."""
    if database or not config.exists():
        return database or _DEFAULT_URL
    section = read(config).data.get("database") or {}
    url = os.path.expandvars(str(section.get("url") or _DEFAULT_URL))
    relative = re.fullmatch(r"sqlite:///(?!/)(?!:memory:)(.+)", url)
    return f"sqlite:///{(config.parent / relative[1]).absolute()}" if relative else url


def _ask(database: str, config: Path, question: Callable[[Clerk], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        system = await SqlOrderSystem.open(_url(database, config), load_policies())
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


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MistakeError(f"--now {text!r}: write it like 2027-01-31T18:30+08:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(load_policies().values.shop.timezone))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        _fail(f"--day {text!r}: write it like 2027-01-31")
        raise


def _intent(text: str) -> Intent:
    if text not in set(Intent):
        _fail(f"no intent {text!r}; {nearest(text, [intent.value for intent in Intent])}")
    return Intent(text)


def _level(text: str) -> Level:
    if text.upper() not in Level.__members__:
        _fail(f"no level {text!r}: none, low, medium or high")
    return Level.named(text)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def _print_orders(found: tuple[OrderSummary, ...]) -> None:
    table = Table(Column("number", no_wrap=True), "kind", "stage", "placed", "total", "items", "from")
    for order in found:
        items = "、".join(order.items)
        table.add_row(
            order.number, order.kind, order.stage, _local(order.placed_at), str(order.total), items, order.merchant
        )
    _console.print(table)


def _print_order(view: OrderView) -> None:
    table = Table(title=f"Order {view.order.number}", show_header=False)
    for name, value in plain(view.order).items():
        if value not in (None, "", [], False):
            table.add_row(name, _short(getattr(view.order, name), value))
    if view.customer is not None:
        table.add_row("customer", f"{view.customer.name} · {view.customer.tier} · {view.customer.language}")
    table.add_row("unusual", ", ".join(sorted(view.situations)) or "nothing")
    _console.print(table)


def _print_decision(decision: Decision) -> None:
    table = Table(title=f"{decision.intent} → {decision.reason}", show_header=False)
    table.add_row("unusual", ", ".join(sorted(decision.situations)) or "nothing")
    for offer in decision.offers:
        parts = [str(offer.amount) if offer.amount else "", offer.condition, f"needs {offer.level_needed.name.lower()}"]
        table.add_row(f"offer: {offer.name}", " · ".join(part for part in parts if part))
    if decision.handoff:
        table.add_row("handoff", f"{decision.handoff.queue}, priority {decision.handoff.priority}")
    table.add_row("ticket", decision.ticket)
    for name, value in decision.facts.items():
        table.add_row(name, _short(value, plain(value)))
    if decision.withheld:
        table.add_row("withheld", ", ".join(sorted(decision.withheld)))
    _console.print(table)


def _short(value: object, plain_value: object) -> str:
    match value:
        case Money():
            return str(value)
        case datetime():
            return _local(value)
    return plain_value if isinstance(plain_value, str) else json.dumps(plain_value, ensure_ascii=False)


def _local(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(load_policies().values.shop.timezone)).strftime("%Y-%m-%d %H:%M")
