"""The night watch as config.yaml wants it: who sends messages, what is forgotten when, and erasures that were broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from ivr.config import Settings
from ivr.records import erasure
from ivr.records import retention as calls
from order_lookup import OrderSystem
from order_lookup import retention as orders
from order_lookup.messengers import FileMessenger, Messenger, WebhookMessenger
from order_lookup.poller import own_tables, watch


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
    done |= await asyncio.to_thread(erasure.finish, engine, folder, now.timestamp())
    return done
