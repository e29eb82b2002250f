"""The console's queries: each takes a session and gives views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ivr.accounts import MAY_REVEAL_ALL, Viewer
from ivr.console.views import AgentView, CallView, LineView, PastCall, QueueView, Strip, WrapUp
from ivr.handoff import by_hand
from ivr.handoff import queue as order
from ivr.records.tables import AgentCommandRow, AgentRow, CallRow, HandoffRow, LineRow, WrapUpRow
from ivr.transcript import NAMES, mask_name

SHOWN = ("waiting", "ringing", "connected")
STATES = ("available", "ringing", "on_call", "wrap_up", "away", "offline")
# Under way is a call that has no end: whose worker died is ended by whoever looks first (`records/lost_calls.py`).
LIVE_CALL = CallRow.ended_at.is_(None)
LOW_SCORE = 2


def strip(session: Session) -> Strip:
    """The queue at a glance."""
    waiting = session.execute(
        select(HandoffRow.id, HandoffRow.enqueued_at).where(
            HandoffRow.state.in_(("waiting", "ringing")), HandoffRow.reason != by_hand.REASON
        )
    ).tuples()
    since = dict(waiting.all())
    since |= _passed_on_at(session, list(since))
    states: dict[str, int] = {
        str(state): int(number)
        for state, number in session.execute(select(AgentRow.state, func.count()).group_by(AgentRow.state))
    }
    return Strip(len(since), min(since.values(), default=None), {state: states.get(state, 0) for state in STATES})


def agents(session: Session) -> list[AgentView]:
    """Everybody with a telephone."""
    return [agent_of(row) for row in session.scalars(select(AgentRow).order_by(AgentRow.name))]


def agent(session: Session, agent_id: int) -> AgentView | None:
    """One of them."""
    row = session.get(AgentRow, agent_id)
    return agent_of(row) if row else None


def agent_of(row: AgentRow) -> AgentView:
    """What is shown of them."""
    return AgentView(
        row.id, row.name, row.state, row.since, row.away_reason, row.call_id,
        tuple(row.queues), tuple(row.skills), tuple(row.languages),
    )  # fmt: skip


def queue(session: Session, now: float) -> list[QueueView]:
    """All live handoffs, those who wait in the order in which they will be served."""
    rows = session.scalars(select(HandoffRow).where(HandoffRow.state.in_(SHOWN))).all()
    ranks = {
        row.id: order.rank(
            order.Waiting(
                row.id, row.queue, max(0.0, now - row.enqueued_at), "zh", row.skill, row.priority,
                row.vip or row.elder, row.repeat,
            )
        )
        for row in rows
    }  # fmt: skip
    ranked = sorted(rows, key=lambda row: (row.state == "connected", ranks[row.id]))
    callers = _callers(session, [row.call_id for row in rows])
    names, passed_on = _names(session, rows), _passed_on_at(session, [row.id for row in rows])
    return [_queued(row, place, names, callers, passed_on.get(row.id)) for place, row in enumerate(ranked, start=1)]


def _passed_on_at(session: Session, handoffs: Sequence[int]) -> dict[int, float]:
    """When the last human let go of those who wait again: who was talked to for half an hour has not waited for it."""
    talked = select(WrapUpRow.handoff_id, func.max(WrapUpRow.started_at)).where(WrapUpRow.handoff_id.in_(handoffs))
    return dict(session.execute(talked.group_by(WrapUpRow.handoff_id)).tuples().all())


def _callers(session: Session, call_ids: Sequence[str]) -> dict[str, str]:
    found = session.execute(select(CallRow.id, CallRow.caller).where(CallRow.id.in_(call_ids)))
    return {call_id: caller for call_id, caller in found.tuples()}


def _names(session: Session, rows: Sequence[HandoffRow]) -> dict[int, str]:
    ids = [row.agent_id for row in rows if row.agent_id is not None]
    return dict(session.execute(select(AgentRow.id, AgentRow.name).where(AgentRow.id.in_(ids))).tuples().all())


def _queued(
    row: HandoffRow, place: int, names: dict[int, str], callers: dict[str, str], passed_on_at: float | None
) -> QueueView:
    told = {"urgent": row.priority <= order.URGENT_PRIORITY, "vip": row.vip, "elder": row.elder, "repeat": row.repeat}
    return QueueView(
        row.id, row.call_id, row.queue, row.skill, row.language, row.state, row.reason,
        tuple(flag for flag, set_ in told.items() if set_), place,
        row.enqueued_at, row.reserved_at, row.connected_at,
        names.get(row.agent_id or 0, ""), callers.get(row.call_id, ""), row.held,
        row.enqueued_at if passed_on_at is None else passed_on_at,
    )  # fmt: skip


def call(session: Session, call_id: str) -> CallView | None:
    """One call with its newest handoff."""
    row = session.get(CallRow, call_id)
    if row is None:
        return None
    newest = select(HandoffRow).where(HandoffRow.call_id == call_id).order_by(HandoffRow.id.desc()).limit(1)
    handoff = session.scalar(newest)
    if handoff is None:
        return _call(row)
    names, passed_on = _names(session, [handoff]), _passed_on_at(session, [handoff.id])
    return _call(row, _queued(handoff, 0, names, {call_id: row.caller}, passed_on.get(handoff.id)))


def _call(row: CallRow, handoff: QueueView | None = None) -> CallView:
    return CallView(
        row.id, row.caller, row.called, row.language, row.started_at, row.ended_at, row.disposition, row.recording,
        row.satisfaction, _masked(row.case or {}), handoff,
    )  # fmt: skip


def _masked(case: dict[str, Any]) -> dict[str, Any]:
    """The case with names as they may be seen over a shoulder: 王*, Grace M*."""
    return {key: mask_name(str(value)) if value and key in NAMES else value for key, value in case.items()}


def may_see(session: Session, viewer: Viewer, call_id: str) -> bool:
    """Supervisors see every call, agents those they were rung for or talked on, and those whose callers wait for a call."""
    if viewer.sees_all_calls:
        return True
    if viewer.agent is None:
        return False
    held = select(HandoffRow.id).where(HandoffRow.call_id == call_id, HandoffRow.agent_id == viewer.agent)
    talked = select(WrapUpRow.id).where(WrapUpRow.call_id == call_id, WrapUpRow.agent_id == viewer.agent)
    rung = select(AgentRow.id).where(AgentRow.id == viewer.agent, AgentRow.call_id == call_id)
    owed = select(HandoffRow.id).where(HandoffRow.call_id == call_id, *callback_owed())
    return any(session.scalar(query.limit(1)) is not None for query in (held, talked, rung, owed))


def callback_owed() -> tuple[ColumnElement[bool], ...]:
    """True of handoffs whose caller was promised a call, or lost, and has not been called back."""
    return HandoffRow.callback_due_at.is_not(None), HandoffRow.called_back_at.is_(None)


def may_act(session: Session, viewer: Viewer, call_id: str) -> bool:
    """Offers and tickets are for the agent who has the call now, and for supervisors."""
    if viewer.role in MAY_REVEAL_ALL:
        return True
    row = session.get(AgentRow, viewer.agent) if viewer.agent is not None else None
    return row is not None and row.call_id == call_id and row.state in ("ringing", "on_call", "wrap_up")


def lines(session: Session, call_id: str, after: int = 0, limit: int = 2000) -> list[LineView]:
    """The transcript after a position."""
    wanted = select(LineRow).where(LineRow.call_id == call_id, LineRow.position > after)
    rows = session.scalars(wanted.order_by(LineRow.position).limit(limit)).all()
    return [LineView(row.position, row.speaker, row.text, row.seconds, _confidence(row.details or {})) for row in rows]


def _confidence(details: dict[str, Any]) -> float | None:
    value = details.get("confidence")
    return float(value) if isinstance(value, int | float) else None


def calls(session: Session, live_only: bool, limit: int, before: float | None) -> list[CallView]:
    """Calls, newest first."""
    wanted = select(CallRow).order_by(CallRow.started_at.desc(), CallRow.id).limit(limit)
    if live_only:
        wanted = wanted.where(LIVE_CALL)
    if before is not None:
        wanted = wanted.where(CallRow.started_at < before)
    return [_call(row) for row in session.scalars(wanted)]


def history(session: Session, agent_id: int, limit: int = 30) -> list[PastCall]:
    """The agent's latest talks."""
    wanted = (
        select(WrapUpRow, CallRow)
        .outerjoin(CallRow, CallRow.id == WrapUpRow.call_id)
        .where(WrapUpRow.agent_id == agent_id, WrapUpRow.finished_at.is_not(None))
        .order_by(WrapUpRow.id.desc())
        .limit(limit)
    )
    return [
        PastCall(
            wrap.call_id, wrap.started_at - wrap.talk_seconds, row.caller if row else "",
            str((row.case if row else {}).get("intent") or ""), wrap.talk_seconds, wrap.disposition,
        )
        for wrap, row in session.execute(wanted).tuples()
    ]  # fmt: skip


