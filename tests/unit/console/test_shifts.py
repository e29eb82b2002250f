"""Shifts that nobody ended."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ivr import accounts
from ivr.console import shifts
from ivr.records.database import open_database
from ivr.records.staff import AccountRow, SessionRow
from ivr.records.tables import AgentRow

NOW = 1_000_000.0


def test_who_went_home_without_a_word_is_off_duty_and_nobody_else_is() -> None:
    """Two hours after the last click; who is still logged in has a long meeting, and of a bare telephone nobody knows."""
    later = NOW + accounts.IDLE_SECONDS + 60.0
    states = {"gone": "away", "meeting": "away", "there": "available", "telephone": "away"}
    with Session(open_database("sqlite://")) as session:
        for name, state in states.items():
            agent = AgentRow(name=name, uri=f"sip:{name}@10.0.0.9", state=state, since=NOW, queues=[], languages=["zh"])
            session.add(agent)
            session.flush()
            if name == "telephone":
                continue
            account = AccountRow(name=name, role="agent", password_hash="", created_at=NOW, agent_id=agent.id)
            session.add(account)
            session.flush()
            seen = later - 600.0 if name == "meeting" else NOW
            session.add(SessionRow(token_hash=name, account_id=account.id, csrf="", created_at=NOW, seen_at=seen))
        session.flush()
        assert shifts.end_forgotten(session, NOW + 3600.0) == []
        assert shifts.end_forgotten(session, later) == ["gone"]
        session.expire_all()
        after = {row.name: row.state for row in session.query(AgentRow)}
    assert after == {**states, "gone": "offline"}
