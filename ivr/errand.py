"""An errand to the order desk: a look-up or an action, a word to the caller whenever it takes long, a ticket if they are gone, and the contact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from ivr.commands import Act, LookUp
from ivr.events import ActionFinished, LookupFinished
from ivr.ports import Answer, OrderDesk
from ivr.services import Services
from ivr.values import Value

log = structlog.get_logger()
FILLER_SECONDS = 6.0
# What an action must end with for the caller to be told otherwise by a human; what is unknown the order desk follows itself.
UNDONE = ("refused", "failed")


async def run(errand: LookUp | Act, call_id: str, services: Services, say_we_are_at_it: Callable[[], bool]) -> Answer:
    """What the order desk answers; `say_we_are_at_it` says False when nobody is there to hear it. Raises what the desk raises."""
    filling = asyncio.create_task(_fill_silence(services.slow_seconds, say_we_are_at_it))
    try:
        return await _answer(services.desk, call_id, errand)
    finally:
        filling.cancel()


def finished(errand: LookUp | Act, answer: Answer, seconds: float) -> LookupFinished | ActionFinished:
    """The errand's end as the dialogue is told of it, at so many seconds of call time."""
    event = LookupFinished if isinstance(errand, LookUp) else ActionFinished
    return event(errand.turn, seconds, answer.outcome, answer.values)


async def tell_later(
    errand: Act, answer: Answer, call_id: str, caller: str, case: Mapping[str, object], desk: OrderDesk
) -> None:
    """Have somebody tell a caller who hung up before hearing that what they agreed to was not done: a ticket, once."""
    if answer.outcome not in UNDONE:
        return
    told: dict[str, Value] = {
        "order": errand.arguments.get("order"),
        "phone": caller,
        "category": str(case.get("ticket.category") or ""),
        "summary": f"未办成，客户挂断前没听到 / not done, the caller hung up before hearing so: {errand.action}",
    }
    try:
        await desk.act(call_id, "open_ticket", errand.intent, {name: value for name, value in told.items() if value})
    except Exception:
        log.exception("call.nobody_will_tell", call_id=call_id, action=errand.action)


async def remember(desk: OrderDesk, call_id: str, disposition: str, facts: Mapping[str, Value]) -> None:
    """Have the order desk remember the contact; the call is over, so a fault is for the log alone."""
    try:
        await desk.contact(call_id, disposition, facts)
    except Exception:
        log.exception("call.contact_not_kept", call_id=call_id)


async def _answer(desk: OrderDesk, call_id: str, errand: LookUp | Act) -> Answer:
    if isinstance(errand, LookUp):
        return await desk.look_up(call_id, errand.what, errand.arguments)
    return await desk.act(call_id, errand.action, errand.intent, errand.arguments)


async def _fill_silence(slow_seconds: float, say_we_are_at_it: Callable[[], bool]) -> None:
    """While the order desk is slow the line isn't dead: a word that we are at it, and again as long as it takes."""
    seconds = slow_seconds
    while True:
        await asyncio.sleep(seconds)
        if not say_we_are_at_it():
            return
        seconds = FILLER_SECONDS
