"""Calls that went down with their worker: nobody is left to write how they ended, so whoever looks first does.

Whom the robot had on the line is called back. The transaction that ends such a call also writes down that it is owed: a row
among the handoffs that never was in a queue (outcome `line_lost`), followed up like those of callers lost while waiting
(`holding.reap`). Owed is a callback to a caller

- whose number is known: it has digits;
- who wanted something: at least one utterance with words or numbers in it, or one key other than * and #. Noise and silence
  are nothing; a bare greeting counts, for it is better to call once too often;
- and was not served yet: the robot was neither asking for a score nor saying goodbye, no human had talked to them, and no
  callback, message or ticket came of an earlier wait. Who waits or talks when the worker dies is the queue's to follow up.

The same is owed to who asked for a human in vain, or whose call broke, because nothing could be written down: a full disk, a
database away. What is written in the end is how the call ended, and with it what is owed (`broken`).

`served` takes it back: the caller rang again and was helped, or the call had not been lost after all. It also takes back what was
written down for those who hung up, or were lost, while they waited for a human, and have had one in a later call.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.orm import Session

from ivr.records.holding import HUNG_SECONDS, changed, tell
from ivr.records.processes import lives_here
from ivr.records.tables import CallRow, EventRow, HandoffRow, LineRow
from ivr.transcript import SENSITIVE

# Longer than a handoff's lease: the journal may lag behind the call, and a call that lives after all ends as it ends.
LEASE_SECONDS = 12.0
DISPOSITION = "line_lost"
QUEUE = "general"
# Ways in which a human's part ended that leave nothing promised: the robot had the caller again.
BACK_WITH_THE_ROBOT = ("returned", "failed")
# The step of every dialplan that asks for a score, whatever tree it is in.
SCORE_STEP = ".satisfaction"
# How calls end that broke on our side; who gave up waiting is among the handoffs already, unless that could not be written.
BROKEN = ("failed", "handoff_failed", "handoff_abandoned")
SETTLED, BY_HUMAN = "settled", "handled_by_agent"
# Who waits and goes is called back without having asked for it; a callback that was asked for stays.
WAITED_IN_VAIN = ("abandoned", "lost")


def renew(session: Session, worker: str, now: float) -> None:
    """This worker's calls go on."""
    mine = (CallRow.worker == worker, CallRow.ended_at.is_(None))
    session.execute(update(CallRow).where(*mine).values(heartbeat_at=now))


def end(session: Session, now: float) -> list[str]:
    """Write the end of calls that nobody carries on any more, and what is owed to their callers; their ids."""
    dead = (CallRow.ended_at.is_(None), CallRow.heartbeat_at < now - LEASE_SECONDS)
    ended = []
    for call in session.scalars(select(CallRow).where(*dead)).all():
        last_seen, number = call.heartbeat_at, call.number
        if last_seen > now - HUNG_SECONDS and lives_here(call.worker):
            continue
        values = {"ended_at": last_seen, "disposition": DISPOSITION, "number": "", "self_served": False}
        values |= {"satisfaction": score} if isinstance(score := call.case.get("satisfaction"), int) else {}
        if changed(session, update(CallRow).where(CallRow.id == call.id, *dead).values(**values)):
            tell(session, now, "call_ended", call.id, disposition=DISPOSITION)
            if _is_owed(session, call.id, number):
                session.add(_owed(call, number, now))
            ended.append(call.id)
    return ended


def broken(session: Session, call_id: str, now: float) -> None:
    """A call ended as one of `BROKEN`: the caller is called back, unless they were promised something that could be written."""
    call = session.get(CallRow, call_id)
    owed = (HandoffRow.call_id == call_id, HandoffRow.outcome == DISPOSITION)
    if call is None or session.scalar(select(HandoffRow.id).where(*owed).limit(1)) is not None:
        return
    wanted = _is_known(call.number) and _wanted_something(session, call_id)
    if wanted and not _was_in_other_hands(session, call_id):
        session.add(_owed(call, call.number, now))


