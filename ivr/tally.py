"""All that is counted of some days, side by side: calls, agents' time, and what was promised (pure).

Calls count where they began, agents' time where it was spent, promises where they were due. By hour and day all of it is cut up,
by queue calls and promises are; by matter, language and end there are calls alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from ivr import traffic
from ivr.promised import Kept, Promise, kept
from ivr.staffing import StaffTime, Stay, cut, spent
from ivr.traffic import NAMES_OF_TIMES, CallFacts, Figures

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened in some days, as it was known at a moment."""

    now: float
    calls: Sequence[CallFacts] = ()
    stays: Sequence[Stay] = ()
    promises: Sequence[Promise] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted."""

    figures: Figures
    staff: StaffTime
    callbacks: Kept
    tickets: Kept


def tally(facts: Facts) -> Tally:
    """Of all of it."""
    promised = {kind: [each for each in facts.promises if each.kind == kind] for kind in ("callback", "ticket")}
    return Tally(
        traffic.count(facts.calls),
        spent(facts.stays),
        kept(promised["callback"], facts.now),
        kept(promised["ticket"], facts.now),
    )


def tallies(grouping: str, facts: Facts, zone: ZoneInfo) -> list[tuple[str, Tally]]:
    """Of each group, in order."""
    if grouping in NAMES_OF_TIMES:
        return _by_time(grouping, facts, zone)
    promises = _grouped(facts.promises, lambda each: each.queue) if grouping == "queue" else {}
    calls = dict(traffic.by(grouping, facts.calls, zone))
    found = []
    for name in sorted({*calls, *promises}):
        of_promises = tally(Facts(facts.now, promises=promises.get(name, ())))
        figures = calls.get(name, of_promises.figures)
        found.append((name, Tally(figures, StaffTime(), of_promises.callbacks, of_promises.tickets)))
    return found


def _by_time(grouping: str, facts: Facts, zone: ZoneInfo) -> list[tuple[str, Tally]]:
    """Each hour or day in which anything was."""

    def name(at: float) -> str:
        return datetime.fromtimestamp(at, zone).strftime(NAMES_OF_TIMES[grouping])

    pieces = [piece for stay in facts.stays for piece in cut(stay, grouping, zone)]
    calls = _grouped(facts.calls, lambda call: name(call.began_at))
    time, promises = (
        _grouped(pieces, lambda piece: name(piece.begins)),
        _grouped(facts.promises, lambda p: name(p.due_at)),
    )
    moments: dict[str, float] = {}
    for at in (*(c.began_at for c in facts.calls), *(p.begins for p in pieces), *(p.due_at for p in facts.promises)):
        moments[name(at)] = min(at, moments.get(name(at), at))
    return [
        (each, tally(Facts(facts.now, calls.get(each, ()), time.get(each, ()), promises.get(each, ()))))
        for each in sorted(moments, key=lambda each: moments[each])
    ]


def _grouped(things: Iterable[T], name: Callable[[T], str]) -> Mapping[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for thing in things:
        groups.setdefault(name(thing), []).append(thing)
    return groups


def told(counted: Tally) -> dict[str, float | int | None]:
    """Counts, rates and means by name, as files and programs get them: rates to a thousandth, seconds to a tenth."""
    staff = counted.staff
    rows: dict[str, float | int | None] = {**traffic.told(counted.figures)}
    rows |= {"signed_in_seconds": round(staff.signed_in, 1), "ready_seconds": round(staff.ready, 1)}
    rows |= {"handling_seconds": round(staff.handling, 1), "missed_by_agents": staff.missed}
    rows |= {"occupancy": _rounded(staff.occupancy, 3), "utilisation": _rounded(staff.utilisation, 3)}
    for name, promises in (("callbacks", counted.callbacks), ("tickets", counted.tickets)):
        rows |= {f"{name}_due": promises.due, f"{name}_in_time": promises.in_time}
        rows[f"{name}_in_time_rate"] = _rounded(promises.in_time_rate, 3)
        rows[f"{name}_early_seconds"] = _rounded(promises.early_seconds, 1)
        rows[f"{name}_late_seconds"] = _rounded(promises.late_seconds, 1)
    rows["callbacks_needless"] = counted.callbacks.needless
    return rows


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
