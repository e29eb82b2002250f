"""Write calls to the database from one thread, in order, without ever holding up a call.

Entries wait in memory while the database is slow or away. What could not be written when the process ends goes to a spill
file beside the recordings and is written by the next process that starts, or by a living one (`take_over`): nothing is lost,
nothing is written twice.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from ivr.records import lost_calls, spill
from ivr.records.outcomes import human_talked
from ivr.records.tables import CallRow, EventRow, LineRow
from ivr.transcript import mask_number, masked, masked_fact
from ivr.values import Language, plain

log = structlog.get_logger()
Entry = spill.Entry
RETRY_SECONDS = 0.5
# Of so many calls that had a line last the next line's place is known; a worker has two at a time.
MOST_CALLS = 200
# The event that the call goes on in another language.
LANGUAGE = "language"
# What stands under `forgotten` in the case of a call that was erased on request; one whose time was over says `yes`.
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Left:
    """What another process could not write: the file that was claimed, and what is in it."""

    file: Path
    entries: list[Entry]


class SqlRecords:
    """`ports.Records` over SQLAlchemy."""

    def __init__(self, engine: Engine, worker: str, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._worker, self._spill, self._clock = engine, worker, folder, clock
        self._entries: queue.SimpleQueue[Entry | Future[None] | Left | None] = queue.SimpleQueue()
        self._positions: dict[str, int] = {}
        self._stopping = threading.Event()
        self._away = False
        self._writing: Entry | None = None
        self.take_over()
        self._thread = threading.Thread(target=self._write_all, name="records", daemon=True)
        self._thread.start()

    def started(self, call_id: str, caller: str, called: str, language: Language, version: str) -> None:
        """The call was answered."""
        row = {"caller": mask_number(caller), "called": called, "language": language, "dialplan_version": version}
        self._put("started", call_id, row | {"worker": self._worker, "number": caller[:64]})

    def line(self, call_id: str, speaker: str, text: str, seconds: float, details: Mapping[str, object]) -> None:
        """A line of the transcript, masked here."""
        sensitive = bool(details.get("sensitive"))
        row: Entry = {"speaker": speaker, "text": masked(text, sensitive), "seconds": round(seconds, 3)}
        row["details"] = _masked(details, sensitive)
        self._put("line", call_id, row | {"position": self._next_position(call_id)})

    def case(self, call_id: str, facts: Mapping[str, object]) -> None:
        """What an agent should know by now."""
        self._put("case", call_id, _masked(facts))

    def event(self, call_id: str, kind: str, data: Mapping[str, object]) -> None:
        """For the live screens."""
        self._put("event", call_id, {"kind": kind, "data": _masked(data)})

    def ended(self, call_id: str, disposition: str, seconds: float, details: Mapping[str, object]) -> None:
        """The call is over."""
        row: Entry = {"disposition": disposition, "seconds": round(seconds, 3)}
        self._put("ended", call_id, row | _masked(details))

    async def flush(self) -> None:
        """Return once everything given so far is in the database."""
        done: Future[None] = Future()
        self._entries.put(done)
        await asyncio.wrap_future(done)

    @property
    def waiting(self) -> tuple[int, float]:
        """How many entries wait to be written, and for how many seconds the oldest of them has."""
        oldest = self._writing
        return self._entries.qsize() + (oldest is not None), max(0.0, self._clock() - oldest["at"]) if oldest else 0.0

    def close(self, patience_seconds: float = 8.0) -> None:
        """Write what is left; spill it when the database stays away."""
        self._stopping.set()
        self._entries.put(None)
        self._thread.join(patience_seconds)

    def _next_position(self, call_id: str) -> int:
        """A call that is over has lines to come: what became of its ticket, and of its callback."""
        position = self._positions[call_id] = self._positions.pop(call_id, 0) + 1
        while len(self._positions) > MOST_CALLS:
            del self._positions[next(iter(self._positions))]  # dicts remember who came first
        return position

    def _put(self, kind: str, call_id: str, row: Entry) -> None:
        self._entries.put({"entry": kind, "call_id": call_id, "at": self._clock(), "row": row})

    def take_over(self, quiet_seconds: float = 0.0) -> None:
        """Have written what other processes could not write; with `quiet_seconds` what nobody has added to for so long."""
        for file, entries in spill.take_over(self._spill, quiet_seconds):
            log.info("records.taken_over", entries=len(entries))
            self._entries.put(Left(file, entries))

    def _write_all(self) -> None:
        while (entry := self._entries.get()) is not None:
            match entry:
                case Future():
                    if entry.set_running_or_notify_cancel():  # or whoever asked has gone
                        entry.set_result(None)
                case Left():
                    self._write_left(entry)
                case _ if not self._written(entry):
                    self._keep(entry, refused=not self._away)
        while not self._entries.empty():
            match self._entries.get():
                case Left(file):
                    spill.give_back(file)
                case dict() as left:
                    self._keep(left)

    def _write_left(self, left: Left) -> None:
        """The file goes when all of it is written or refused; at the end, with the database away, it stays for others."""
        for entry in left.entries:
            if self._written(entry, again=True):
                continue
            if self._away:
                spill.give_back(left.file)
                return
            self._keep(entry, refused=True)
        left.file.unlink(missing_ok=True)

    def _written(self, entry: Entry, again: bool = False) -> bool:
        self._writing = entry
        try:
            return self._write_patiently(entry, again)
        finally:
            self._writing = None

    def _write_patiently(self, entry: Entry, again: bool) -> bool:
        """Until it is written; an entry that the database can't take is kept aside, for others wait behind it.

        At the end a database that was away is not asked again for each: it may take seconds to say no, and there is no time.
        """
        while not (self._away and self._stopping.is_set()):
            try:
                with Session(self._engine) as session, session.begin():
                    write(session, entry, again)
                self._away = False
                return True
            except (DataError, IntegrityError) as fault:
                self._away = False
                told = {"entry": entry["entry"], "call_id": entry["call_id"]}
                log.error("records.entry_refused", fault=type(fault.orig).__name__, **told)
                return False
            except DBAPIError as fault:
                log.warning("records.write_failed", fault=str(fault.orig), entry=entry["entry"])
                self._away = True
                self._stopping.wait(RETRY_SECONDS)
            except Exception:
                self._away = False
                log.exception("records.entry_refused", entry=entry["entry"], call_id=entry["call_id"])
                return False
        return False

    def _keep(self, entry: Entry, refused: bool = False) -> None:
        if "number" in entry["row"]:  # on a disk nothing is unmasked, and of a process that ends no call is left
            entry = {**entry, "row": {**entry["row"], "number": ""}}
        spill.keep(self._spill, entry, refused)


def write(session: Session, entry: Entry, again: bool = False) -> None:
    """Apply one entry; entries written before are recognised and skipped, and so are those of a call that was erased meanwhile.

    One that comes `again`, from the spool, may be in the database already: whoever had begun with its file died at it.
    """
    call_id, at, row = entry["call_id"], entry["at"], entry["row"]
    if erased(session, call_id):
        return

    def tell(kind: str, data: Entry) -> None:
        if not (again and _told(session, at, kind, call_id, data)):
            session.add(EventRow(at=at, kind=kind, call_id=call_id, data=data))

    match entry["entry"]:
        case "started":
            if session.get(CallRow, call_id) is None:
                session.add(CallRow(id=call_id, started_at=at, heartbeat_at=at, case={}, **row))
                tell("call_started", {key: value for key, value in row.items() if key != "number"})
        case "line":
            taken = select(func.count()).where(LineRow.call_id == call_id, LineRow.position == row["position"])
            if not session.scalar(taken):
                session.add(LineRow(call_id=call_id, **row))
                tell("line", row)
        case "case":
            session.execute(update(CallRow).where(CallRow.id == call_id).values(case=row))
            tell("case", row)
        case "event":
            if row["kind"] == LANGUAGE:
                session.execute(update(CallRow).where(CallRow.id == call_id).values(language=row["data"][LANGUAGE]))
            tell(row["kind"], row["data"])
        case "ended":
            known = {key: row[key] for key in ("disposition", "recording", "satisfaction") if key in row}
            known["self_served"] = bool(row.get("self_served")) and not human_talked(session, call_id)
            disposition = str(row.get("disposition") or "")
            if disposition in lost_calls.BROKEN:
                lost_calls.broken(session, call_id, at)
            else:
                lost_calls.served(session, call_id, disposition, at)
            session.execute(update(CallRow).where(CallRow.id == call_id).values(ended_at=at, number="", **known))
            tell("call_ended", row)


def _told(session: Session, at: float, kind: str, call_id: str, data: Entry) -> bool:
    """Whether this very event is in the feed."""
    same = (EventRow.at == at, EventRow.kind == kind, EventRow.call_id == call_id)
    return data in session.scalars(select(EventRow.data).where(*same)).all()


def erased(session: Session, call_id: str) -> bool:
    """Whether the call was erased on its caller's request: nothing may be written of it any more.

    It asks by an update that changes nothing, so that nobody erases the call between this and what is written after it.
    """
    same = update(CallRow).where(CallRow.id == call_id).values(worker=CallRow.worker).returning(CallRow.case)
    case = session.execute(same.execution_options(synchronize_session=False)).scalar()
    return (case or {}).get("forgotten") == ERASED


# Facts that staff must be able to act on, and the name of a file, whose hex digits may look like a telephone number: kept whole
# where they stand under these keys, never in running text.
KEPT_KEYS = frozenset({"order", "order.number", "orders", "recording"})


def _masked(value: object, sensitive: bool = False) -> Any:
    """A JSON value with personal data masked all the way down."""
    match plain(value):
        case str() as text:
            return masked(text, sensitive)
        case dict() as mapping:
            return {masked(key): _masked_under(key, item, sensitive) for key, item in mapping.items()}
        case list() as items:
            return [_masked(item, sensitive) for item in items]
        case other:
            return other


def _masked_under(key: str, item: object, sensitive: bool) -> Any:
    """What stands under a key of a mapping."""
    if key in KEPT_KEYS:
        return item
    return masked_fact(key, item) if isinstance(item, str) and not sensitive else _masked(item, sensitive)
