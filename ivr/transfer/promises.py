"""What is left to do when no human could be reached: a callback and a ticket, by the order desk, each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.transfer.handed_call import HandedCall
from ivr.values import Value


class Promises:
    """The callback and the ticket of one handoff."""

    def __init__(self, call: HandedCall, queue: str, on_event: Callable[[on.HandoffEvent], None]) -> None:
        self._call, self._queue, self._on_event = call, queue, on_event
        self._desk, self._records = call.services.desk, call.services.records

    async def book_callback(self, command: do.BookCallback) -> datetime | None:
        """Write it down and say when it is due; the answer is an event too, and a number is needed."""
        if not any(character.isdigit() for character in self._call.offered.caller):
            self._on_event(on.CallbackRefused(self._call.seconds, "no_number"))
            return None
        arguments = {"queue": self._queue, "reason": command.reason, **self._whose()}
        answer = await self._desk.act(self._call.call_id, "callback", self._intent(), arguments)
        due = answer.values.get("action.due_at")
        if answer.outcome == "done" and isinstance(due, datetime):
            self._on_event(on.CallbackBooked(self._call.seconds, due))
            return due
        self._on_event(on.CallbackRefused(self._call.seconds, answer.outcome))
        return None

    async def open_ticket(self, command: do.OpenTicket) -> None:
        """Open the case's ticket, and say in the transcript what became of it."""
        arguments = {"summary": f"{command.kind}: {command.reason}", **self._whose()}
        answer = await self._desk.act(self._call.call_id, "ticket", self._intent(), arguments)
        self._records.line(
            self._call.call_id, "note", f"ticket: {answer.outcome}", self._call.seconds, {"kind": command.kind}
        )

    def _intent(self) -> str:
        return str(self._call.case.get("intent") or "agent")

    def _whose(self) -> dict[str, Value]:
        """The order desk forgets a call at its end, and some promises are made after that."""
        return {"order": str(self._call.case.get("order.number") or ""), "phone": self._call.offered.caller}
