"""The night watch as config.yaml wants it: who sends messages, what is forgotten when; and `ivr forget`, the same by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from ivr import config
from ivr.config import Settings
from ivr.errors import ConfigError
from ivr.orders import open_orders
from ivr.records import retention as calls
from ivr.records.database import open_database
from order_lookup import OrderDeskError, OrderSystem
from order_lookup import retention as orders
from order_lookup.messengers import FileMessenger, Messenger, WebhookMessenger
from order_lookup.poller import own_tables, watch

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]


def open_messenger(settings: Settings) -> Messenger:
    """Whoever sends written confirmations."""
    wanted = settings.orders.messages
    if wanted.kind == "file":
        return FileMessenger(settings.path(wanted.file))
    return WebhookMessenger(wanted.url, wanted.headers, wanted.timeout_seconds)


async def keep_watch(settings: Settings, system: OrderSystem, engine: Engine) -> None:
    """Watch over the order system, and forget what is old, until cancelled."""

    async def chore(now: datetime) -> Mapping[str, int]:
        return await forgotten(settings, system, engine, now)

    await watch(system, open_messenger(settings), [chore])


async def forgotten(settings: Settings, system: OrderSystem, engine: Engine, now: datetime) -> Mapping[str, int]:
    """Forget what is older than the settings allow; how much of what."""
    keep = settings.retention
    of_calls = calls.Keep(keep.recordings_days, keep.transcripts_days, keep.events_days, keep.audit_days)
    folder = settings.path(settings.records.recordings)
    done = dict(await asyncio.to_thread(calls.forget, engine, folder, of_calls, now.timestamp()))
    if (own := own_tables(system)) is not None:
        mirrored = keep.mirrored_orders_days if settings.orders.system == "http" else None
        of_orders = orders.Keep(mirrored, keep.contacts_days, keep.messages_days, keep.settled_days)
        done |= await orders.forget(own.database, of_orders, now)
        if (sent := settings.orders.messages).kind == "file":
            letters = await orders.forget_letters(own.database, FileMessenger(settings.path(sent.file)))
            done |= {"letters in the file deleted": letters} if letters else {}
    return done


def forget(config_file: Config = Path("config.yaml")) -> None:
    """Delete or mask what is older than `retention` in config.yaml allows, and say what; the night watch does it by itself."""
    settings = config.load(config_file)
    done = asyncio.run(_forget_now(settings))
    for name, count in done.items():
        Console(highlight=False).print(f"{count:>8}  {name}")
    if not done:
        Console(highlight=False).print("nothing is older than it may be")


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
