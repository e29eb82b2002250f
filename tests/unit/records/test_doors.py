"""What supervisors say of a queue, on real tables: it goes before the timetable in every process, and is forgotten when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.hours import HouseHours
from ivr.records import doors
from ivr.records.database import open_database
from ivr.records.doors import LiveHours
from ivr.records.queue import SqlQueue
from ivr.records.tables import EventRow, HandoffRow
from ivr.timetable import OsmTimetable

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=ZONE).timestamp()
QUEUES = frozenset({"general", "safety"})


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hours(engine: Engine, clock: Clock) -> LiveHours:
    house = HouseHours(ZONE, {"general": OsmTimetable("Mo-Su 09:00-21:00", ZONE)})
    return LiveHours(engine, house, QUEUES, 5.0, clock)


def say(engine: Engine, queue: str, opened: bool, until: float | None) -> None:
    with Session(engine) as session, session.begin():
        doors.say(session, queue, opened, until, "sue", NOON)


async def test_a_supervisors_word_holds_until_its_time_is_over(engine: Engine, hours: LiveHours, clock: Clock) -> None:
    assert hours.standing("general").open
    say(engine, "general", False, NOON + 900.0)
    assert hours.standing("general").open, "until it was looked for"
    await hours.look()
    now = hours.standing("general")
    assert (now.open, now.by, now.until) == (False, "sue", datetime.fromtimestamp(NOON + 900.0, UTC))
    assert hours.facts()["hours.general"] == "closed"
    assert hours.after("general", hours.now(), timedelta(minutes=30)).timestamp() == NOON + 900.0 + 1800.0
    clock.now += 900.0
    assert hours.standing("general").open, "the moment it is over, whether or not anybody looked"
    assert hours.standing("general").by == ""


async def test_the_last_word_counts_and_can_be_taken_back(engine: Engine, hours: LiveHours) -> None:
    say(engine, "general", False, None)
    say(engine, "general", True, NOON + 36_000.0)
    await hours.look()
    assert hours.standing("general").until == datetime.fromtimestamp(NOON + 36_000.0, UTC)
    with Session(engine) as session, session.begin():
        assert doors.take_back(session, "general", NOON)
        assert not doors.take_back(session, "general", NOON)
        told = [row.data["queue"] for row in session.scalars(select(EventRow).where(EventRow.kind == "hours"))]
    assert told == ["general"] * 3, "every screen hears of it"
    await hours.look()
    assert hours.standing("general").by == ""


async def test_those_who_wait_are_to_be_told_in_the_last_minutes(hours: LiveHours, clock: Clock) -> None:
    closes = datetime(2026, 11, 24, 21, 0, tzinfo=ZONE)
    for minutes, told in ((6, None), (5, closes), (1, closes), (0, None)):
        clock.now = closes.timestamp() - 60.0 * minutes
        assert hours.closes_soon("general") == told
    assert hours.closes_soon("safety") is None


async def test_who_comes_out_of_hours_holds_no_agent_back(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    late = await queue.enter("c1", "general", "", "zh", 5, "asked_for", out_of_hours=True)
    with Session(engine) as session:
        row = session.get_one(HandoffRow, late)
        assert (row.out_of_hours, row.asked_at) == (True, 0.0)
    await queue.enter("c1", "senior", "", "zh", 5, "asked_for")
    with Session(engine) as session:
        row = session.get_one(HandoffRow, late)
        assert (row.queue, row.asked_at) == ("senior", NOON)
