"""What a call centre counts, and by what: pure, of facts that somebody has read (`records/traffic.py`).

Counted are calls that have ended, where they began (a call over midnight is all of the day before), with all that came of them.

calls            that ended; of them `said_nothing` hung up without a word or a key, `line_lost` went down with their worker
self-service     served by the robot alone ÷ calls judged (all but those from before there was a judgement)
asked            times a caller waited for a human, in the queue asked for first; who is passed on doesn't ask anew
answered         a human had the caller; speed of answer: from asking to the first human, its mean over those answered
in time          answered within TARGET_SECONDS; service level: in time ÷ asked, those left out who hung up within SHORT_SECONDS
gave_up          hung up while waiting, before any human; abandonment: gave_up ÷ asked, with the same left out on both sides
otherwise        asked and neither answered nor given up: a callback or a message instead, back to the robot, broken, lost
out of hours     wanted a human of a closed queue: told when it opens, neither asked nor answered (who waited when it closed has asked)
handled          talks whose wrap-up is over; handle time: the mean of talk (with hold) and wrap-up
satisfaction     the mean of scores given, 1 to 5; `low` are 1 and 2; `low_…` of these, by what their review found wrong
first contact    calls that can be judged and are no return; resolved: nobody came back about the same (`first_contact.py`)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

TARGET_SECONDS = 20.0
SHORT_SECONDS = 5.0
LOW_SCORE = 2
# What a low score was about, as its review says.
CAUSES = ("robot", "agent", "policy", "goods", "delivery", "other")


class Grouping(StrEnum):
    """What figures are told by."""

    HOUR = "hour"
    DAY = "day"
    QUEUE = "queue"
    ABOUT = "about"
    LANGUAGE = "language"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Wait:
    """Once that a caller asked for a human: the queue, how long until a human or the end of waiting, and how that ended.

    `out_of_hours`: the queue was closed, and nobody was promised them.
    """

    queue: str
    seconds: float
    answered: bool
    outcome: str
    handled_seconds: tuple[float, ...] = ()
    out_of_hours: bool = False


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One call that has ended."""

    began_at: float
    language: str
    about: str
    disposition: str
    self_served: bool | None
    said_nothing: bool
    human: bool
    satisfaction: int | None = None
    waits: tuple[Wait, ...] = ()
    resolved: bool | None = None  # at the first contact; None of returns, and while it can't be known
    cause: str = ""  # of a low score, once it was reviewed


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some calls; a rate or mean is None where there is nothing to take it of."""

    calls: int
    judged: int
    self_served: int
    with_human: int
    said_nothing: int
    line_lost: int
    asked: int
    answered: int
    in_time: int
    gave_up: int
    gave_up_at_once: int
    out_of_hours: int
    waited_seconds: float
    handled: int
    handled_seconds: float
    scores: int
    score_total: int
    low_scores: int
    first_contacts: int
    resolved: int
    low_robot: int
    low_agent: int
    low_policy: int
    low_goods: int
    low_delivery: int
    low_other: int

    @property
    def self_service_rate(self) -> float | None:
        """The share of judged calls that the robot served alone."""
        return _share(self.self_served, self.judged)

    @property
    def speed_of_answer_seconds(self) -> float | None:
        """How long those waited whom a human had, on average."""
        return _share(self.waited_seconds, self.answered)

    @property
    def service_level(self) -> float | None:
        """The share of those who asked for a human that had one in time."""
        return _share(self.in_time, self.asked - self.gave_up_at_once)

    @property
    def abandonment_rate(self) -> float | None:
        """The share of those who asked for a human that hung up before."""
        return _share(self.gave_up - self.gave_up_at_once, self.asked - self.gave_up_at_once)

    @property
    def handle_seconds(self) -> float | None:
        """How long a talk with its wrap-up takes, on average."""
        return _share(self.handled_seconds, self.handled)

    @property
    def satisfaction(self) -> float | None:
        """The mean score."""
        return _share(self.score_total, self.scores)

    @property
    def first_contact_resolution(self) -> float | None:
        """The share of first contacts after which nobody came back about the same."""
        return _share(self.resolved, self.first_contacts)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def count(calls: Iterable[CallFacts]) -> Figures:
    """The figures of these calls."""
    every = list(calls)
    wished = [wait for call in every for wait in call.waits]
    waits = [wait for wait in wished if not wait.out_of_hours]
    answered = [wait for wait in waits if wait.answered]
    gave_up = [wait for wait in waits if not wait.answered and wait.outcome == "abandoned"]
    handled = [seconds for wait in waits for seconds in wait.handled_seconds]
    scores = [call.satisfaction for call in every if call.satisfaction is not None]
    return Figures(
        calls=len(every),
        judged=sum(call.self_served is not None for call in every),
        self_served=sum(call.self_served is True for call in every),
        with_human=sum(call.human for call in every),
        said_nothing=sum(call.said_nothing for call in every),
        line_lost=sum(call.disposition == "line_lost" for call in every),
        asked=len(waits),
        answered=len(answered),
        in_time=sum(wait.seconds <= TARGET_SECONDS for wait in answered),
        gave_up=len(gave_up),
        gave_up_at_once=sum(wait.seconds <= SHORT_SECONDS for wait in gave_up),
        out_of_hours=len(wished) - len(waits),
        waited_seconds=sum(wait.seconds for wait in answered),
        handled=len(handled),
        handled_seconds=sum(handled),
        scores=len(scores),
        score_total=sum(scores),
        low_scores=sum(score <= LOW_SCORE for score in scores),
        first_contacts=sum(call.resolved is not None for call in every),
        resolved=sum(call.resolved is True for call in every),
        **{f"low_{cause}": sum(call.cause == cause for call in every) for cause in CAUSES},
    )


def by(grouping: str, calls: Iterable[CallFacts], zone: ZoneInfo) -> list[tuple[str, Figures]]:
    """The figures of each group, in order; by queue, a call counts wherever it waited, and as "" where nowhere."""
    groups: dict[str, list[CallFacts]] = {}
    for call in calls:
        for name, part in _parts(grouping, call, zone):
            groups.setdefault(name, []).append(part)
    names = (
        list(groups) if grouping in ("hour", "day") else sorted(groups)
    )  # calls come in the order of their beginning
    return [(name, count(groups[name])) for name in names]


def _parts(grouping: str, call: CallFacts, zone: ZoneInfo) -> Sequence[tuple[str, CallFacts]]:
    if grouping != "queue":
        return [(GROUPINGS[grouping](call, zone), call)]
    queues = {wait.queue for wait in call.waits}
    return [(queue, _waiting_in(call, queue)) for queue in queues] or [("", call)]


def _waiting_in(call: CallFacts, queue: str) -> CallFacts:
    return replace(call, waits=tuple(wait for wait in call.waits if wait.queue == queue))


def _moment(call: CallFacts, zone: ZoneInfo, form: str) -> str:
    return datetime.fromtimestamp(call.began_at, zone).strftime(form)


# An hour is told with its distance from UTC: when clocks are put back, there are two of the same name.
NAMES_OF_TIMES = {"hour": "%Y-%m-%d %H:00 %z", "day": "%Y-%m-%d"}

GROUPINGS: dict[str, Callable[[CallFacts, ZoneInfo], str]] = {
    "hour": lambda call, zone: _moment(call, zone, NAMES_OF_TIMES["hour"]),
    "day": lambda call, zone: _moment(call, zone, NAMES_OF_TIMES["day"]),
    "queue": lambda call, _: "",
    "about": lambda call, _: call.about,
    "language": lambda call, _: call.language,
    "ended": lambda call, _: call.disposition,
}


def day_begins(day: date, zone: ZoneInfo) -> float:
    """The first moment of a day in a zone; where clocks are changed, days are 23 or 25 hours long."""
    return datetime.combine(day, time(), zone).timestamp()


def same_time(now: float, zone: ZoneInfo, days_before: int) -> tuple[float, float]:
    """From midnight to the same time by the clock, so many days before."""
    local = datetime.fromtimestamp(now, zone)
    day = local.date() - timedelta(days=days_before)
    return day_begins(day, zone), now if not days_before else datetime.combine(day, local.time(), zone).timestamp()


def told(figures: Figures) -> dict[str, float | int | None]:
    """Counts, rates and means by name, as files and programs get them: rates to a thousandth, seconds to a tenth."""
    means = {
        "self_service_rate": (figures.self_service_rate, 3),
        "service_level": (figures.service_level, 3),
        "abandonment_rate": (figures.abandonment_rate, 3),
        "speed_of_answer_seconds": (figures.speed_of_answer_seconds, 1),
        "handle_seconds": (figures.handle_seconds, 1),
        "satisfaction": (figures.satisfaction, 2),
        "first_contact_resolution": (figures.first_contact_resolution, 3),
    }
    rounded = {name: None if value is None else round(value, digits) for name, (value, digits) in means.items()}
    counts = {name: number for name, number in asdict(figures).items() if name not in _TOTALS}
    return counts | rounded


_TOTALS = ("waited_seconds", "handled_seconds", "score_total")
