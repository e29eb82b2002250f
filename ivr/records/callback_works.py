"""What agents did about callbacks: whose each is, and the calls that nobody answered.

A row is made when somebody first does something about a callback; `source` says whose list the callback is on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr.records.tables import CallbackWorkRow

# The order desk's list, or our own queue's where a shop's backend keeps callbacks to itself.
DESK, QUEUE = "desk", "queue"
# `REACHED`: the customer rang again and talked with a colleague before anybody called.
MADE, UNREACHED, REACHED = "made", "unreached", "reached_us"


def works(session: Session, source: str, callbacks: Collection[int]) -> Mapping[int, CallbackWorkRow]:
    """By callback; nothing of those that nobody has touched."""
    row = CallbackWorkRow
    found = session.scalars(select(row).where(row.source == source, row.callback.in_(callbacks)))
    return {each.callback: each for each in found}


def assign(session: Session, source: str, callback: int, owner: str) -> None:
    """It is this agent's from now on, or nobody's."""
    _row(session, source, callback).owner = owner


def take(session: Session, source: str, callback: int, agent: str) -> None:
    """It is this agent's, unless it is somebody's already."""
    row = _row(session, source, callback)
    row.owner = row.owner or agent


def tried(session: Session, source: str, callback: int, now: float) -> int:
    """Somebody called, and nobody answered; how many times by now."""
    row = _row(session, source, callback)
    row.tries, row.tried_at = row.tries + 1, now
    row.first_tried_at = now if row.first_tried_at is None else row.first_tried_at
    return row.tries


def ended(session: Session, source: str, callback: int, how: str) -> None:
    """How it came off the list."""
    _row(session, source, callback).ended = how


def _row(session: Session, source: str, callback: int) -> CallbackWorkRow:
    """The callback's own row, locked; made now if need be, by one of those who want it at the same moment."""
    mine = select(CallbackWorkRow).where(CallbackWorkRow.source == source, CallbackWorkRow.callback == callback)
    found = session.scalar(mine.with_for_update())
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(CallbackWorkRow(source=source, callback=callback, owner="", tries=0, ended=""))
    except IntegrityError:
        pass
    return session.scalars(mine.with_for_update()).one()
