"""Who is held for whom, in one transaction each: talk, release, leases, and what becomes of what a dead worker held.

Every change is a compare-and-set on the state it starts from, so that two processes that do the same thing do it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from ivr.handoff import by_hand
from ivr.records.agent_states import UNKNOWN, came_into
from ivr.records.processes import lives_here
from ivr.records.tables import AgentRow, EventRow, HandoffRow, WrapUpRow

# Renewed every two seconds; three missed renewals mean that the worker is gone.
LEASE_SECONDS = 6.0
# A worker that lives on this machine but has renewed nothing for so long hangs.
HUNG_SECONDS = 45.0
# `talked`: the agent was let go and the call is about to end, to go back to the robot, or to wait for another agent.
LIVE = ("waiting", "ringing", "connected", "talked")
HOLDING = ("ringing", "connected")
BUSY = ("ringing", "on_call")
# Outcomes after which nobody has to be called back.
SETTLED = ("completed", "returned")


@dataclass(frozen=True, slots=True)
class Lost:
    """A call whose worker died: somebody has to call back (`due`), or no longer has to (`served`)."""

    handoff: int
    call_id: str
    queue: str
    caller: str
    reason: str = ""
    language: str = "zh"
    briefing: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = "lost"
    follow_up: str = "due"


def tell(session: Session, now: float, kind: str, call_id: str | None, **data: Any) -> None:
    """Add to the feed that the console tails."""
    session.add(EventRow(at=now, kind=kind, call_id=call_id, data=data))


def changed(session: Session, statement: Any) -> bool:
    """Run a compare-and-set; whether it hit its one row."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def take(session: Session, handoff: int, agent: AgentRow, now: float) -> bool:
    """Reserve the agent for the call; both or neither: the call still waits and the agent is still available."""
    call_id = session.scalar(select(HandoffRow.call_id).where(HandoffRow.id == handoff))
    mine = update(HandoffRow).where(HandoffRow.id == handoff)
    ringing = mine.where(HandoffRow.state == "waiting").values(
        state="ringing", agent_id=agent.id, reserved_at=now, heartbeat_at=now
    )
    if not changed(session, ringing):
        return False
    free = update(AgentRow).where(AgentRow.id == agent.id, AgentRow.state == "available")
    held = free.values(state="ringing", since=now, call_id=call_id, lease_until=now + LEASE_SECONDS, away_reason="")
    if not changed(session, held):
        changed(session, mine.values(state="waiting", agent_id=None, reserved_at=None))
        return False
    came_into(session, agent.id, "ringing", now)
    tell(session, now, "agent", call_id, agent=agent.name, state="ringing", handoff=handoff)
    return True


def connect(session: Session, handoff: int, now: float) -> None:
    """Caller and agent talk."""
    row = session.get(HandoffRow, handoff)
    ringing = update(HandoffRow).where(HandoffRow.id == handoff, HandoffRow.state == "ringing")
    first = func.coalesce(HandoffRow.answered_at, now)
    if row is None or not changed(session, ringing.values(state="connected", connected_at=now, answered_at=first)):
        return
    mine = (AgentRow.id == row.agent_id, AgentRow.call_id == row.call_id, AgentRow.state == "ringing")
    if row.agent_id and changed(session, update(AgentRow).where(*mine).values(state="on_call", since=now)):
        came_into(session, row.agent_id, "on_call", now)
        name = session.scalar(select(AgentRow.name).where(AgentRow.id == row.agent_id))
        tell(session, now, "agent", row.call_id, agent=name, state="on_call")


def hold(session: Session, handoff: int, on: bool, now: float) -> None:
    """The caller is on hold, or back; only a talk can be held."""
    row = session.get(HandoffRow, handoff)
    mine = update(HandoffRow).where(HandoffRow.id == handoff, HandoffRow.state == "connected")
    if row is not None and changed(session, mine.values(held=on)):
        name = session.scalar(select(AgentRow.name).where(AgentRow.id == row.agent_id))
        tell(session, now, "agent", row.call_id, agent=name, state="on_call", held=on)


def promise(session: Session, handoff: int, due_at: float, now: float) -> None:
    """A callback is promised; the agents' list of callbacks shows it."""
    row = session.get(HandoffRow, handoff)
    if row is not None:
        row.callback_due_at = due_at
        tell(session, now, "callback", row.call_id, due_at=due_at)


