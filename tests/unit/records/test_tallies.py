"""Agents' hours, first contacts and promises of a week whose outcome is known; and what is cut where hours and days change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.first_contact import Contact, resolved
from ivr.records import tallies as tallies_of
from ivr.records.agent_figures import agent_figures
from ivr.records.database import open_database
from ivr.staffing import Move, Stay, cut, spent, stays
from ivr.tally import tallies, tally, told
from tests.unit.records.working_week import (
    ANNA,
    BERT,
    CALLBACKS,
    FIRST_CONTACTS,
    LOOKED_AT,
    MONDAY_BEGINS,
    OCCUPANCY,
    OCCUPANCY_AT_TEN,
    RESOLVED,
    TICKETS,
    UTILISATION,
    UTILISATION_AT_TEN,
    ZONE,
    Week,
    agents_work,
    callers_come,
    open_week,
    promises_are_made,
)

DAY = 86_400.0


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Week]:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    engine: Engine = open_database(url)
    made = open_week(engine, url, tmp_path)
    yield made
    made.close()
    engine.dispose()


async def test_a_known_week_is_counted_as_it_was(week: Week) -> None:
    await the_week_is_counted_as_it_was(week)


async def the_week_is_counted_as_it_was(week: Week) -> None:
    """On whichever database it was played."""
    await agents_work(week)
    truth = callers_come(week)
    promises_are_made(week)
    with Session(week.engine) as session:
        facts = tallies_of.facts(session, MONDAY_BEGINS, MONDAY_BEGINS + 8 * DAY, LOOKED_AT, 3, False)
        known = tallies_of.contacts(session, 0.0, 4e9)
        agents = {each.agent: each for each in agent_figures(session, MONDAY_BEGINS, MONDAY_BEGINS + DAY, LOOKED_AT)}
        at_first = resolved(known, 3 * DAY, LOOKED_AT)
    assert {call: at_first.get(call) for call in truth} == truth
    whole = tally(facts)
    assert (whole.figures.first_contacts, whole.figures.resolved) == (FIRST_CONTACTS, RESOLVED)
    assert (whole.figures.low_scores, whole.figures.low_policy, whole.figures.low_robot) == (1, 1, 0)
    assert {name: asdict(agents[name].time) for name in ("anna", "bert")} == {"anna": ANNA, "bert": BERT}
    anna = agents["anna"]
    assert (anna.talks, anna.handle_seconds, anna.scores, anna.satisfaction) == (1, 720.0, 1, 2.0)
    assert whole.staff.occupancy == pytest.approx(OCCUPANCY)
    assert whole.staff.utilisation == pytest.approx(UTILISATION)
    for counted, promised in ((whole.callbacks, CALLBACKS), (whole.tickets, TICKETS)):
        assert (counted.due, counted.in_time) == (promised["due"], promised["in_time"])
        assert (counted.early_seconds, counted.late_seconds) == (promised["early"], promised["late"])
    hours = dict(tallies("hour", facts, ZONE))
    at_ten, at_noon = hours["2026-11-09 10:00 +0800"], hours["2026-11-10 12:00 +0800"]
    assert at_ten.staff.occupancy == pytest.approx(OCCUPANCY_AT_TEN)
    assert at_ten.staff.utilisation == pytest.approx(UTILISATION_AT_TEN)
    assert (at_noon.callbacks.due, at_noon.tickets.due, at_noon.staff.signed_in) == (4, 2, 0.0)
    assert sum(each.staff.available for each in hours.values()) == pytest.approx(whole.staff.available)
    assert (told(whole)["callbacks_in_time_rate"], told(whole)["callbacks_needless"]) == (0.6, 2)
    assert dict(tallies("queue", facts, ZONE))["general"].callbacks.due == 5


def test_of_a_young_call_nothing_is_said(week: Week) -> None:
    callers_come(week)
    with Session(week.engine) as session:
        young = tallies_of.facts(session, MONDAY_BEGINS, MONDAY_BEGINS + 8 * DAY, MONDAY_BEGINS + 3 * DAY, 3, False)
        longer = tallies_of.facts(session, MONDAY_BEGINS, MONDAY_BEGINS + 8 * DAY, LOOKED_AT + 30 * DAY, 7, False)
    assert tally(young).figures.first_contact_resolution is None
    assert {call.resolved for call in young.calls} == {None}
    # Within seven days e2 is the return of e1, and b3 and a3 are judged as before.
    assert (tally(longer).figures.first_contacts, tally(longer).figures.resolved) == (7, 3)


def test_one_number_for_everybody_is_still_counted_in_a_moment() -> None:
    """A trunk that shows its own number for whoever calls: a week of a busy hotline."""
    calls = [Contact(f"c{n}", 20.0 * n, 20.0 * n + 90.0, "4008001234", None, n, "invoice") for n in range(10_000)]
    began = time.process_time()
    judged = resolved(calls, 3 * DAY, 4e9)
    assert time.process_time() - began < 5.0
    assert (len(judged), all(judged.values())) == (10_000, True)


def test_what_goes_on_is_counted_until_now_and_from_the_period_on() -> None:
    moves = [Move("anna", 0.0, "available"), Move("anna", 50.0, "on_call"), Move("bert", 20.0, "offline")]
    assert spent(stays(moves, 10.0, 100.0)).available == 40.0
    assert spent(stays(moves, 10.0, 100.0)).occupancy == pytest.approx(50.0 / 90.0)
    assert spent(stays([], 10.0, 100.0)).utilisation is None


def test_what_a_dead_worker_left_unknown_is_nobodys_time() -> None:
    moves = [Move("anna", 0.0, "on_call"), Move("anna", 60.0, "unknown"), Move("anna", 36_000.0, "wrap_up")]
    time = spent(stays(moves, 0.0, 36_100.0))
    assert (time.on_call, time.wrap_up, time.ready) == (60.0, 100.0, 160.0)


def test_a_call_missed_at_midnight_is_missed_once() -> None:
    zone = ZoneInfo("America/New_York")
    stay = Stay("anna", "away", 5 * 3600.0 - 10.0, 7 * 3600.0, "no_answer")
    hours, days = list(cut(stay, "hour", zone)), list(cut(stay, "day", zone))
    assert [piece.ends - piece.begins for piece in hours] == [10.0, 3600.0, 3600.0]
    assert [piece.ends - piece.begins for piece in days] == [10.0, 7200.0]
    assert [spent([piece]).missed for piece in days] == [1, 0]
