"""The records of one person's calls, erased because they asked for it; that there was a call stays, and how it ended.

How it works. `erase` works inside the transaction it is given, and leaves a row that says which calls were erased. Files can't be
part of a transaction: `finish` deletes them afterwards, and makes the database file forget what was in it. Whoever dies in between
leaves the row unfinished, and the next `ivr forget` or night watch goes on from there. The calls keep a mark, so that no entry
that arrives late (a spill file of a killed worker) is written to them again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Text, cast, delete, func, or_, select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ivr.handoff.calling_back import CALLED
from ivr.records import spill
from ivr.records.holding import LIVE
from ivr.records.journal import ERASED
from ivr.records.staff import AuditRow
from ivr.records.tables import (
    AgentCommandRow,
    CallRow,
    CasePostRow,
    ErasureRow,
    EventRow,
    HandoffRow,
    LineRow,
    ReviewRow,
    WrapUpRow,
)
from ivr.tracks import parts, tracks
from order_lookup.erasure import Matter
from order_lookup.phones import notations

# What a call leaves behind is still being written for a moment after its end.
SETTLING_SECONDS = 60.0
# For so long each machine looks for the files of calls that were erased, perhaps on another one.
LOOK_AGAIN_SECONDS = 30 * 86_400.0
# Fewer digits than these may be part of anything.
SHORTEST_IN_TEXT = 7


def calls_of(session: Session, numbers: Collection[str]) -> set[str]:
    """Calls in whose rows one of the numbers stands in full: those under way, and those somebody has to call back about."""
    found = set()
    for row in (CallRow, HandoffRow):
        key, number = (CallRow.id, CallRow.number) if row is CallRow else (HandoffRow.call_id, HandoffRow.caller)
        for call_id, kept in session.execute(select(key, number).where(number != "")).tuples():
            if notations(kept) & frozenset(numbers):
                found.add(call_id)
    return found


def calls_back(session: Session, calls: Collection[str]) -> set[str]:
    """Calls that we placed because one of these promised it: the order desk has no contact of them, and their numbers are masked."""
    ours = select(CallRow.id, CallRow.case["callback.of"].as_string()).where(CallRow.called == CALLED)
    return {call_id for call_id, promised_in in session.execute(ours).tuples() if promised_in in calls}


def numbers_of(session: Session, calls: Collection[str]) -> set[str]:
    """The numbers that stand in the rows of calls."""
    found = set(session.scalars(select(CallRow.number).where(CallRow.id.in_(calls), CallRow.number != "")))
    return found | set(
        session.scalars(select(HandoffRow.caller).where(HandoffRow.call_id.in_(calls), HandoffRow.caller != ""))
    )


def look_alikes(session: Session, masks: Collection[str], calls: Collection[str]) -> list[str]:
    """Calls that show the same masked number, and of which no more is known."""
    wanted = select(CallRow.id).where(CallRow.caller.in_(masks), CallRow.id.not_in(calls))
    return list(session.scalars(wanted.order_by(CallRow.started_at.desc())))


def matters(session: Session, calls: Collection[str], now: float) -> list[Matter]:
    """What of these calls still goes on."""
    found = []
    going_on = or_(CallRow.ended_at.is_(None), CallRow.ended_at > now - SETTLING_SECONDS)
    for call_id in session.scalars(select(CallRow.id).where(CallRow.id.in_(calls), going_on)):
        found.append(Matter(f"call {call_id}, under way or just over", call_id))
    row = HandoffRow
    owed = (row.callback_due_at.is_not(None) & row.called_back_at.is_(None)) | (row.follow_up == "due")
    for call_id, state in session.execute(
        select(row.call_id, row.state).where(row.call_id.in_(calls), row.state.in_(LIVE) | owed)
    ).tuples():
        what = "waits for a person or talks to one" if state in LIVE else "its caller waits for a call-back"
        found.append(Matter(f"call {call_id}: {what}", call_id))
    drafts = select(WrapUpRow.call_id).where(WrapUpRow.call_id.in_(calls), WrapUpRow.finished_at.is_(None))
    found += [Matter(f"wrap-up of call {call_id}", call_id) for call_id in session.scalars(drafts)]
    return found


def erase(
    session: Session, calls: Collection[str], numbers: Collection[str], now: float
) -> tuple[Mapping[str, int], int]:
    """Erase calls, and the numbers from the audit; how many of each kind, and the number of the row that stands for it."""
    told = LineRow.call_id.in_(calls)
    transcripts = session.scalar(select(func.count(func.distinct(LineRow.call_id))).where(told)) or 0
    session.execute(delete(LineRow).where(told))
    done = {
        "calls": _clear_calls(session, calls),
        "transcripts": transcripts,
        "briefings": _run(
            session,
            update(HandoffRow)
            .where(HandoffRow.call_id.in_(calls), (HandoffRow.caller != "") | (cast(HandoffRow.briefing, Text) != "{}"))
            .values(caller="", briefing={}),
        ),
        "notes and drafts": _run(
            session, update(WrapUpRow).where(WrapUpRow.call_id.in_(calls), WrapUpRow.note != "").values(note="")
        ),
        "notes of reviews": _run(
            session, update(ReviewRow).where(ReviewRow.call_id.in_(calls), ReviewRow.note != "").values(note="")
        ),
        "cases for the webhook": _run(session, delete(CasePostRow).where(CasePostRow.call_id.in_(calls))),
        "clicks of agents": _run(session, delete(AgentCommandRow).where(AgentCommandRow.call_id.in_(calls))),
        "lines of the feed": _clear_feed(session, calls),
        "lines of the audit without the number now": _clear_audit(session, numbers),
    }
    row = ErasureRow(at=now, calls=sorted(calls))
    session.add(row)
    session.flush()
    return done, row.id


def files(folder: Path, calls: Collection[str]) -> Iterator[Path]:
    """The recordings of calls, merged, half merged or not: a file always has its call's id for a name."""
    for call_id in calls:
        wav = folder / f"{call_id}.wav"
        yield from (file for file in (wav, *tracks(wav), *parts(wav)) if wav.parent == folder and file.is_file())