def release(
    session: Session,
    handoff: int,
    agent: str,
    state: str,
    reason: str,
    rest_seconds: float,
    now: float,
    talked_until: float | None = None,
) -> bool:
    """Give the agent up; a second release, or one after the lease ran out, changes nothing and is False.

    `talked_until`: when not until now.
    """
    row = session.get(HandoffRow, handoff)
    who = session.scalar(select(AgentRow).where(AgentRow.name == agent))
    if row is None or who is None:
        return False
    held = (AgentRow.id == who.id, AgentRow.call_id == row.call_id, AgentRow.state.in_(BUSY))
    values: dict[str, Any] = {"state": state, "since": now, "lease_until": None, "rest_until": now + rest_seconds}
    values["away_reason"] = reason if state == "away" else ""
    if state != "wrap_up":
        values["call_id"] = None
    if not changed(session, update(AgentRow).where(*held).values(**values)):
        return False
    if talked_until is not None and talked_until < now:
        came_into(session, who.id, UNKNOWN, talked_until)
    came_into(session, who.id, state, now, values["away_reason"])
    if state == "wrap_up":
        _open_wrap_up(session, row, who.id, reason, now, now if talked_until is None else talked_until)
    holds = update(HandoffRow).where(
        HandoffRow.id == handoff, HandoffRow.agent_id == who.id, HandoffRow.state.in_(HOLDING)
    )
    after: dict[str, Any] = {"state": "talked"} if state == "wrap_up" else {"state": "waiting", "agent_id": None}
    after["held"] = False
    changed(session, holds.values(**after))
    tell(session, now, "agent", row.call_id, agent=agent, state=state, reason=reason)
    return True


def _open_wrap_up(session: Session, row: HandoffRow, agent_id: int, reason: str, now: float, until: float) -> None:
    talked = round(max(0.0, until - (row.connected_at or until)), 1)
    mine = {"call_id": row.call_id, "handoff_id": row.id, "agent_id": agent_id}
    session.add(WrapUpRow(**mine, reason=reason, started_at=now, talk_seconds=talked))


def finish(session: Session, handoff: int, outcome: str, now: float) -> None:
    """The handoff is over; an agent it still holds is freed."""
    row = session.get(HandoffRow, handoff)
    live = update(HandoffRow).where(HandoffRow.id == handoff, HandoffRow.state.in_(LIVE))
    # Whom the reaper thought lost stays lost: somebody has been promised a callback by now.
    if row is None or not changed(session, live.values(state="ended", outcome=outcome, ended_at=now)):
        return
    _free_agent_of(session, row, now)
    if outcome in SETTLED and not _wrapping_up(session, row.call_id):
        session.execute(update(HandoffRow).where(HandoffRow.id == handoff).values(caller=""))
    tell(session, now, "queue", row.call_id, handoff=handoff, state="ended", outcome=outcome)


def _wrapping_up(session: Session, call_id: str) -> bool:
    """Whether somebody still needs the caller's number to finish what they were asked for."""
    open_ones = select(WrapUpRow.id).where(WrapUpRow.call_id == call_id, WrapUpRow.finished_at.is_(None))
    return session.scalar(open_ones.limit(1)) is not None


def _free_agent_of(session: Session, row: HandoffRow, now: float, talked_until: float | None = None) -> None:
    """Whoever still rings is available again; whoever talked has to wrap up."""
    who = session.get(AgentRow, row.agent_id) if row.agent_id else None
    if who is not None and who.call_id == row.call_id and who.state in BUSY:
        state = "available" if who.state == "ringing" else "wrap_up"
        release(session, row.id, who.name, state, "line_lost", 0, now, talked_until)


def renew(session: Session, worker: str, now: float) -> None:
    """Renew what this worker holds: its live handoffs and their agents."""
    mine = HandoffRow.worker == worker
    session.execute(update(HandoffRow).where(mine, HandoffRow.state.in_(LIVE)).values(heartbeat_at=now))
    agents = list(session.scalars(select(HandoffRow.agent_id).where(mine, HandoffRow.state.in_(HOLDING))))
    if agents:
        held = (AgentRow.id.in_(agents), AgentRow.state.in_(BUSY))
        session.execute(update(AgentRow).where(*held).values(lease_until=now + LEASE_SECONDS))