def live_count(session: Session) -> int:
    """How many calls are under way."""
    return session.scalar(select(func.count()).select_from(CallRow).where(LIVE_CALL)) or 0


def _unreviewed() -> tuple[ColumnElement[bool], ...]:
    return CallRow.satisfaction.is_not(None), CallRow.satisfaction <= LOW_SCORE, CallRow.reviewed_by == ""


def low_score_count(session: Session) -> int:
    """How many low scores nobody has looked at."""
    return session.scalar(select(func.count()).select_from(CallRow).where(*_unreviewed())) or 0


def low_scores(session: Session, limit: int = 30) -> list[PastCall]:
    """Calls that were rated 2 or less and that nobody has looked at, the newest first."""
    low = _unreviewed()
    rows = session.scalars(select(CallRow).where(*low).order_by(CallRow.started_at.desc()).limit(limit))
    return [
        PastCall(
            row.id, row.started_at, row.caller, str((row.case or {}).get("intent") or ""),
            (row.ended_at or row.started_at) - row.started_at, row.disposition, row.satisfaction,
        )
        for row in rows
    ]  # fmt: skip


def is_placed(session: Session, call_id: str) -> bool:
    """Whether an agent makes this call, to a customer who was promised one."""
    theirs = (HandoffRow.call_id == call_id, HandoffRow.reason == by_hand.REASON)
    return session.scalar(select(HandoffRow.id).where(*theirs).limit(1)) is not None


def accepted(session: Session, agent: AgentView) -> bool:
    """Whether the agent has accepted the call that rings: another page of theirs, or this one before a reload, may have."""
    mine = (AgentCommandRow.agent_id == agent.id, AgentCommandRow.call_id == agent.call_id)
    since = (AgentCommandRow.command == "accept", AgentCommandRow.created_at >= agent.since)
    return session.scalar(select(AgentCommandRow.id).where(*mine, *since).limit(1)) is not None


def open_wrap_up(session: Session, agent_id: int) -> WrapUp | None:
    """What the agent has to finish, the newest first."""
    mine = (WrapUpRow.agent_id == agent_id, WrapUpRow.finished_at.is_(None))
    row = session.scalar(select(WrapUpRow).where(*mine).order_by(WrapUpRow.id.desc()).limit(1))
    return WrapUp(row.call_id, row.started_at, row.talk_seconds, row.disposition, row.note) if row else None


def full_number(session: Session, call_id: str) -> str:
    """The caller's number in full; empty once nobody has to call back. To be shown only with an audit entry."""
    numbers = select(HandoffRow.caller).where(HandoffRow.call_id == call_id, HandoffRow.caller != "")
    return session.scalar(numbers.limit(1)) or ""
