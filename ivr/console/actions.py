"""What an agent does on the desk, written to the database; the worker that owns the call carries it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.accounts import MAY_REVEAL_ALL, audit
from ivr.console import reading
from ivr.console.callbacks import KIND
from ivr.console.screen import Screen
from ivr.records import agents, doors, reviews
from ivr.records.holding import tell
from ivr.records.tables import AgentRow
from order_lookup import CallbackRequest, CallerRef, TicketRequest
from order_lookup.tables import Contact

# A ticket about a low score is one of its own beside those of the call's matter.
REVIEW, REVIEWED_AS = "review", "service/complaint"
Handler = Callable[[], Awaitable[None]]


async def switch(screen: Screen, state: str, reason: str = "") -> bool:
    """Available or away; False while a call rings or is talked on."""
    mine = screen.viewer.agent
    if mine is None:
        return False
    return await screen.house.write(lambda session, now: agents.set_state(session, mine, state, reason, now))


async def tell_worker(screen: Screen, call_id: str, command: str, **arguments: str) -> bool:
    """Tell the worker of the agent's own call; False when this is not (or no longer) their call."""
    mine, name = screen.viewer.agent, screen.viewer.name

    def write(session: Session, now: float) -> bool:
        row = session.get(AgentRow, mine or 0)
        if row is None or row.call_id != call_id or row.state not in ("ringing", "on_call"):
            return False
        if command == "accept" and reading.accepted(session, reading.agent_of(row)):
            return True  # by another page of theirs
        audit(session, name, f"desk_{command}", call_id, now)
        if command == "accept":  # their other pages show it, too
            tell(session, now, "agent", call_id, agent=row.name, state=row.state, accepted=True)
        return agents.command(session, row, command, dict(arguments), now)

    return await screen.house.write(write)


async def finish(screen: Screen, call_id: str, disposition: str, note: str, away: bool) -> bool:
    """End the wrap-up with a disposition."""
    mine, name = screen.viewer.agent, screen.viewer.name

    def write(session: Session, now: float) -> bool:
        if mine is None:
            return False
        audit(session, name, "disposition", call_id, now, disposition=disposition)
        return agents.finish_wrap_up(session, mine, disposition, note[:2000], away, now)

    return await screen.house.write(write)


async def draft(screen: Screen, call_id: str, disposition: str, note: str) -> None:
    """Keep the wrap-up as it is filled in so far."""
    mine = screen.viewer.agent
    if mine is not None:
        await screen.house.write(
            lambda session, _: agents.draft_wrap_up(session, mine, call_id, disposition, note[:2000])
        )


async def reveal(screen: Screen, call_id: str) -> str:
    """The caller's number in full, with an audit entry in the same transaction; empty when there is none to show."""
    viewer = screen.viewer

    def read(session: Session, now: float) -> str:
        if not reading.may_see(session, viewer, call_id) or (
            viewer.agent is None and viewer.role not in MAY_REVEAL_ALL
        ):
            return ""
        number = reading.full_number(session, call_id)
        audit(session, viewer.name, "number_revealed", call_id, now, there_was_one=bool(number))
        return number

    return await screen.house.write(read)


async def reviewed(screen: Screen, call_id: str, cause: str, note: str) -> bool:
    """A supervisor has looked into a low score; whoever was first stands, and False is told to the others."""
    name = screen.viewer.name

    def write(session: Session, now: float) -> bool:
        if not reviews.review(session, call_id, name, cause, note, now):
            return False
        audit(session, name, "reviewed", call_id, now, cause=cause)
        return True

    return await screen.house.write(write)


async def phone_of(screen: Screen, call_id: str) -> str:
    """The number of a call that is over, for the order desk alone; empty when it was withheld or is forgotten."""
    await screen.house.orders.ready()
    theirs = select(Contact.phone).where(Contact.call_id == call_id, ~Contact.phone.contains("*"))
    kept = await screen.house.read(lambda session, _: session.scalar(theirs))
    return str(kept or await screen.house.read(lambda session, _: reading.full_number(session, call_id)))


async def call_back_about(screen: Screen, call_id: str, phone: str, summary: str) -> str:
    """A ticket about a low score, and the callback that it promises; the ticket's number."""
    call = await screen.house.read(lambda session, _: reading.call(session, call_id))
    order = (call.fact("order.number") if call else "") or None
    system, caller = await screen.house.orders.ready(), CallerRef(call_id, phone)
    ticket = await system.open_ticket(TicketRequest(caller, REVIEW, REVIEWED_AS, summary, order))
    if (
        screen.house.settings.orders.system == "sql"
    ):  # else our own queue is the list, and this call may never have been in it
        await system.book_callback(CallbackRequest(caller, ticket.queue, ticket.due_at, order))
    number, name = ticket.number, screen.viewer.name

    def write(session: Session, now: float) -> None:
        reviews.ticket_opened(session, call_id, number)
        audit(session, name, "ticket", call_id, now, number=number)
        tell(session, now, KIND, call_id, ticket=number)

    await screen.house.write(write)
    return number


async def door(screen: Screen, queue: str, opened: bool, seconds: float | None) -> None:
    """Close a queue, or keep it open, for so long: open, from its closing time on where that is still to come; in the audit."""
    name, hours = screen.viewer.name, screen.house.hours
    standing = hours.standing(queue)
    closes = standing.until.timestamp() if opened and standing.open and standing.until else 0.0

    def write(session: Session, now: float) -> None:
        until = None if seconds is None else max(now, closes) + seconds
        doors.say(session, queue, opened, until, name, now)
        audit(session, name, "queue_opened" if opened else "queue_closed", None, now, queue=queue, until=until)

    await screen.house.write(write)


async def door_as_usual(screen: Screen, queue: str) -> None:
    """The timetable counts again; in the audit where that changed something."""
    name = screen.viewer.name

    def write(session: Session, now: float) -> None:
        if doors.take_back(session, queue, now):
            audit(session, name, "queue_as_timetable", None, now, queue=queue)

    await screen.house.write(write)
