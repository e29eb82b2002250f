"""Whom the robot calls back next, of all who were promised a call (pure; `now` is an input).

How it works: the earliest promise first, one call to a number however often it was promised. A number is called when a colleague who
may serve its queue is free and nobody waits in that queue, in the hours in which people may be called, and when what went before
allows it: no call to it goes on, the last one was long enough ago, and not too many were in vain since somebody last talked to them,
for whichever promise: who books calls to somebody else's telephone again and again doesn't make it ring again and again, and whoever
wanted no more calls gets none. After the last of those the promise stays on the colleagues' list: it is never dropped. So does one
that is overdue by a day.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ivr.handoff.queue import Agent, Waiting, may_serve
from ivr.values import Language

# What the calls that we place are said to have been made to; figures of callers leave them out.
CALLED = "callback"
# How a call to somebody ends who has talked to a colleague, and one to somebody who wants no more of them: both keep the promise.
TALKED, UNWANTED = "handled_by_agent", "unwanted"
# A caller had the line first, and the phone never rang: such an attempt is none.
PUT_OFF = "put_off"
HOUR_SECONDS = 3600.0
# Who waits for a call since yesterday deserves a human who looks into it first.
TOO_LATE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Promise:
    """A promised call; `name` tells it from all others, `call_id` is the call in which it was promised, `due_at` in epoch seconds."""

    name: str
    number: str
    queue: str
    due_at: float
    call_id: str = ""
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call to somebody who was promised one; `outcome` is empty while it goes on, `number` where the promise is open."""

    promise: str
    at: float
    outcome: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Who may be called, and how often: `numbers` are regular expressions of whole numbers, hours those of the shop's day."""

    numbers: tuple[str, ...]
    from_hour: int = 9
    until_hour: int = 21
    attempts: int = 3
    again_seconds: float = 900.0
    an_hour: int = 60

    def allow(self, number: str) -> bool:
        """Whether the robot may dial it at all; a figure is 0 to 9, in whatever script others are written."""
        return any(re.fullmatch(pattern, number, re.ASCII) for pattern in self.numbers)


def next_call(
    promises: Sequence[Promise],
    attempts: Iterable[Attempt],
    waiting: Collection[Waiting],
    free: Sequence[Agent],
    talking: Collection[str],
    now: float,
    hour: int,
    limits: Limits,
) -> Promise | None:
    """The promise to keep now; None while there is none. `talking` are the numbers that are in a call with us."""
    made = [attempt for attempt in attempts if attempt.outcome != PUT_OFF]
    if not limits.from_hour <= hour < limits.until_hour or _too_many(made, now, limits):
        return None
    number_of = {promise.name: promise.number for promise in promises}
    by_number: dict[str, list[Attempt]] = {}
    for attempt in made:
        by_number.setdefault(attempt.number or number_of.get(attempt.promise, ""), []).append(attempt)
    under_way = Counter(each.queue for each in promises if any(a.promise == each.name and not a.outcome for a in made))
    for promise in sorted(promises, key=lambda each: (each.due_at, each.name)):
        if promise.number in talking or promise.due_at < now - TOO_LATE_SECONDS or not limits.allow(promise.number):
            continue
        if _may_again(by_number.get(promise.number, []), now, limits) and _someone_free(
            promise, waiting, free, under_way
        ):
            return promise
    return None


def _too_many(attempts: Sequence[Attempt], now: float, limits: Limits) -> bool:
    return sum(attempt.at > now - HOUR_SECONDS for attempt in attempts) >= limits.an_hour


def _may_again(attempts: Sequence[Attempt], now: float, limits: Limits) -> bool:
    talked_at = max((attempt.at for attempt in attempts if attempt.outcome == TALKED), default=-1.0)
    in_vain = [attempt.outcome for attempt in attempts if attempt.at > talked_at]
    if "" in in_vain or UNWANTED in in_vain or len(in_vain) >= limits.attempts:
        return False
    return all(attempt.at + limits.again_seconds <= now for attempt in attempts)


def _someone_free(
    promise: Promise, waiting: Collection[Waiting], free: Sequence[Agent], under_way: Mapping[str, int]
) -> bool:
    """More free colleagues than calls that are on their way to them; who waits on the line goes first."""
    if any(call.queue == promise.queue for call in waiting):
        return False
    wanted = Waiting(0, promise.queue, 0.0, promise.language)
    return sum(may_serve(agent, wanted) for agent in free) > under_way.get(promise.queue, 0)