def reap(session: Session, wrap_up_seconds: float, now: float) -> list[Lost]:
    """Free what dead workers held, and end wrap-ups nobody finished; the calls to follow up."""
    dead = (HandoffRow.state.in_(LIVE), HandoffRow.heartbeat_at < now - LEASE_SECONDS)
    for row in session.scalars(select(HandoffRow).where(*dead).order_by(HandoffRow.id)).all():
        if row.heartbeat_at > now - HUNG_SECONDS and lives_here(row.worker):
            continue
        # Nobody waited or talked after the worker was gone, however late (the next morning, perhaps) that is noticed.
        last_seen = row.heartbeat_at
        # What was promised to whom an agent was calling is promised still.
        due = "" if row.reason == by_hand.REASON else "due"
        ended = {"state": "ended", "outcome": "lost", "ended_at": last_seen, "follow_up": due}
        ended |= {} if due else {"caller": ""}
        if changed(session, update(HandoffRow).where(HandoffRow.id == row.id, *dead).values(**ended)):
            _free_agent_of(session, row, now, last_seen)
            tell(session, now, "queue", row.call_id, handoff=row.id, state="ended", outcome="lost")
    _free_orphans(session, now)
    _end_wrap_ups(session, wrap_up_seconds, now)
    to_do = select(HandoffRow).where(HandoffRow.follow_up.in_(("due", "served")))
    # What was read before it was changed above is read anew.
    return [_lost(row) for row in session.scalars(to_do.execution_options(populate_existing=True))]


def _lost(row: HandoffRow) -> Lost:
    about = (row.reason, row.language, row.briefing)
    return Lost(row.id, row.call_id, row.queue, row.caller, *about, row.outcome, row.follow_up)


def _free_orphans(session: Session, now: float) -> None:
    """Agents whose lease ran out without a live handoff of theirs."""
    held = select(HandoffRow.agent_id).where(HandoffRow.state.in_(HOLDING), HandoffRow.agent_id.is_not(None))
    over = or_(AgentRow.lease_until.is_(None), AgentRow.lease_until < now)
    expired = (AgentRow.state.in_(BUSY), over, AgentRow.id.not_in(held))
    for row in session.scalars(select(AgentRow).where(*expired)).all():
        state = "available" if row.state == "ringing" else "wrap_up"
        values: dict[str, Any] = {"state": state, "since": now, "lease_until": None}
        last_seen = row.lease_until or row.since
        if changed(session, update(AgentRow).where(AgentRow.id == row.id, *expired).values(**values)):
            came_into(session, row.id, UNKNOWN, last_seen)
            came_into(session, row.id, state, now)
            tell(session, now, "agent", row.call_id, agent=row.name, state=state, reason="lease")


def _end_wrap_ups(session: Session, wrap_up_seconds: float, now: float) -> None:
    """Who does not finish the wrap-up in time is available again; it lasted no longer than that, and has no disposition."""
    old = (AgentRow.state == "wrap_up", AgentRow.since < now - wrap_up_seconds)
    for row in session.scalars(select(AgentRow).where(*old)).all():
        values: dict[str, Any] = {"state": "available", "since": now, "call_id": None}
        over_at = row.since + wrap_up_seconds
        if changed(session, update(AgentRow).where(AgentRow.id == row.id, *old).values(**values)):
            finish_wrap_ups(session, row.id, "not_given", "", over_at)
            came_into(session, row.id, "available", over_at)
            tell(session, now, "agent", row.call_id, agent=row.name, state="available", reason="wrap_up_over")


def finish_wrap_ups(session: Session, agent_id: int, disposition: str, note: str, now: float) -> None:
    """Close the agent's open wrap-ups; the numbers of settled calls are not kept beyond that.

    Where the agent gave nothing at the end ("not_given"), what they had begun to write stands.
    """
    mine = (WrapUpRow.agent_id == agent_id, WrapUpRow.finished_at.is_(None))
    calls = list(session.scalars(select(WrapUpRow.call_id).where(*mine)))
    if disposition == "not_given":
        session.execute(update(WrapUpRow).where(*mine, WrapUpRow.disposition == "").values(disposition=disposition))
        session.execute(update(WrapUpRow).where(*mine).values(finished_at=now))
    else:
        session.execute(update(WrapUpRow).where(*mine).values(disposition=disposition, note=note, finished_at=now))
    settled = (HandoffRow.call_id.in_(calls), HandoffRow.state == "ended", HandoffRow.outcome.in_(SETTLED))
    if calls:
        session.execute(update(HandoffRow).where(*settled).values(caller=""))
