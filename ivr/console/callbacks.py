"""Who was promised a call and is still waiting for it: from the order desk's list, or from our own queue where a shop's backend keeps that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from ivr.console.reading import callback_owed
from ivr.records import callback_works
from ivr.records.callback_works import DESK, MADE, QUEUE, works
from ivr.records.holding import tell
from ivr.records.tables import CallRow, EventRow, HandoffRow
from ivr.transcript import mask_number
from order_lookup.service import keep_callback
from order_lookup.tables import Callback

MOST = 50
KIND = "callback"
# As long as a call and what it takes before and after.
TAKEN_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody who was promised a call, and about what; `shown` is the number once it was revealed.

    `call_id` is the call in which it was promised, or that was lost, where whoever works on the list may see it.
    `caller` is the agent who has had the number shown lately, and probably is on the telephone with them;
    `owner` whose it is to make, `tries` how often nobody answered.
    """

    id: int
    number: str
    queue: str
    due_at: datetime
    call_id: str = ""
    about: str = ""
    shown: str = ""
    late: bool = False
    caller: str = ""
    owner: str = ""
    tries: int = 0
    tried_at: float | None = None


def open_ones(session: Session, own: bool) -> Sequence[Due]:
    """The promises not yet kept, the most urgent first; `own`: those of our own queue."""
    if own:
        waiting = select(HandoffRow).where(*callback_owed()).order_by(HandoffRow.callback_due_at)
        rows = session.scalars(waiting.limit(MOST)).all()
        about = _matters(session, [row.call_id for row in rows])
        return _worked_on(session, QUEUE, [_own(row, about) for row in rows])
    desk = select(Callback).where(Callback.done_at.is_(None)).order_by(Callback.due_at).limit(MOST)
    booked = session.scalars(desk).all()
    calls = [call_of(row) for row in booked]
    about = _matters(session, calls)
    seen = set(session.scalars(select(HandoffRow.call_id).where(HandoffRow.call_id.in_(calls), *callback_owed())))
    return _worked_on(session, DESK, [_of_desk(row, about, seen) for row in booked])


def _worked_on(session: Session, list_: str, found: Sequence[Due]) -> Sequence[Due]:
    work = works(session, list_, [due.id for due in found])
    return [
        replace(due, owner=row.owner, tries=row.tries, tried_at=row.tried_at) if (row := work.get(due.id)) else due
        for due in found
    ]


def counts(session: Session, own: bool, now: float) -> tuple[int, int]:
    """How many promises of a call are not yet kept, and how many of them are late."""
    if own:
        due, open_ = HandoffRow.callback_due_at < now, callback_owed()
        table: type[HandoffRow] | type[Callback] = HandoffRow
    else:
        due, open_ = Callback.due_at < datetime.fromtimestamp(now, UTC), (Callback.done_at.is_(None),)
        table = Callback
    number = select(func.count()).select_from(table).where(*open_)
    return session.scalar(number) or 0, session.scalar(number.where(due)) or 0


def _own(row: HandoffRow, about: Mapping[str, str]) -> Due:
    due_at = datetime.fromtimestamp(row.callback_due_at or 0.0, UTC)
    return Due(row.id, mask_number(row.caller), row.queue, due_at, row.call_id, about.get(row.call_id, ""))


def _of_desk(row: Callback, about: Mapping[str, str], seen: Collection[str]) -> Due:
    call_id = call_of(row)
    shown = call_id if call_id in seen else ""
    return Due(row.id, mask_number(row.phone), row.queue, row.due_at, shown, about.get(call_id, ""))


def call_of(row: Callback) -> str:
    """The call in which it was booked."""
    return row.key.partition(":")[0]


def _matters(session: Session, call_ids: Sequence[str]) -> Mapping[str, str]:
    """What the callers wanted, as far as it was understood."""
    known = select(CallRow.id, CallRow.case).where(CallRow.id.in_(call_ids))
    return {call_id: str(case.get("intent") or "") for call_id, case in session.execute(known).tuples()}


def source(own: bool) -> str:
    """Whose list it is."""
    return QUEUE if own else DESK


def taken(session: Session, now: float) -> Mapping[int, str]:
    """Who is about to call whom, or calls them now."""
    lately = (EventRow.kind == KIND, EventRow.at > now - TAKEN_SECONDS)
    told = session.scalars(select(EventRow.data).where(*lately).order_by(EventRow.id))
    return {int(data["callback"]): str(data["agent"]) for data in told if "callback" in data and "agent" in data}


def number_of(session: Session, own: bool, promise: int) -> str:
    """The number in full; to be shown only with an audit entry."""
    if own:
        row = session.get(HandoffRow, promise)
        return row.caller if row else ""
    booked = session.get(Callback, promise)
    return booked.phone if booked else ""


def keep(session: Session, own: bool, promise: int, now: float, how: str = MADE) -> bool:
    """The call was made, which keeps every promise to that number; our own copy of it is not kept beyond that.

    False when somebody else had made it before.
    """
    mine = HandoffRow.id == promise
    was_open = is_open(session, own, promise)
    if was_open:
        callback_works.ended(session, source(own), promise, how)
    if own:
        row = session.get(HandoffRow, promise)
        mine = or_(mine, HandoffRow.caller == row.caller) if row and row.caller else mine
    else:
        kept = _booked_with(session, promise)
        for booked in kept:
            keep_callback(session, booked.id, datetime.fromtimestamp(now, UTC))
        mine = HandoffRow.call_id.in_([call_of(booked) for booked in kept])
    promised = (mine, HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None))
    session.execute(update(HandoffRow).where(*promised).values(called_back_at=now, caller=""))
    tell(session, now, KIND, None, callback=promise, done=True)
    return was_open


def is_open(session: Session, own: bool, promise: int) -> bool:
    """Whether the promise is still to be kept."""
    if own:
        row = session.get(HandoffRow, promise)
        return row is not None and row.callback_due_at is not None and row.called_back_at is None
    booked = session.get(Callback, promise)
    return booked is not None and booked.done_at is None


def _booked_with(session: Session, promise: int) -> Sequence[Callback]:
    """This callback, and the others that are open for the same number: who calls three times in a row is called back once."""
    booked = session.get(Callback, promise)
    if booked is None:
        return []
    same = and_(Callback.phone == booked.phone, Callback.phone != "", Callback.done_at.is_(None))
    return session.scalars(select(Callback).where(or_(Callback.id == promise, same))).all()
