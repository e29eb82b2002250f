"""Reads what each agent did in some days: their time by state, and the talks of the calls that began then."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records.tables import AgentRow, CallRow, WrapUpRow
from ivr.records.tallies import agents_time
from ivr.staffing import AgentFigures, Stay, spent

PASSED_ON = "passed_on"


def agent_figures(session: Session, since: float, before: float, now: float) -> list[AgentFigures]:
    """Of every agent who was signed in or talked, by name."""
    theirs: dict[str, list[Stay]] = defaultdict(list)
    for stay in agents_time(session, since, min(before, now)):
        theirs[stay.agent].append(stay)
    found = {agent: AgentFigures(agent, spent(time)) for agent, time in theirs.items()}
    began = (CallRow.started_at >= since, CallRow.started_at < before, CallRow.ended_at.is_not(None))
    talks = select(WrapUpRow, AgentRow.name, CallRow.satisfaction).join(CallRow, CallRow.id == WrapUpRow.call_id)
    talks = talks.join(AgentRow, AgentRow.id == WrapUpRow.agent_id).where(*began).order_by(WrapUpRow.id)
    last_to_talk: dict[str, tuple[str, int | None]] = {}
    for row, agent, score in session.execute(talks).tuples():
        found[agent] = _and_a_talk(found.get(agent, AgentFigures(agent)), row)
        last_to_talk[row.call_id] = (agent, score)
    for agent, score in last_to_talk.values():
        if score is not None:
            each = found[agent]
            found[agent] = replace(each, scores=each.scores + 1, score_total=each.score_total + score)
    return [found[agent] for agent in sorted(found) if found[agent].time.signed_in or found[agent].talks]


def _and_a_talk(each: AgentFigures, row: WrapUpRow) -> AgentFigures:
    over = row.finished_at is not None
    seconds = row.talk_seconds + (row.finished_at or row.started_at) - row.started_at
    return replace(
        each,
        talks=each.talks + 1,
        handled=each.handled + over,
        handled_seconds=each.handled_seconds + (seconds if over else 0.0),
        passed_on=each.passed_on + (row.reason == PASSED_ON),
    )
