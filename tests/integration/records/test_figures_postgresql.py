"""The figures of a known day on PostgreSQL: the same as on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ivr.records import stuck, traffic
from ivr.records.database import open_database
from ivr.traffic import count
from tests.unit.records.test_tallies import the_week_is_counted_as_it_was
from tests.unit.records.working_day import KINDS, WorkingDay, play_all
from tests.unit.records.working_week import open_week

pytestmark = pytest.mark.integration


async def test_a_known_day_is_counted_as_it_was(postgres: Callable[[], str], tmp_path: Path) -> None:
    engine = open_database(postgres())
    day = WorkingDay(engine, tmp_path)
    truth = await play_all(day, [1e9 + 40_000.0 * number for number in range(len(KINDS))])
    day.records.close()
    with Session(engine) as session:
        counted = asdict(count(traffic.calls(session, 0.0, 4e9)))
        (opening,) = stuck.steps(session, 0.0, 4e9)[:1]
    engine.dispose()
    assert counted == {name: pytest.approx(truth[name]) for name in counted}
    assert (opening.name, opening.understood, opening.to_human) == ("hotline.open_question", 16, 14)


async def test_a_known_week_is_counted_as_it_was(postgres: Callable[[], str], tmp_path: Path) -> None:
    url = postgres()
    engine = open_database(url)
    week = open_week(engine, url, tmp_path)
    await the_week_is_counted_as_it_was(week)
    week.close()
    engine.dispose()
