"""When each queue is open, as values and arithmetic: nothing here reads a clock, a calendar or a database (pure).

A queue's timetable says when people are there; a supervisor's word goes before it (`Override`: closed now, or open longer), for a
time or until it is taken back. A queue without a timetable is always open. What is promised counts the time of work only:
30 minutes promised ten minutes before closing end twenty minutes after the next opening.

Moments come in and go out aware; arithmetic is done in UTC, for on the day clocks are changed an hour on the wall may be none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from ivr.values import Value, Week

# Nobody promises anything for a time further off; also, no text of opening hours makes us walk for ever.
MOST_CHANGES = 2000
USUAL_WEEKS = 4
DAY_MINUTES = 1440
MOST_KINDS = 3
ALL_DAY = ((0, DAY_MINUTES),)


class Timetable(Hashable, Protocol):
    """When people are there, by the calendar."""

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there."""

    def next_change(self, at: datetime) -> datetime | None:
        """When that changes next, after this moment; None: never."""


class Always:
    """The timetable of who has none: open around the clock."""

    def is_open(self, at: datetime) -> bool:
        """Yes."""
        return True

    def next_change(self, at: datetime) -> datetime | None:
        """Never."""
        return None


@dataclass(frozen=True, slots=True)
class Override:
    """A supervisor's word about one queue: closed or open from now on, until a moment or until it is taken back."""

    open: bool
    until: datetime | None = None
    by: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or at < self.until


@dataclass(frozen=True, slots=True)
class Standing:
    """How a queue stands at a moment: open or closed, until when as far as anybody knows, and who said so out of turn."""

    open: bool = True
    until: datetime | None = None
    by: str = ""
    week: Week | None = None


@dataclass(frozen=True, slots=True)
class QueueHours:
    """One queue: its timetable, and what a supervisor said."""

    timetable: Timetable
    override: Override | None = None

    def is_open(self, at: datetime) -> bool:
        """Whether callers are let in."""
        word = self._word(at)
        return word.open if word else self.timetable.is_open(at)

    def next_change(self, at: datetime) -> datetime | None:
        """When that changes next; None when nobody knows."""
        now = self.is_open(at)
        for _ in range(MOST_CHANGES):
            if (at_next := self._next(at)) is None or at_next <= at:
                return None
            at = at_next
            if self.is_open(at) != now:
                return at.astimezone(UTC)
        return None

    def after(self, at: datetime, span: timedelta) -> datetime:
        """The moment at which so much time of work has passed; by the clock where the queue never opens again."""
        at, left = at.astimezone(UTC), span
        if (word := self._word(at)) and not word.open and word.until is None:
            return self._opened_anew(at, span)
        for _ in range(MOST_CHANGES):
            change = self.next_change(at)
            if self.is_open(at):
                if change is None or change - at >= left:
                    return at + left
                left -= change - at
            elif change is None:
                break
            at = change
        return at + left

    def _opened_anew(self, at: datetime, span: timedelta) -> datetime:
        """Closed until further notice: a promise needs a time all the same, so they are thought back when the timetable opens anew."""
        usual = QueueHours(self.timetable)
        closes = usual.next_change(at) if usual.is_open(at) else at
        opens = usual.next_change(closes) if closes else None
        return usual.after(opens or at, span)

    def _word(self, at: datetime) -> Override | None:
        return self.override if self.override and self.override.holds(at) else None

    def _next(self, at: datetime) -> datetime | None:
        word = self._word(at)
        return word.until if word else self.timetable.next_change(at)


@dataclass(frozen=True, slots=True)
class HouseHours:
    """All queues of the house; `order_lookup.WorkingTime`, too."""

    zone: ZoneInfo
    timetables: Mapping[str, Timetable] = field(default_factory=dict)
    default: Timetable = field(default_factory=Always)
    overrides: Mapping[str, Override] = field(default_factory=dict)

    def of(self, queue: str) -> QueueHours:
        """The hours of one queue."""
        return QueueHours(self.timetables.get(queue, self.default), self.overrides.get(queue))

    def is_open(self, queue: str, at: datetime) -> bool:
        """Whether the queue lets callers in."""
        return self.of(queue).is_open(at)

    def after(self, queue: str, at: datetime, span: timedelta) -> datetime:
        """The moment at which so much of the queue's time of work has passed."""
        return self.of(queue).after(at, span)

    def standing(self, queue: str, at: datetime) -> Standing:
        """How the queue stands; its next change by the shop's clock."""
        hours, local = self.of(queue), at.astimezone(self.zone)
        change, word = hours.next_change(at), hours.override
        said_by = word.by if word and word.holds(at) else ""
        week = usual(hours.timetable, self.zone, local.date())
        return Standing(hours.is_open(at), change.astimezone(self.zone) if change else None, said_by, week)

    def facts(self, queues: frozenset[str], at: datetime) -> dict[str, Value]:
        """What a conversation knows of them: `hours.QUEUE` is open or closed; its usual hours, and when it opens."""
        known: dict[str, Value] = {}
        for queue in sorted(queues):
            now = self.standing(queue, at)
            known[f"hours.{queue}"] = "open" if now.open else "closed"
            known[f"hours.{queue}.week"] = now.week
            known[f"hours.{queue}.opens_at"] = None if now.open else now.until
        return known


@lru_cache(maxsize=256)
def usual(timetable: Timetable, zone: ZoneInfo, day: date) -> Week | None:
    """The hours of a common week, from the weeks that follow: a holiday in one of them changes nothing.

    A time past midnight is the evening's before. None: always open, for days on end, or too many kinds of days to be recited.
    """
    days = [day + timedelta(days=number) for number in range(7 * USUAL_WEEKS)]
    spans = {each: day_spans(timetable, zone, each) for each in days}
    if any(end - begin > DAY_MINUTES for of in spans.values() for begin, end in of):
        return None
    common = [Counter(spans[each] for each in days if each.weekday() == weekday) for weekday in range(7)]
    week = Week(tuple(each.most_common(1)[0][0] for each in common))
    kinds = [spans for spans, _ in groupby(week.days) if spans]
    return week if 0 < len(kinds) <= MOST_KINDS and kinds != [ALL_DAY] else None


def day_spans(timetable: Timetable, zone: ZoneInfo, day: date) -> tuple[tuple[int, int], ...]:
    """The spans that begin on a day, in minutes since its midnight; a day that is open from end to end is one of 1440."""
    midnight, ends = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
    found, at = [], midnight - timedelta(seconds=1)
    if timetable.is_open(at) and timetable.is_open(midnight) and not _closes(timetable, midnight, ends):
        return ALL_DAY
    while (change := timetable.next_change(at)) is not None and change < ends:
        if timetable.is_open(change):
            closes = timetable.next_change(change) or ends
            found.append((_minutes(midnight, change.astimezone(zone)), _minutes(midnight, closes.astimezone(zone))))
        at = change
    return tuple(found)


def _closes(timetable: Timetable, begin: datetime, end: datetime) -> bool:
    change = timetable.next_change(begin)
    return change is not None and change < end


def _minutes(midnight: datetime, at: datetime) -> int:
    """By the clock on the wall, beyond 1440 on the next day."""
    return (at.date() - midnight.date()).days * DAY_MINUTES + at.hour * 60 + at.minute
