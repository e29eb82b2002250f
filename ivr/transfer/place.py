"""The call's place in the queue, and the agent reserved for it: asked one thing after another, in the order of the commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ivr.errors import RecordsError
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.queue import URGENT_PRIORITY
from ivr.hours import Standing
from ivr.ports import AgentQueue, Caller, Place, Reservation
from ivr.transfer.handed_call import HandedCall

# Who has no place in the queue after so long is told that nobody is there: a database that comes back at once is waited for.
UNENTERED_SECONDS = 20.0


def shut_of(standing: Standing) -> on.Shut | None:
    """A closed queue as the machine is told of it, None while it is open; where a supervisor closed it, the usual hours help nobody."""
    return None if standing.open else on.Shut(standing.until, None if standing.by else standing.week)


class QueuePlace:
    """One handoff in the queue, which is asked for nobody while it is closed, unless it is urgent; raises RecordsError when the
    database refuses."""

    def __init__(self, call: HandedCall, queue: AgentQueue, on_event: Callable[[on.HandoffEvent], None]) -> None:
        self._call, self._queue, self._on_event = call, queue, on_event
        self._handoff, self._name, self._urgent = 0, "", False
        self._not_entered: do.EnterQueue | None = None
        self._asked_at = 0.0

    async def enter(self, command: do.EnterQueue) -> None:
        """Take a place, or move to another queue; where the database is away just now, before an agent is asked for."""
        self._not_entered, self._asked_at = command, self._call.seconds
        await self._enter(command)

    async def _enter(self, command: do.EnterQueue) -> None:
        self._name, self._urgent = command.queue, command.priority <= URGENT_PRIORITY
        case = self._call.case
        vip, elder, repeat = (bool(case.get(f"customer.{key}")) for key in ("vip", "elder", "contacts"))
        self._handoff = await self._queue.enter(
            self._call.call_id,
            command.queue,
            command.skill,
            command.language,
            command.priority,
            command.reason,
            Caller(self._call.offered.caller, vip, elder, repeat),
            {key: value for key, value in case.items() if isinstance(value, str | int | float | bool)},
            command.out_of_hours,
        )
        self._not_entered = None

    async def reserve(self, command: do.ReserveAgent) -> None:
        """Ask for an agent; the answer is an event."""
        hours = self._call.services.hours
        shut = shut_of(hours.standing(self._name))
        if shut and not self._urgent:
            return self._on_event(on.QueueShut(self._call.seconds, shut))
        if self._not_entered:
            try:
                await self._enter(self._not_entered)
            except RecordsError:
                if self._call.seconds - self._asked_at < UNENTERED_SECONDS:
                    raise
                return self._on_event(on.NoAgent(self._call.seconds, 0, None, False, None))
        match await self._queue.reserve(self._handoff, command.exclude):
            case Reservation(agent, uri, language):
                self._on_event(on.AgentReserved(self._call.seconds, agent, uri, agent, language))
            case Place(staffed=False) if shut:
                self._on_event(on.QueueShut(self._call.seconds, shut))
            case Place(position, wait, staffed):
                closes_at = None if self._urgent else hours.closes_soon(self._name)
                self._on_event(on.NoAgent(self._call.seconds, position, wait, staffed, closes_at))

    async def release(self, command: do.ReleaseAgent) -> None:
        """Give the agent up."""
        await self._queue.release(self._handoff, command.agent, command.state, command.reason, command.rest_seconds)

    async def connected(self) -> None:
        """Caller and agent talk."""
        await self._queue.connected(self._handoff)

    async def held(self, on: bool) -> None:
        """The caller is on hold, or back."""
        await self._queue.held(self._handoff, on)

    async def promised(self, due_at: datetime) -> None:
        """The caller was promised a call by then."""
        await self._queue.promised(self._handoff, due_at)

    async def leave(self, outcome: str) -> None:
        """The handoff is over."""
        await self._queue.finish(self._handoff, outcome)
