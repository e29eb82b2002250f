"""Erase one person on request, `ivr forget --person`: found by a telephone number, a call's id or a ticket's number.

How it works. Everything in the database goes in one transaction, orders and records alike; the audit says so in the same one, without
saying whose it was. Files follow, and are followed up by whoever runs next if this process dies (`records/erasure.py`). What is
still open keeps its call, and the customer: it is named, and erased by the same command once it is closed. The count that is told
first is the erasure itself, rolled back.
"""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.accounts import audit
from ivr.config import Settings
from ivr.errors import UserError
from ivr.records import erasure as records
from ivr.records import spill
from ivr.records.tables import CallRow
from ivr.transcript import mask_number
from order_lookup import erasure as orders
from order_lookup.messengers import FileMessenger
from order_lookup.phones import notations
from order_lookup.retention import forget_letters
from order_lookup.sql import SqlOrderSystem

ACCOUNT = "ivr forget"
LOOK_ALIKES = 5


@dataclass(frozen=True, slots=True)
class Erased:
    """What is (or would be) gone, what stays because it is open, and calls that may be the same person's; `receipt` names the row."""

    counts: Mapping[str, int]
    open: tuple[str, ...]
    look_alikes: tuple[str, ...]
    shown_as: str
    receipt: str

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to erase."""
        return not any(self.counts.values())


def erase(session: Session, person: str, folder: Path, copies: bool, now: float) -> Erased:
    """Erase everything of a person that is not open; raises UserError for who can't be found by what was given."""
    whose = _whose(session, person)
    matters = [*orders.matters(session, whose, copies), *records.matters(session, whose.calls, now)]
    kept = {matter.call_id for matter in matters}
    calls = whose.calls - kept
    masks = {mask_number(number) for number in whose.numbers}
    alike = records.look_alikes(session, masks, whose.calls) if masks else []
    counts = {
        "recordings": len({file.name.partition(".wav")[0] for file in records.files(folder, calls)}),
        "entries of the spool": spill.count(folder / "spill", calls),
        **orders.erase(session, whose, kept, whole=not matters),
    }
    of_calls, row = records.erase(session, calls, whose.numbers if not matters else (), now)
    counts = {name: count for name, count in {**of_calls, **counts}.items() if count}
    receipt = f"E{row:07d}"
    told = {**counts, "by": getpass.getuser(), "receipt": receipt, "open": len(matters)}
    audit(session, ACCOUNT, "person_erased", None, now, **told)
    open_matters = tuple(sorted({matter.what for matter in matters}))
    return Erased(counts, open_matters, tuple(alike), min(masks, key=len, default=""), receipt)


def _whose(session: Session, person: str) -> orders.Trace:
    """Numbers, accounts, orders and calls of whom a number, a call or a ticket leads to."""
    text = person.strip()
    if numbers := notations(text):
        return _trace(session, numbers, set())
    if (call_id := orders.call_of_ticket(session, text.upper())) is not None:
        return _trace(session, orders.numbers_of(session, {call_id}, text.upper()), {call_id})
    found = session.scalars(select(CallRow.id).where(CallRow.id.startswith(text, autoescape=True)).limit(2)).all()
    if len(found) != 1 or not text:
        what = (
            "several calls begin with this"
            if text and found
            else "this is no telephone number, and no call or ticket has it"
        )
        raise UserError(
            f"`--person`: {what}", "give a number, a ticket's number (T0000001) or a call's id (`ivr report calls`)"
        )
    return _trace(session, orders.numbers_of(session, set(found)), set(found))


def _trace(session: Session, numbers: frozenset[str], calls: set[str]) -> orders.Trace:
    """What both parts of the database know, each by what the other one found."""
    known = numbers | frozenset(records.numbers_of(session, calls))
    whose = orders.trace(session, known, calls)
    found = whose.calls | records.calls_of(session, whose.numbers)
    return orders.trace(session, whose.numbers, found | records.calls_back(session, found))


class Eraser:
    """One erasure by hand: what there is, then the erasure itself, then files."""

    def __init__(self, settings: Settings, system: SqlOrderSystem, engine: Engine) -> None:
        self._settings, self._system, self._engine = settings, system, engine
        self._folder = settings.path(settings.records.recordings)

    async def look(self, person: str) -> Erased:
        """What would be erased: all of it done, and taken back."""

        def work(session: Session) -> Erased:
            with session.begin_nested() as tried:
                found = self._erase(session, person)
                tried.rollback()
            return found

        return await self._system.database.write(work)

    async def erase(self, person: str) -> Erased:
        """Erase it in the database."""
        return await self._system.database.write(lambda session: self._erase(session, person))

    async def finish(self) -> bool:
        """Erase letters and files; whether the database file holds nothing of it any more."""
        return await finish(self._settings, self._system, self._engine)

    def _erase(self, session: Session, person: str) -> Erased:
        copies = self._settings.orders.system == "http"
        return erase(session, person, self._folder, copies, self._system.now().timestamp())


async def finish(settings: Settings, system: SqlOrderSystem, engine: Engine) -> bool:
    """Go on with erasures until their files are gone; whether there is none left that isn't finished."""
    if (sent := settings.orders.messages).kind == "file":
        await forget_letters(system.database, FileMessenger(settings.path(sent.file)))
    folder, now = settings.path(settings.records.recordings), system.now().timestamp()
    await asyncio.to_thread(records.finish, engine, folder, now)
    return await asyncio.to_thread(records.finished, engine)
