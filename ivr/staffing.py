"""What agents' time went into, and how much of it was work: pure, of states that somebody has read (`records/tallies.py`).

handling      talk (hold in it) and wrap-up; a phone that rings is waiting, as in the handle time of `traffic.py`
ready         handling, or waiting for a call: available, or the phone rings
signed in     ready or away; offline is nobody's time, and so is what a dead worker left unknown
occupancy     handling ÷ ready: how busy who takes calls is
utilisation   ready ÷ signed in: how much of the time at work is there for callers. The trade divides by paid time; no shift
              plan is known here, so what is paid and not signed in is missing
missed        times a phone rang out, or was picked up and no key pressed
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from ivr.traffic import day_begins

STATES = ("available", "ringing", "on_call", "wrap_up", "away")
MISSED = ("no_answer", "no_key")


@dataclass(frozen=True, slots=True)
class Move:
    """An agent came into a state."""

    agent: str
    at: float
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """How long an agent was in a state; `entered`: the stay began then, and was not only gone on with."""

    agent: str
    state: str
    begins: float
    ends: float
    reason: str = ""
    entered: bool = True


@dataclass(frozen=True, slots=True)
class StaffTime:
    """Seconds of one agent, or of all together, by state."""

    available: float = 0.0
    ringing: float = 0.0
    on_call: float = 0.0
    wrap_up: float = 0.0
    away: float = 0.0
    missed: int = 0

    @property
    def handling(self) -> float:
        """Talking and wrapping up."""
        return self.on_call + self.wrap_up

    @property
    def ready(self) -> float:
        """There for callers."""
        return self.handling + self.available + self.ringing

    @property
    def signed_in(self) -> float:
        """At work, breaks included."""
        return self.ready + self.away

    @property
    def occupancy(self) -> float | None:
        """The share of ready time that was spent on callers; None without any."""
        return self.handling / self.ready if self.ready else None

    @property
    def utilisation(self) -> float | None:
        """The share of signed-in time that was there for callers; None without any."""
        return self.ready / self.signed_in if self.signed_in else None


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent's time, and what came of their talks: those of calls that began in the time."""

    agent: str
    time: StaffTime = field(default_factory=StaffTime)
    talks: int = 0
    handled: int = 0
    handled_seconds: float = 0.0
    passed_on: int = 0
    scores: int = 0
    score_total: int = 0

    @property
    def handle_seconds(self) -> float | None:
        """How long a talk with its wrap-up takes, on average; None without any that is over."""
        return self.handled_seconds / self.handled if self.handled else None

    @property
    def satisfaction(self) -> float | None:
        """The mean score of the calls in which they were the last to talk."""
        return self.score_total / self.scores if self.scores else None


def told_of_agent(each: AgentFigures) -> dict[str, str | float | int | None]:
    """By name, as files and programs get it: rates to a thousandth, seconds to a tenth."""
    time = each.time
    seconds = {f"{state}_seconds": round(getattr(time, state), 1) for state in (*STATES, "signed_in", "ready")}
    rates = {"occupancy": (time.occupancy, 3), "utilisation": (time.utilisation, 3)}
    rates |= {"handle_seconds": (each.handle_seconds, 1), "satisfaction": (each.satisfaction, 2)}
    means = {name: None if value is None else round(value, digits) for name, (value, digits) in rates.items()}
    counts = {"talks": each.talks, "passed_on": each.passed_on, "missed": time.missed, "scores": each.scores}
    return {"agent": each.agent, **seconds, **counts, **means}


def stays(moves: Iterable[Move], since: float, before: float) -> list[Stay]:
    """What each agent did between two moments; `moves` in order, of each agent the last before `since` among them."""
    found: list[Stay] = []
    for agent, theirs in groupby(sorted(moves, key=lambda move: (move.agent, move.at)), lambda move: move.agent):
        line = list(theirs)
        ends = [move.at for move in line[1:]] + [before]
        for move, end in zip(line, ends, strict=True):
            begins, over = max(move.at, since), min(end, before)
            if over > begins or since <= move.at < before:
                found.append(Stay(agent, move.state, begins, max(begins, over), move.reason, move.at >= since))
    return found


def spent(time: Iterable[Stay]) -> StaffTime:
    """The sum of some stays."""
    seconds = dict.fromkeys(STATES, 0.0)
    missed = 0
    for stay in time:
        if stay.state in seconds:
            seconds[stay.state] += stay.ends - stay.begins
        missed += stay.entered and stay.state == "away" and stay.reason in MISSED
    return StaffTime(**seconds, missed=missed)


def cut(stay: Stay, grouping: str, zone: ZoneInfo) -> Iterator[Stay]:
    """The stay in pieces, none of which is in two hours, or days, of the clock."""
    begins, entered = stay.begins, stay.entered
    while True:
        ends = min(stay.ends, _NEXT[grouping](begins, zone))
        yield Stay(stay.agent, stay.state, begins, ends, stay.reason, entered)
        if ends >= stay.ends:
            return
        begins, entered = ends, False


def _next_hour(at: float, zone: ZoneInfo) -> float:
    local = datetime.fromtimestamp(at, zone)
    return at + 3600.0 - (local.minute * 60 + local.second + local.microsecond / 1e6)


def _next_day(at: float, zone: ZoneInfo) -> float:
    return day_begins(datetime.fromtimestamp(at, zone).date() + timedelta(days=1), zone)


_NEXT: dict[str, Callable[[float, ZoneInfo], float]] = {"hour": _next_hour, "day": _next_day}
