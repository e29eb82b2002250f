"""Who makes a callback, and what comes of one that nobody answers: it is tried again, and in the end given up with a letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ivr.console import callbacks
from ivr.console.callbacks import KIND, is_open, source
from ivr.records import callback_works
from ivr.records.callback_works import UNREACHED
from ivr.records.holding import tell
from ivr.records.tables import CallRow, HandoffRow
from order_lookup import outbox
from order_lookup.policies import ShopPolicies
from order_lookup.service import append_ticket
from order_lookup.tables import Callback, Ticket


@dataclass(frozen=True, slots=True)
class Tried:
    """A call that nobody answered: how many there were, whether that was the last, and whether the caller is written to."""

    tries: int
    given_up: bool = False
    written: bool = False


def take(session: Session, own: bool, now: float, promise: int, agent: str) -> None:
    """This agent is about to call; every desk shows it for a while, so that nobody else does. It is theirs if it was nobody's."""
    callback_works.take(session, source(own), promise, agent)
    tell(session, now, KIND, None, callback=promise, agent=agent)


def assign(session: Session, own: bool, now: float, promise: int, owner: str) -> bool:
    """It is this agent's to make, or anybody's again; False when it is off the list."""
    if not is_open(session, own, promise):
        return False
    callback_works.assign(session, source(own), promise, owner)
    tell(session, now, KIND, None, callback=promise, owner=owner)
    return True


def tried(session: Session, own: bool, promise: int, most: int, now: float, policies: ShopPolicies) -> Tried | None:
    """Nobody answered. After `most` calls (0: however many) it is given up; None when it was off the list before."""
    if not is_open(session, own, promise):
        return None
    tries = callback_works.tried(session, source(own), promise, now)
    if not most or tries < most:
        tell(session, now, KIND, None, callback=promise, tries=tries)
        return Tried(tries)
    phone, language = callbacks.number_of(session, own, promise), _language(session, own, promise)
    key = f"callback:{source(own)}:{promise}:unreached"
    at = datetime.fromtimestamp(now, UTC)
    written = outbox.unreached(session, key, phone, language, at, policies)
    callbacks.keep(session, own, promise, now, UNREACHED)
    if not own and (ticket := session.scalar(_ticket_number(promise))):
        # By the robot: who has the ticket still has to answer it.
        append_ticket(session, ticket, "robot", f"回电 {tries} 次无人接听 / called back {tries} times, no answer", at)
    return Tried(tries, True, written)


def _ticket_number(promise: int) -> Select[tuple[str]]:
    return select(Ticket.number).join(Callback, Callback.ticket_id == Ticket.id).where(Callback.id == promise)


def _language(session: Session, own: bool, promise: int) -> str:
    """The language of the call in which it was promised."""
    if own:
        return session.scalar(select(HandoffRow.language).where(HandoffRow.id == promise)) or "zh"
    booked = session.get(Callback, promise)
    call_id = callbacks.call_of(booked) if booked else ""
    return session.scalar(select(CallRow.language).where(CallRow.id == call_id)) or "zh"
