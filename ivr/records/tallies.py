"""Reads what `ivr/tally.py` counts: calls with their first contacts and reviews, agents' states, callbacks and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.first_contact import Contact
from ivr.promised import Promise
from ivr.records import traffic
from ivr.records.callback_works import DESK, QUEUE, REACHED
from ivr.records.tables import AgentRow, AgentStateRow, CallbackWorkRow, CallRow, HandoffRow
from ivr.staffing import Move, Stay, stays
from ivr.tally import Facts
from order_lookup import tables as t

DAY_SECONDS = 86_400.0


def facts(session: Session, since: float, before: float, now: float, window_days: float, own: bool) -> Facts:
    """From a moment on and before another; `own`: callbacks are our own queue's. The order desk's tables must be there."""
    window = window_days * DAY_SECONDS
    judgeable = since + window <= now  # of younger calls nothing is said
    known = contacts(session, since - window, before + window) if judgeable else ()
    return Facts(
        now,
        traffic.calls(session, since, before, known, window, now),
        agents_time(session, since, min(before, now)),
        [*(_queues_callbacks if own else _desks_callbacks)(session, since, before), *_tickets(session, since, before)],
    )


def contacts(session: Session, since: float, before: float) -> list[Contact]:
    """Who called about what, of the calls in which anything was said; those of numbers that were withheld are nobody's."""
    began = (CallRow.started_at >= since, CallRow.started_at < before, CallRow.ended_at.is_not(None))
    silent = traffic.silent(session, began)
    told = (t.Contact.phone, t.Contact.customer_id, t.Contact.order_id, t.Contact.intent)
    wanted = select(CallRow.id, CallRow.started_at, CallRow.ended_at, *told)
    rows = session.execute(wanted.join(t.Contact, t.Contact.call_id == CallRow.id).where(*began)).tuples()
    return [Contact(*row) for row in rows if row[0] not in silent]  # type: ignore[arg-type]


def agents_time(session: Session, since: float, before: float) -> list[Stay]:
    """What everybody did in a time; nothing of the future."""
    row = AgentStateRow
    earlier = select(row.agent_id, func.max(row.at).label("at")).where(row.at < since).group_by(row.agent_id).subquery()
    started = select(func.max(row.id)).join(earlier, (earlier.c.agent_id == row.agent_id) & (earlier.c.at == row.at))
    wanted = (row.at >= since) & (row.at < before) | row.id.in_(started.group_by(row.agent_id))
    named = select(AgentRow.name, row.at, row.state, row.reason).join(AgentRow, AgentRow.id == row.agent_id)
    moves = session.execute(named.where(wanted).order_by(row.at, row.id)).tuples()
    return stays([Move(*move) for move in moves], since, before)


def _desks_callbacks(session: Session, since: float, before: float) -> list[Promise]:
    work = CallbackWorkRow
    tried = select(t.Callback, work.first_tried_at, work.ended).outerjoin(
        work, (work.source == DESK) & (work.callback == t.Callback.id)
    )
    due = (t.Callback.due_at >= _moment(since), t.Callback.due_at < _moment(before))
    return [
        _callback(row.queue, row.due_at.timestamp(), _seconds(row.done_at), first, how)
        for row, first, how in session.execute(tried.where(*due)).tuples()
    ]


def _queues_callbacks(session: Session, since: float, before: float) -> list[Promise]:
    work = CallbackWorkRow
    tried = select(HandoffRow, work.first_tried_at, work.ended)
    tried = tried.outerjoin(work, (work.source == QUEUE) & (work.callback == HandoffRow.id))
    due = (HandoffRow.callback_due_at >= since, HandoffRow.callback_due_at < before)
    return [
        _callback(row.queue, row.callback_due_at or 0.0, row.called_back_at, first, how)
        for row, first, how in session.execute(tried.where(*due)).tuples()
    ]


def _callback(queue: str, due_at: float, done_at: float | None, first: float | None, how: str | None) -> Promise:
    """Whom we had tried to call had been called, however they were reached in the end."""
    return Promise("callback", queue, due_at, _first(done_at, first), how == REACHED and first is None)


def _tickets(session: Session, since: float, before: float) -> list[Promise]:
    due = (t.Ticket.due_at >= _moment(since), t.Ticket.due_at < _moment(before))
    rows: Sequence[t.Ticket] = session.scalars(select(t.Ticket).where(*due)).all()
    return [Promise("ticket", row.queue, row.due_at.timestamp(), _seconds(row.closed_at)) for row in rows]


def _first(*moments: float | None) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