def finish(engine: Engine, folder: Path, now: float) -> Mapping[str, int]:
    """Delete the files of calls that were erased, here or on another machine, and what the database file still holds of them."""
    with Session(engine) as session:
        young = or_(ErasureRow.finished_at.is_(None), ErasureRow.at > now - LOOK_AGAIN_SECONDS)
        rows = session.execute(select(ErasureRow.id, ErasureRow.calls, ErasureRow.finished_at).where(young)).all()
    calls = {call_id for row in rows for call_id in row.calls}
    gone = list(files(folder, calls))
    for file in gone:
        file.unlink(missing_ok=True)
    done = {"recordings erased": len(gone), "entries of the spool erased": spill.drop(folder / "spill", calls)}
    unfinished = [row.id for row in rows if row.finished_at is None]
    if unfinished and scrubbed(engine):
        with Session(engine) as session, session.begin():
            session.execute(update(ErasureRow).where(ErasureRow.id.in_(unfinished)).values(finished_at=now))
        done["erasures finished"] = len(unfinished)
    return {name: count for name, count in done.items() if count}


def finished(engine: Engine) -> bool:
    """Whether no erasure is left half-way."""
    with Session(engine) as session:
        return session.scalar(select(ErasureRow.id).where(ErasureRow.finished_at.is_(None)).limit(1)) is None


def scrubbed(engine: Engine) -> bool:
    """Whether the file of a SQLite database holds nothing any more but what is in its tables; what PostgreSQL keeps is its own."""
    if engine.dialect.name != "sqlite":
        return True
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
            busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
    except DBAPIError:
        return False
    return not busy


def _clear_calls(session: Session, calls: Collection[str]) -> int:
    rows = session.scalars(select(CallRow).where(CallRow.id.in_(calls))).all()
    fresh = [row for row in rows if (row.case or {}).get("forgotten") != ERASED]
    for row in fresh:
        row.caller, row.number, row.recording = "", "", ""
        row.case = {"intent": (row.case or {}).get("intent"), "forgotten": ERASED}
    return len(fresh)


def _clear_feed(session: Session, calls: Collection[str]) -> int:
    """The newest event stays, empty: SQLite would give its id out again."""
    newest = session.scalar(select(func.max(EventRow.id))) or 0
    theirs = EventRow.call_id.in_(calls)
    session.execute(update(EventRow).where(theirs, EventRow.id == newest).values(data={}))
    return _run(session, delete(EventRow).where(theirs, EventRow.id != newest))


def _clear_audit(session: Session, numbers: Collection[str]) -> int:
    """Who looked stays, and when; a number that was part of what they looked for goes."""
    count = 0
    for core in sorted(number for number in numbers if len(number) >= SHORTEST_IN_TEXT):
        said = cast(AuditRow.details, Text).contains(core, autoescape=True)
        for row in session.scalars(select(AuditRow).where(said)).all():
            row.details, count = _without(row.details, core), count + 1
        session.flush()
    return count


def _without(value: Any, number: str) -> Any:
    match value:
        case str() as words:
            return words.replace(number, "*" * len(number))
        case dict() as mapping:
            return {key: _without(item, number) for key, item in mapping.items()}
        case list() as items:
            return [_without(item, number) for item in items]
        case other:
            return other


def _run(session: Session, statement: Any) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return max(0, result.rowcount)
