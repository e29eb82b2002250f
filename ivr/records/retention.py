"""What is kept of calls no longer than allowed: recordings, transcripts, the feed, the audit.

A call's own row stays, without its caller: figures count calls for years. A recording's file goes before its row lets go of it,
so that a crash in between leaves no sound that nobody knows of. Each batch is a transaction of its own; run twice, it does
nothing the second time. A vCon is made from all this when it is asked for: there is nothing else to forget.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, Text, cast, delete, func, select, update
from sqlalchemy.orm import Session

from ivr.records.holding import LIVE
from ivr.records.staff import AuditRow, GuessRow, SessionRow
from ivr.records.tables import (
    AgentCommandRow,
    AgentStateRow,
    Base,
    CallbackAttemptRow,
    CallRow,
    CasePostRow,
    EventRow,
    HandoffRow,
    LineRow,
    ReviewRow,
    WrapUpRow,
)
from ivr.tracks import PART, TRACKS

BATCH = 200
# Recordings, the tracks of those that were never merged, what was half merged, and entries that no process could write (`journal.py`).
_FILES = ("*.wav", *(f"*.wav{ending}" for ending in TRACKS), f"*.wav{PART}*", "spill/*")
DAY_SECONDS = 86_400.0
Step = Callable[[Session, float], int]


@dataclass(frozen=True, slots=True)
class Keep:
    """How many days each kind of data is kept."""

    recordings: int = 90
    transcripts: int = 180
    events: int = 7
    audit: int = 365


def forget(engine: Engine, recordings: Path, keep: Keep, now: float) -> Mapping[str, int]:
    """Forget what is older than allowed; how many of each kind, kinds without any left out."""
    steps: dict[str, tuple[int, Step]] = {
        "recordings deleted": (keep.recordings, lambda session, before: _recordings(session, before, recordings)),
        "transcripts deleted": (keep.transcripts, _transcripts),
        "handoffs masked": (keep.transcripts, _handoffs),
        "notes deleted": (keep.transcripts, _notes),
        "notes of reviews deleted": (keep.transcripts, _reviews),
        "states of agents deleted": (keep.audit, _states),
        "cases deleted": (keep.transcripts, _cases),
        "commands deleted": (keep.events, _commands),
        "events deleted": (keep.events, _events),
        "attempts to call back deleted": (keep.events, _attempts),
        "audit lines deleted": (keep.audit, _audit),
        "logins deleted": (1, _logins),
        "wrong passwords forgotten": (1, _guesses),
    }
    done: dict[str, int] = {}
    for name, (days, step) in steps.items():
        while count := _batch(engine, step, now - days * DAY_SECONDS):
            done[name] = done.get(name, 0) + count
    if strays := _strays(engine, recordings, now - keep.recordings * DAY_SECONDS):
        done["recordings without a call deleted"] = strays
    return done


def _batch(engine: Engine, step: Step, before: float) -> int:
    with Session(engine) as session, session.begin():
        return step(session, before)


def _recordings(session: Session, before: float, folder: Path) -> int:
    wanted = select(CallRow).where(CallRow.recording != "", CallRow.started_at < before, CallRow.ended_at.is_not(None))
    rows = session.scalars(wanted.limit(BATCH)).all()
    for row in rows:
        (folder / Path(row.recording).name).unlink(missing_ok=True)
        row.recording = ""
    return len(rows)


def _strays(engine: Engine, folder: Path, before: float) -> int:
    """Recordings that no call knows of, for their process was killed before it could write the call's end; what it left half-way."""
    old = [file for kind in _FILES for file in folder.glob(kind) if _last_written(file) < before]
    with Session(engine) as session:
        known = set(session.scalars(select(CallRow.recording).where(CallRow.recording != ""))) if old else set()
    strays = [file for file in old if file.name not in known]
    for file in strays:
        file.unlink(missing_ok=True)
    return len(strays)


