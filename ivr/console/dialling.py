"""A click that calls a customer who was promised it: a worker rings the agent's own phone first, then the customer's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.accounts import audit
from ivr.console import reading
from ivr.console.actions import Handler
from ivr.console.callbacks import source
from ivr.console.screen import Screen
from ivr.dialler import limits_of
from ivr.records import by_hand, callback_works, reached
from ivr.records.by_hand import Asked
from ivr.records.tables import HandoffRow

# Workers with room look twice a second; longer than this nobody waits for one.
CLAIM_SECONDS, LOOK_SECONDS = 3.0, 0.2


def may_dial(screen: Screen) -> bool:
    """Whether a click can call: for who has a telephone, where there is an address to dial."""
    return screen.viewer.agent is not None and bool(screen.house.settings.callbacks.dial)


def dialling(screen: Screen, promise: int) -> Handler:
    """Call whom this was promised, and whose callback it is from now on."""

    async def dial() -> None:
        await _dial(screen, promise)

    return dial


def dialling_about(screen: Screen, phone: str) -> Handler:
    """Call the customer of a ticket: as long as they wait for a call, and for nothing else."""
    source_ = source(_own(screen))

    async def dial() -> None:
        promised = await screen.house.read(lambda session, _: reached.open_to(session, source_, phone))
        if promised:
            await _dial(screen, promised[0].id)
        else:
            screen.notify(screen.said["dial_gone"])

    return dial


def correcting(screen: Screen, call_id: str, outcome: str, again: Callable[[], Awaitable[None]]) -> Handler:
    """The agent says how the call ended in fact."""
    viewer = screen.viewer

    def write(session: Session, now: float) -> None:
        if reading.may_act(session, viewer, call_id) and by_hand.correct(session, call_id, outcome, now):
            audit(session, viewer.name, "callback_corrected", call_id, now, outcome=outcome)

    async def correct() -> None:
        await screen.house.write(write)
        await again()

    return correct


async def _dial(screen: Screen, promise: int) -> None:
    settings, mine, own, name = screen.house.settings, screen.viewer.agent or 0, _own(screen), screen.viewer.name
    limits, zone = limits_of(settings.callbacks), ZoneInfo(settings.time_zone)

    def write(session: Session, now: float) -> Asked:
        hour = datetime.fromtimestamp(now, zone).hour
        asked = by_hand.ask(session, own, promise, mine, now, hour, limits)
        if asked.call_id:
            callback_works.take(session, source(own), promise, name)
            audit(session, name, "callback_dialled", asked.call_id, now, callback=promise)
        return asked

    asked = await screen.house.write(write)
    if asked.refusal:
        return screen.notify(screen.said[f"dial_{asked.refusal}"])
    if not await _claimed(screen, asked.call_id) and await screen.house.write(
        lambda session, now: by_hand.withdraw(session, asked.call_id, now)
    ):
        screen.notify(screen.said["dial_no_line"])


async def _claimed(screen: Screen, call_id: str) -> bool:
    """Whether a worker makes the call."""
    worker = select(HandoffRow.worker).where(HandoffRow.call_id == call_id)
    for _ in range(round(CLAIM_SECONDS / LOOK_SECONDS)):
        if await screen.house.read(lambda session, _: session.scalar(worker)):
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


def _own(screen: Screen) -> bool:
    return screen.house.settings.orders.system != "sql"
