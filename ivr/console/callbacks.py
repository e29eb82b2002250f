"""Who was promised a call and is still waiting for it: from the order desk's list, or from our own queue where a shop's backend keeps that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from ivr.console.reading import callback_owed, full_number
from ivr.handoff.calling_back import PUT_OFF
from ivr.records import callback_works, reached
from ivr.records.callback_works import DESK, MADE, QUEUE, works
from ivr.records.holding import tell
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, EventRow, HandoffRow
from ivr.transcript import mask_number
from order_lookup.phones import normal_phone
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
    `caller` is the agent who has had the number shown lately, and probably is on the telephone with them; `on_line` the one who
    has them on the line now, for they rang again themselves;
    `owner` whose it is to make, `tries` how often nobody answered, `last` how the last call from here ended.
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
    on_line: str = ""
    owner: str = ""
    tries: int = 0
    tried_at: float | None = None
    last: str = ""


def open_ones(session: Session, own: bool) -> Sequence[Due]:
    """The promises not yet kept, the most urgent first; `own`: those of our own queue."""
    if own:
        waiting = select(HandoffRow).where(*callback_owed()).order_by(HandoffRow.callback_due_at)
        rows = session.scalars(waiting.limit(MOST)).all()
        about = _matters(session, [row.call_id for row in rows])
        return _worked_on(session, QUEUE, [_own(row, about) for row in rows], {row.id: row.caller for row in rows})
    desk = select(Callback).where(Callback.done_at.is_(None)).order_by(Callback.due_at).limit(MOST)
    return _booked(session, session.scalars(desk).all())


def to_caller(session: Session, own: bool, call_id: str) -> Sequence[Due]:
    """What whoever is on the line in this call was promised and is still waiting for."""
    number = full_number(session, call_id)
    wanted = [promise.id for promise in reached.open_to(session, source(own), number)]
    if not own:
        return _booked(session, session.scalars(select(Callback).where(Callback.id.in_(wanted))).all())
    rows = session.scalars(select(HandoffRow).where(HandoffRow.id.in_(wanted))).all()
    return _worked_on(session, QUEUE, [_own(row, _matters(session, [row.call_id])) for row in rows], {})


def _booked(session: Session, booked: Sequence[Callback]) -> Sequence[Due]:
    """Callbacks of the order desk as they are shown."""
    calls = [call_of(row) for row in booked]
    about = _matters(session, calls)
    seen = set(session.scalars(select(HandoffRow.call_id).where(HandoffRow.call_id.in_(calls), *callback_owed())))
    numbers = {row.id: row.phone for row in booked}
    return _worked_on(session, DESK, [_of_desk(row, about, seen) for row in booked], numbers)


def _worked_on(session: Session, list_: str, found: Sequence[Due], numbers: Mapping[int, str]) -> Sequence[Due]:
    """With what was done about each, and who has its number on the line now."""
    work, on_line = works(session, list_, [due.id for due in found]), _on_line(session) if numbers else {}
    last, own = _last_calls(session, list_, [due.id for due in found]), list_ == QUEUE
    shown = []
    for due in found:
        due = replace(due, last=last.get(f"{'own' if own else 'desk'}:{due.id}", ""))
        due = replace(due, on_line=on_line.get(normal_phone(numbers.get(due.id, "")), ""))
        row = work.get(due.id)
        shown.append(replace(due, owner=row.owner, tries=row.tries, tried_at=row.tried_at) if row else due)
    return shown


def _last_calls(session: Session, list_: str, promises: Collection[int]) -> Mapping[str, str]:
    """How the last call from here for each promise ended, the robot's or an agent's; nothing while one goes on."""
    row, kind = CallbackAttemptRow, "own" if list_ == QUEUE else "desk"
    names = [f"{kind}:{promise}" for promise in promises]
    made = select(row.promise, row.outcome).where(row.promise.in_(names), row.outcome != PUT_OFF)
    return dict(session.execute(made.order_by(row.id)).tuples().all())


def _on_line(session: Session) -> Mapping[str, str]:
    """The numbers that agents are talking to now, each with the agent."""
    talks = select(HandoffRow.caller, AgentRow.name).join(AgentRow, AgentRow.id == HandoffRow.agent_id)
    now = session.execute(talks.where(HandoffRow.state == "connected", HandoffRow.caller != "")).tuples()
    return {phone: name for caller, name in now if (phone := normal_phone(caller))}


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
