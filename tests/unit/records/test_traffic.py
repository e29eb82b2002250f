"""The figures of a day whose outcome is known, wherever they are told; by hour and day, over midnight and changes of clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.console import figures as metrics
from ivr.records import stuck, traffic
from ivr.records.database import open_database
from ivr.records.journal import SqlRecords
from ivr.records.outcomes import outcomes
from ivr.records.tables import CallRow
from ivr.traffic import CallFacts, Figures, Wait, by, count, day_begins, same_time
from tests.unit.records.working_day import KINDS, WorkingDay, play_all

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
EVER = 4e9


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


async def test_every_figure_of_a_known_day(engine: Engine, tmp_path: Path) -> None:
    opened = day_begins(MONDAY, SHANGHAI) + 9 * 3600.0
    day = WorkingDay(engine, tmp_path)
    truth = await play_all(day, [opened + 1200.0 * number for number in range(2 * len(KINDS))])
    day.now = opened + 50_000.0
    day.begin("still-going")
    await day.records.flush()
    with Session(engine) as session:
        found = traffic.calls(session, 0.0, EVER)
        counted, told = count(found), outcomes(session)
        families = {family.name: family for family in metrics.figures(session, day.now)}
    assert asdict(counted) == {name: pytest.approx(truth[name]) for name in asdict(counted)}
    # The same words, the same numbers: what has no interval (/metrics) and what has.
    assert (told.ended, told.judged, told.self_served) == (counted.calls, counted.judged, counted.self_served)
    assert (told.with_human, told.line_lost) == (counted.with_human, counted.line_lost)
    assert told.self_service_rate == counted.self_service_rate
    talked = families["hotline_talk_seconds"].samples[0].value
    assert talked == pytest.approx(2 * (100 + 200 + 300 + 90 + 100 + 50 + 100 + 40))
    assert families["hotline_calls_live"].samples[0].value == 1
    day.records.close()


async def test_groups_add_up_to_the_whole(engine: Engine, tmp_path: Path) -> None:
    day = WorkingDay(engine, tmp_path)
    await play_all(day, [day_begins(MONDAY, SHANGHAI) + 1800.0 * number for number in range(len(KINDS))])
    with Session(engine) as session:
        found = traffic.calls(session, 0.0, EVER)
    day.records.close()
    whole = count(found)
    for grouping in ("hour", "day", "about", "language", "ended"):
        groups = [figures for _, figures in by(grouping, found, SHANGHAI)]
        for name in asdict(whole):
            assert sum(getattr(each, name) for each in groups) == pytest.approx(getattr(whole, name)), (grouping, name)
    queues = dict(by("queue", found, SHANGHAI))
    assert set(queues) == {"", "after_sales", "general"}
    assert sum(each.asked for each in queues.values()) == whole.asked
    assert (queues["after_sales"].asked, queues[""].asked) == (2, 0)  # passed on is where it was asked for first


async def test_where_callers_get_stuck(engine: Engine, tmp_path: Path) -> None:
    day = WorkingDay(engine, tmp_path)
    await play_all(day, [1e9 + 40_000.0 * number for number in range(len(KINDS))])
    day.begin("number")
    day.hear("number", "no_match", "find_order.number")
    day.hear("number", "no_input", "find_order.number")
    day.records.line("number", "robot", "订单号？", 9.0, {"step": "find_order.number"})
    day.end("number", "caller_hung_up")
    await day.records.flush()
    with Session(engine) as session:
        found = {step.name: step for step in stuck.steps(session, 0.0, EVER)}
    day.records.close()
    opening, number = found["hotline.open_question"], found["find_order.number"]
    assert (number.understood, number.not_understood, number.silent, number.to_human, number.hung_up) == (0, 1, 1, 0, 1)
    assert number.understood_rate == 0.0
    assert (opening.understood, opening.not_understood, opening.to_human, opening.hung_up) == (17, 1, 14, 2)
    assert next(iter(found)) == "hotline.open_question"


async def test_a_language_changed_in_the_call_is_the_calls(engine: Engine, tmp_path: Path) -> None:
    records = SqlRecords(engine, "w", tmp_path / "spill")
    records.started("c1", "13800004567", "hotline", "zh", "1")
    records.event("c1", "language", {"language": "en"})
    await records.flush()
    records.close()
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").language == "en"


def call(at: datetime, *waits: Wait) -> CallFacts:
    return CallFacts(at.timestamp(), "zh", "", "settled", False, False, False, None, waits)


def test_a_call_over_midnight_is_of_the_day_it_began_in() -> None:
    late = call(datetime(2026, 11, 23, 15, 59, 30, tzinfo=UTC))  # 23:59:30 in Shanghai, the same morning in New York
    assert [name for name, _ in by("day", [late], SHANGHAI)] == ["2026-11-23"]
    assert [name for name, _ in by("hour", [late], SHANGHAI)] == ["2026-11-23 23:00 +0800"]
    assert [name for name, _ in by("hour", [late], NEW_YORK)] == ["2026-11-23 10:00 -0500"]


def test_the_hour_that_comes_twice_is_two_hours_and_days_are_as_long_as_they_are() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    calls = [call(first), call(first + timedelta(hours=1)), call(first + timedelta(hours=2))]
    names = [(name, figures.calls) for name, figures in by("hour", calls, NEW_YORK)]
    assert sorted(names) == [
        ("2026-11-01 01:00 -0400", 1), ("2026-11-01 01:00 -0500", 1), ("2026-11-01 02:00 -0500", 1),
    ]  # fmt: skip
    assert day_begins(date(2026, 11, 2), NEW_YORK) - day_begins(date(2026, 11, 1), NEW_YORK) == 25 * 3600
    assert day_begins(date(2026, 3, 9), NEW_YORK) - day_begins(date(2026, 3, 8), NEW_YORK) == 23 * 3600


def test_the_same_time_of_another_day_is_by_the_clock() -> None:
    now = datetime(2026, 11, 2, 10, 30, tzinfo=NEW_YORK).timestamp()
    since, until = same_time(now, NEW_YORK, 7)
    assert datetime.fromtimestamp(since, NEW_YORK).isoformat() == "2026-10-26T00:00:00-04:00"
    assert datetime.fromtimestamp(until, NEW_YORK).isoformat() == "2026-10-26T10:30:00-04:00"
    assert same_time(now, NEW_YORK, 0) == (day_begins(date(2026, 11, 2), NEW_YORK), now)


def test_rates_leave_out_who_hung_up_at_once_and_say_nothing_of_nothing() -> None:
    nobody = count([])
    assert (nobody.service_level, nobody.abandonment_rate, nobody.handle_seconds, nobody.satisfaction) == (None,) * 4
    waits = (
        Wait("q", 20.0, True, "completed"), Wait("q", 20.1, True, "completed"), Wait("q", 60.0, False, "abandoned"),
        Wait("q", 5.0, False, "abandoned"), Wait("q", 90.0, False, "callback"),
    )  # fmt: skip
    told: Figures = count([call(datetime(2026, 11, 23, tzinfo=UTC), *waits)])
    assert (told.asked, told.answered, told.in_time, told.gave_up, told.gave_up_at_once) == (5, 2, 1, 2, 1)
    assert (told.service_level, told.abandonment_rate) == (0.25, 0.25)
    assert told.speed_of_answer_seconds == pytest.approx(20.05)


def test_a_call_that_we_placed_is_no_callers_call(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        for number, called in enumerate(("hotline", "callback")):
            session.add(
                CallRow(id=f"c{number}", called=called, started_at=5.0, ended_at=9.0, self_served=False, case={})
            )
    with Session(engine) as session:
        assert count(traffic.calls(session, 0.0, EVER)).calls == 1
        assert outcomes(session).ended == 1
