"""`ivr forget`: what is old, as the night watch does it; or one person, on request."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr import config, erasing
from ivr.config import Settings
from ivr.erasing import Erased, Eraser
from ivr.errors import ConfigError, UserError
from ivr.night_watch import forgotten
from ivr.orders import open_orders
from ivr.records.database import open_database
from order_lookup import OrderDeskError
from order_lookup.poller import own_tables

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
# All is gone; nobody agreed; something stays until it is closed; files are left, or traces in the database file.
DONE, DECLINED, OPEN, UNFINISHED = 0, 1, 3, 4
_console = Console(highlight=False, soft_wrap=True)


def forget(
    config_file: Config = Path("config.yaml"),
    person: Annotated[
        str,
        typer.Option(
            help="Erase this person: a telephone number, a call's id, a ticket's number; `-` reads it from the input."
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
) -> None:
    """Delete or mask what is older than `retention` in config.yaml allows, and say what; or erase one person, after asking."""
    settings = config.load(config_file)
    if not person:
        if yes:
            raise UserError("`--yes` is for `--person`", "what is old is forgotten without asking")
        return _say_forgotten(asyncio.run(_forget_now(settings)))
    if person == "-":
        person = sys.stdin.readline()
    raise typer.Exit(asyncio.run(_erase_now(settings, person, yes)))


def _say_forgotten(done: Mapping[str, int]) -> None:
    _say_counts(done)
    if not done:
        _console.print("nothing is older than it may be")


def _say_counts(counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        _console.print(f"{count:>8}  {name}")


async def _forget_now(settings: Settings) -> Mapping[str, int]:
    engine = open_database(settings.database_url)
    system = await open_orders(settings)
    try:
        own = own_tables(system)
        return await forgotten(settings, system, engine, own.now()) if own is not None else {}
    except OrderDeskError as fault:
        raise ConfigError(f"the order desk's database: {fault}", "see `database.url`") from None
    finally:
        await system.close()
        engine.dispose()


async def _erase_now(settings: Settings, person: str, yes: bool) -> int:
    engine = open_database(settings.database_url)
    system = await open_orders(settings)
    try:
        own = own_tables(system)
        assert own is not None
        return await _erase(Eraser(settings, own, engine), person, yes)
    except OrderDeskError as fault:
        raise ConfigError(f"the order desk's database: {fault}; nothing was erased", "see `database.url`") from None
    finally:
        await system.close()
        engine.dispose()


async def _erase(eraser: Eraser, person: str, yes: bool) -> int:
    found = await eraser.look(person)
    _say_found(found)
    if found.nothing:
        finished = await eraser.finish()  # of an erasure that was broken off
        return OPEN if found.open else DONE if finished else UNFINISHED
    if not yes and not typer.confirm("Erase this for good?"):
        _console.print("nothing was erased")
        return DECLINED
    erased = await eraser.erase(person)
    finished = await eraser.finish()
    _console.print(f"erased; in the audit as {erased.receipt}")
    if not finished:
        _console.print(
            "not finished: the database file still holds traces, or a file can't be deleted; `ivr forget` goes on with it"
        )
        return UNFINISHED
    return OPEN if erased.open else DONE


def _say_found(found: Erased) -> None:
    if found.nothing:
        _console.print("there is nothing to erase")
    else:
        _console.print(f"of {found.shown_as or 'a caller without a number'} there is:")
        _say_counts(found.counts)
    if found.open:
        _console.print("this is still open, and stays until it is closed; then give the same command again:")
        for what in found.open:
            _console.print(f"          {what}")
    if found.look_alikes:
        shown = ", ".join(found.look_alikes[: erasing.LOOK_ALIKES])
        _console.print(
            f"{len(found.look_alikes)} more calls show {found.shown_as}, and whose they were is not known any more: "
            f"look (`ivr report call ID`) and erase each by its id: {shown}"
        )
