"""Calls that went down with their worker: nobody is left to write how they ended, so whoever looks first does."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.records.holding import HUNG_SECONDS, changed, tell
from ivr.records.processes import lives_here
from ivr.records.tables import CallRow

# Longer than a handoff's lease: the journal may lag behind the call, and a call that lives after all ends as it ends.
LEASE_SECONDS = 12.0
DISPOSITION = "line_lost"


def renew(session: Session, worker: str, now: float) -> None:
    """This worker's calls go on."""
    mine = (CallRow.worker == worker, CallRow.ended_at.is_(None))
    session.execute(update(CallRow).where(*mine).values(heartbeat_at=now))


def end(session: Session, now: float) -> list[str]:
    """Write the end of calls that nobody carries on any more; their ids."""
    dead = (CallRow.ended_at.is_(None), CallRow.heartbeat_at < now - LEASE_SECONDS)
    ended = []
    silent = select(CallRow.id, CallRow.heartbeat_at, CallRow.worker).where(*dead)
    for call_id, last_seen, worker in session.execute(silent).tuples().all():
        if last_seen > now - HUNG_SECONDS and lives_here(worker):
            continue
        values = {"ended_at": last_seen, "disposition": DISPOSITION}
        if changed(session, update(CallRow).where(CallRow.id == call_id, *dead).values(**values)):
            tell(session, now, "call_ended", call_id, disposition=DISPOSITION)
            ended.append(call_id)
    return ended