def _last_written(file: Path) -> float:
    """When; one that another process has just taken away is young."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _transcripts(session: Session, before: float) -> int:
    """Lines, case and caller of a call; `forgotten` in the case marks who has been here."""
    old = (CallRow.started_at < before, CallRow.case["forgotten"].as_string().is_(None))
    rows = session.scalars(select(CallRow).where(*old).limit(BATCH)).all()
    session.execute(delete(LineRow).where(LineRow.call_id.in_([row.id for row in rows])))
    for row in rows:
        row.caller, row.number, row.case = "", "", {"intent": row.case.get("intent"), "forgotten": "yes"}
    return len(rows)


def _handoffs(session: Session, before: float) -> int:
    """What agents were told, and whom to call back; not of a callback that is still owed."""
    row = HandoffRow
    owed = (row.callback_due_at.is_not(None) & row.called_back_at.is_(None)) | (row.follow_up == "due")
    told = (row.caller != "") | (cast(row.briefing, Text) != "{}")
    ids = session.scalars(
        select(row.id).where(row.enqueued_at < before, row.state.not_in(LIVE), ~owed, told).limit(BATCH)
    ).all()
    session.execute(update(row).where(row.id.in_(ids)).values(caller="", briefing={}))
    return len(ids)


def _notes(session: Session, before: float) -> int:
    ids = session.scalars(
        select(WrapUpRow.id).where(WrapUpRow.note != "", WrapUpRow.finished_at < before).limit(BATCH)
    ).all()
    session.execute(update(WrapUpRow).where(WrapUpRow.id.in_(ids)).values(note=""))
    return len(ids)


def _reviews(session: Session, before: float) -> int:
    """What was written; that a score was reviewed, and what was wrong, is counted for years."""
    old = (ReviewRow.note != "", ReviewRow.at < before)
    ids = session.scalars(select(ReviewRow.call_id).where(*old).limit(BATCH)).all()
    session.execute(update(ReviewRow).where(ReviewRow.call_id.in_(ids)).values(note=""))
    return len(ids)


def _states(session: Session, before: float) -> int:
    """Agents are people, too; what somebody does since long ago is still told by their own row."""
    return _delete(session, AgentStateRow, AgentStateRow.at < before)


def _cases(session: Session, before: float) -> int:
    return _delete(session, CasePostRow, CasePostRow.created_at < before)


def _commands(session: Session, before: float) -> int:
    return _delete(session, AgentCommandRow, AgentCommandRow.created_at < before)


def _events(session: Session, before: float) -> int:
    """All but the newest: SQLite would give its id out again, and who tails the feed goes by ids."""
    newest = session.scalar(select(func.max(EventRow.id))) or 0
    return _delete(session, EventRow, (EventRow.at < before) & (EventRow.id < newest))


def _attempts(session: Session, before: float) -> int:
    return _delete(session, CallbackAttemptRow, CallbackAttemptRow.at < before)


def _audit(session: Session, before: float) -> int:
    return _delete(session, AuditRow, AuditRow.at < before)


def _logins(session: Session, before: float) -> int:
    """Sessions that are over, with the addresses they came from: none lasts a day."""
    old = session.scalars(select(SessionRow.token_hash).where(SessionRow.created_at < before).limit(BATCH)).all()
    session.execute(delete(SessionRow).where(SessionRow.token_hash.in_(old)))
    return len(old)


def _guesses(session: Session, before: float) -> int:
    """Whoever had to wait longest waited a quarter of an hour."""
    old = session.scalars(select(GuessRow.key).where(GuessRow.at < before).limit(BATCH)).all()
    session.execute(delete(GuessRow).where(GuessRow.key.in_(old)))
    return len(old)


def _delete(session: Session, table: type[Base], old: ColumnElement[bool]) -> int:
    key: Any = table.__table__.c.id
    ids = session.scalars(select(key).where(old).limit(BATCH)).all()
    session.execute(delete(table).where(key.in_(ids)))
    return len(ids)
