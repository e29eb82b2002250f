"""What is done for callers whose worker died, by whichever process looks first; each step is done once whoever repeats it.

due → booked: who waited for a human gets a ticket and a callback, whom the robot had on the line a callback (why and when:
`records/lost_calls.py`). served → closed: the caller was helped before anybody called, so the callback is taken back. The order
desk keeps ticket and callback once per call, and the step is marked as done after that: a process that dies in between leaves
it to the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from ivr.records.holding import Lost
from ivr.records.queue import SqlQueue
from order_lookup import CallbackRequest, CallerRef, OrderSystem, TicketRequest

log = structlog.get_logger()


async def follow_up(orders: OrderSystem, queue: SqlQueue, lost: Lost) -> None:
    """One step for one caller; raises OrderDeskError or RecordsError, and is then to be tried again."""
    if lost.follow_up == "served":
        await orders.take_back_callback(lost.call_id, lost.queue)
        await queue.taken_back(lost.handoff)
        return
    caller, number = CallerRef(lost.call_id, lost.caller), str(lost.briefing.get("order.number") or "") or None
    if lost.outcome == "lost":
        intent = str(lost.briefing.get("intent") or "agent")
        summary = f"the line broke while waiting in {lost.queue}: {lost.reason}"
        await orders.open_ticket(TicketRequest(caller, intent, "service/promise", summary, number))
    due_at = None
    if any(character.isdigit() for character in lost.caller):
        due_at = (await orders.book_callback(CallbackRequest(caller, lost.queue, None, number))).due_at
    await queue.followed_up(lost.handoff, due_at)
    log.info("lost_caller.followed_up", call_id=lost.call_id, outcome=lost.outcome, queue=lost.queue)


async def follow_up_all(orders: OrderSystem, queue: SqlQueue, everybody: Sequence[Lost]) -> None:
    """The next step for each of them; one that fails holds up no other, and is tried again at the next look."""
    for lost in everybody:
        try:
            await follow_up(orders, queue, lost)
        except Exception:
            log.exception("lost_caller.not_followed_up", call_id=lost.call_id)