def served(session: Session, call_id: str, disposition: str, now: float) -> None:
    """A call has come to its end: callbacks that it makes needless are taken back.

    These are one for itself, for then it had not been lost, and those for earlier calls of this number that were lost: all
    of them once a human has had the caller, those about the same matter once the robot has settled it.
    """
    call = session.get(CallRow, call_id)
    if call is None:
        return
    needless = HandoffRow.call_id == call_id
    matter = str(call.case.get("intent") or "")
    if call.number and (disposition == BY_HUMAN or (disposition == SETTLED and matter)):
        same = HandoffRow.reason.in_(("", matter)) if disposition == SETTLED else true()
        needless = or_(needless, (HandoffRow.caller == call.number) & same)
    needless = and_(HandoffRow.outcome == DISPOSITION, HandoffRow.follow_up.in_(("due", "booked")), needless)
    if call.number and disposition == BY_HUMAN:
        needless = or_(needless, _waited_in_vain(call_id, call.number))
    for row in session.scalars(select(HandoffRow).where(HandoffRow.called_back_at.is_(None), needless)).all():
        values = {"follow_up": "served", "called_back_at": now, "caller": ""}
        unkept = (HandoffRow.id == row.id, HandoffRow.called_back_at.is_(None))
        changed(session, update(HandoffRow).where(*unkept).values(**values))


def _waited_in_vain(call_id: str, number: str) -> ColumnElement[bool]:
    """Earlier calls of this number that ended in the queue, with a callback written down and nothing of it under way."""
    earlier = and_(HandoffRow.caller == number, HandoffRow.call_id != call_id, HandoffRow.outcome.in_(WAITED_IN_VAIN))
    return and_(earlier, HandoffRow.callback_due_at.is_not(None), HandoffRow.follow_up.in_(("", "booked")))


def _is_owed(session: Session, call_id: str, number: str) -> bool:
    return _is_known(number) and _wanted_something(session, call_id) and not _was_served(session, call_id)


def _is_known(number: str) -> bool:
    return any(character.isdigit() for character in number)


def _wanted_something(session: Session, call_id: str) -> bool:
    said = select(LineRow.text).where(LineRow.call_id == call_id, LineRow.speaker == "caller")
    return any(_means_something(text) for text in session.scalars(said))


def _means_something(text: str) -> bool:
    """Words, digits, or what was masked because it was private; not `[#]`, not silence."""
    return SENSITIVE in text or any(character.isalnum() for character in text)


def _was_in_other_hands(session: Session, call_id: str) -> bool:
    """Whether a human, or a promise of the queue's, had the caller last."""
    outcome = session.scalar(
        select(HandoffRow.outcome).where(HandoffRow.call_id == call_id).order_by(HandoffRow.id.desc()).limit(1)
    )
    return outcome is not None and outcome not in BACK_WITH_THE_ROBOT


def _was_served(session: Session, call_id: str) -> bool:
    if _was_in_other_hands(session, call_id):
        return True
    goodbye = select(EventRow.id).where(EventRow.call_id == call_id, EventRow.kind == "disposition")
    if session.scalar(goodbye.limit(1)) is not None:
        return True
    newest = select(LineRow.details).where(LineRow.call_id == call_id, LineRow.speaker.in_(("robot", "caller")))
    details = session.scalar(newest.order_by(LineRow.position.desc()).limit(1)) or {}
    return str(details.get("step") or "").endswith(SCORE_STEP)


def _owed(call: CallRow, number: str, now: float) -> HandoffRow:
    """What is owed, with the matter under way as its reason; the transcript is the call's."""
    about = {key: call.case[key] for key in ("intent", "order.number") if call.case.get(key)}
    return HandoffRow(
        call_id=call.id,
        queue=QUEUE,
        language=call.language,
        reason=str(about.get("intent") or "")[:255],
        state="ended",
        outcome=DISPOSITION,
        worker=call.worker,
        enqueued_at=call.heartbeat_at,
        ended_at=now,
        heartbeat_at=call.heartbeat_at,
        briefing=about,
        caller=number,
        excluded=[],
        follow_up="due",
    )
