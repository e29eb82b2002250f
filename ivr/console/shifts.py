"""Shifts that nobody ended: who is away and logged in nowhere any more has gone home, and the night is nobody's break."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.accounts import IDLE_SECONDS, is_logged_in
from ivr.records.agents import set_state
from ivr.records.staff import AccountRow
from ivr.records.tables import AgentRow


def end_forgotten(session: Session, now: float) -> list[str]:
    """Take off duty whose last click is so long ago that they are logged out; of a telephone without an account nobody knows."""
    away = (AgentRow.state == "away", AgentRow.since < now - IDLE_SECONDS)
    theirs = select(AgentRow, AccountRow.id).join(AccountRow, AccountRow.agent_id == AgentRow.id).where(*away)
    ended = []
    for agent, account in session.execute(theirs).tuples().all():
        if not is_logged_in(session, account, now) and set_state(session, agent.id, "offline", "", now):
            ended.append(agent.name)
    return ended
