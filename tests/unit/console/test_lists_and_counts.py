"""What the pages count is what there is, not what is shown of it; a review stands as it was given first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.console import actions, reading
from ivr.ports import Caller
from ivr.records import reviews, traffic
from ivr.records.database import open_database
from ivr.records.staff import AuditRow
from ivr.records.tables import CallRow
from order_lookup import CallerRef, SqlOrderSystem, TicketRequest, service
from order_lookup.clerk import Clerk
from tests.unit.records.working_day import WorkingDay


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


def test_more_low_scores_than_are_shown_are_all_counted(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        for number in range(40):
            session.add(CallRow(id=f"c{number}", started_at=float(number), ended_at=99.0, satisfaction=1 + number % 4))
    with Session(engine) as session:
        assert (reading.low_score_count(session), len(reading.low_scores(session, 10))) == (20, 10)


def test_a_call_longer_than_an_hour_is_under_way_until_it_ends(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(CallRow(id="long", started_at=1.0))
        session.add(CallRow(id="over", started_at=2.0, ended_at=3.0))
    with Session(engine) as session:
        assert reading.live_count(session) == 1
        assert [call.id for call in reading.calls(session, True, 50, None)] == ["long"]


async def test_whoever_reviewed_a_low_score_first_stands(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(CallRow(id="c1", started_at=1.0, ended_at=2.0, satisfaction=1))

    async def write(what: Any) -> Any:
        with Session(engine) as session, session.begin():
            return what(session, 5.0)

    kept = []
    for name, cause in (("sue", "policy"), ("olaf", "agent")):  # olaf's page still showed it
        screen: Any = SimpleNamespace(viewer=SimpleNamespace(name=name), house=SimpleNamespace(write=write))
        kept.append(await actions.reviewed(screen, "c1", cause, "退款被拒，客户电话 13800004567"))
    with Session(engine) as session:
        found = reviews.review_of(session, "c1")
        assert session.scalars(select(AuditRow.account)).all() == ["sue"]
        (counted,) = traffic.calls(session, 0.0, 9.0)
    assert kept == [True, False]
    assert found is not None
    assert (found.by, found.cause, counted.cause) == ("sue", "policy", "policy")
    assert "退款被拒" in found.note
    assert "13800004567" not in found.note


async def test_an_overdue_ticket_is_listed_however_many_more_urgent_ones_are_in_time(tmp_path: Path) -> None:
    desk = await SqlOrderSystem.open(f"sqlite:///{tmp_path / 'orders.db'}")
    now, policies = datetime.now(UTC), desk.policies.values

    def open_them(session: Session) -> str:
        for number in range(210):
            urgent = TicketRequest(CallerRef(f"c{number}", ""), "personal_safety", "safety/person", "…", None)
            service.open_ticket(session, urgent, now, policies)
        late = TicketRequest(CallerRef("late", ""), "invoice", "other/question", "…", None)
        return service.open_ticket(session, late, now - timedelta(days=9), policies).number

    number = await desk.database.write(open_them)
    assert number not in [ticket.number for ticket in await Clerk(desk).tickets()]
    count, late = await Clerk(desk).late_tickets()
    assert (count, [ticket.number for ticket in late]) == (1, [number])
    await desk.close()


async def test_who_was_passed_on_waits_since_then_and_not_through_the_talk(engine: Engine, tmp_path: Path) -> None:
    day = WorkingDay(engine, tmp_path)
    day.now = 1000.0
    day.begin("c1")
    handoff = await day.ask("c1")
    await day.answered(handoff, "anna", 5.0)
    await day.talked(handoff, "anna", 1800.0, 0.0, "passed_on")
    await day.queue.enter("c1", "after_sales", "", "zh", 4, "agent", Caller("13800004567"))
    with Session(engine) as session:
        strip, (queued,), call = (
            reading.strip(session),
            reading.queue(session, day.now + 7.0),
            reading.call(session, "c1"),
        )
    day.records.close()
    assert (strip.waiting, strip.longest_since) == (1, day.now)
    assert (queued.waits_since, queued.enqueued_at) == (day.now, 1010.0)
    assert call is not None
    assert call.handoff is not None
    assert call.handoff.waits_since == day.now
