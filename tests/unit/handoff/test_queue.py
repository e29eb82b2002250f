"""The order of the queue, by examples and by properties."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.handoff.queue import (
    AGEING_SECONDS,
    Agent,
    Waiting,
    assigned,
    band,
    expected_wait_seconds,
    may_serve,
    position,
    rank,
    ranked,
)

QUEUES = ("general", "after_sales")
AGENTS = ("anna", "bert", "carl", "dora")
calls = st.builds(
    Waiting,
    handoff=st.integers(1, 10**6),
    queue=st.sampled_from(QUEUES),
    waiting_seconds=st.floats(0, 3600),
    language=st.sampled_from(["zh", "en"]),
    skill=st.sampled_from(["", "food_safety"]),
    priority=st.integers(0, 9),
    favoured=st.booleans(),
    repeated=st.booleans(),
    excluded=st.frozensets(st.sampled_from(AGENTS), max_size=2),
)
queues = st.lists(calls, max_size=12, unique_by=lambda call: call.handoff)
staff = st.lists(
    st.builds(
        Agent,
        agent=st.sampled_from(AGENTS),
        queues=st.frozensets(st.sampled_from(QUEUES)),
        languages=st.frozensets(st.sampled_from(["zh", "en"])),
        skills=st.frozensets(st.just("food_safety")),
        idle_seconds=st.floats(0, 3600),
    ),
    max_size=4,
    unique_by=lambda agent: agent.agent,
)


def call(handoff: int, waiting_seconds: float = 0.0, **other: object) -> Waiting:
    return replace(Waiting(handoff, "general", waiting_seconds), **other)  # type: ignore[arg-type]


def test_danger_then_favoured_then_repeated_then_waiting_time() -> None:
    waiting = [
        call(1, 60),
        call(2, 80),
        call(3, 0, repeated=True),
        call(4, 0, favoured=True),
        call(5, 0, priority=0),
    ]
    assert [each.handoff for each in ranked(waiting)] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (call(1), 3),
        (call(1, priority=5), 3),
        (call(1, priority=4), 2),
        (call(1, repeated=True), 2),
        (call(1, priority=3), 1),
        (call(1, favoured=True, repeated=True), 1),
        (call(1, priority=2), 1),
        (call(1, priority=1), 0),
        (call(1, priority=0, favoured=True), 0),
    ],
)
def test_the_band_comes_from_priority_and_from_who_calls(one: Waiting, expected: int) -> None:
    assert band(one) == expected


@pytest.mark.parametrize(("seconds", "aged"), [(89.9, 3), (90, 2), (179.9, 2), (180, 1), (9000, 1)])
def test_a_minute_and_a_half_is_worth_a_band(seconds: float, aged: int) -> None:
    assert rank(call(1, seconds))[0] == aged


def test_of_the_equally_urgent_the_longest_wait_is_first_and_then_the_handoffs_number() -> None:
    for priority in (0, 5):
        waiting = [call(9, 10, priority=priority), call(2, 10, priority=priority), call(7, 60, priority=priority)]
        assert [each.handoff for each in ranked(waiting)] == [7, 2, 9]


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"queue": "after_sales"}, False),
        ({"language": "en"}, False),
        ({"skill": "food_safety"}, False),
        ({"skill": "refunds"}, True),
        ({"excluded": frozenset({"anna"})}, False),
        ({"excluded": frozenset({"bert"})}, True),
    ],
)
def test_who_may_serve_whom(changed: dict[str, object], fits: bool) -> None:
    anna = Agent("anna", frozenset({"general"}), frozenset({"zh"}), frozenset({"refunds"}))
    assert may_serve(anna, call(1, **changed)) == fits  # type: ignore[arg-type]


def test_patience_is_rewarded_but_never_above_danger() -> None:
    patient, danger, vip = call(1, 100 * AGEING_SECONDS), call(2, 0, priority=1), call(3, 0, favoured=True)
    assert [each.handoff for each in ranked([patient, vip, danger])] == [2, 1, 3]


@given(queues, st.randoms())
def test_order_does_not_depend_on_the_order_asked_in(waiting: list[Waiting], random: object) -> None:
    shuffled = list(waiting)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ranked(shuffled) == ranked(waiting)


@given(queues)
def test_the_urgent_come_first_whatever_the_others_waited(waiting: list[Waiting]) -> None:
    urgent = [band(each) == 0 for each in ranked(waiting)]
    assert urgent == sorted(urgent, reverse=True)


@given(calls, st.floats(0, 3600))
def test_waiting_never_lowers_a_rank(one: Waiting, more_seconds: float) -> None:
    assert rank(replace(one, waiting_seconds=one.waiting_seconds + more_seconds)) <= rank(one)


@given(calls, queues)
def test_nobody_starves(one: Waiting, others: list[Waiting]) -> None:
    """After four steps of ageing nobody who comes anew overtakes, but for the urgent."""
    old = replace(one, handoff=0, waiting_seconds=4 * AGEING_SECONDS)
    fresh = [replace(each, waiting_seconds=0.0) for each in others if band(each) > 0]
    assert ranked([*fresh, old])[0] == old


@given(queues, staff)
def test_assignment_is_one_to_one_fits_and_leaves_no_fitting_pair(waiting: list[Waiting], agents: list[Agent]) -> None:
    result = assigned(waiting, agents)
    of_call, of_agent = {each.handoff: each for each in waiting}, {each.agent: each for each in agents}
    assert len(set(result.values())) == len(result)
    assert all(may_serve(of_agent[agent], of_call[handoff]) for handoff, agent in result.items())
    left = [each for each in waiting if each.handoff not in result]
    free = [each for each in agents if each.agent not in result.values()]
    assert not [(one, other) for one in left for other in free if may_serve(other, one)]


@given(queues, staff)
def test_higher_ranked_call_gets_the_contested_agent(waiting: list[Waiting], agents: list[Agent]) -> None:
    result = assigned(waiting, agents)
    of_agent = {each.agent: each for each in agents}
    order = ranked(waiting)
    for place, one in enumerate(order):
        if one.handoff in result:
            continue
        for other in order[place + 1 :]:
            agent = result.get(other.handoff)
            assert agent is None or not may_serve(of_agent[agent], one)


def test_specialists_are_spared_and_the_longest_idle_is_next() -> None:
    special = Agent("anna", frozenset({"general"}), skills=frozenset({"food_safety"}), idle_seconds=900)
    plain = [
        Agent("bert", frozenset({"general"}), idle_seconds=5),
        Agent("carl", frozenset({"general"}), idle_seconds=50),
    ]
    assert assigned([call(1)], [special, *plain]) == {1: "carl"}
    assert assigned([call(1, skill="food_safety")], [special, *plain]) == {1: "anna"}
    wide = Agent("dora", frozenset({"general", "after_sales"}), idle_seconds=900)
    assert assigned([call(1)], [wide, *plain]) == {1: "carl"}
    alike = [Agent(name, frozenset({"general"})) for name in ("bert", "anna")]
    assert assigned([call(1)], alike) == {1: "anna"}


def test_position_counts_the_own_queue_only() -> None:
    waiting = [call(1, 50), call(2, 40), call(3, 99, queue="after_sales"), call(4, 0, priority=0)]
    assert [position(each, waiting) for each in waiting] == [2, 3, 1, 1]


def test_a_call_is_not_its_own_rival() -> None:
    """The queue knows it as it was a moment ago; and two of equal rank can't be before each other."""
    assert position(call(1, 10), [call(1, 11), call(2, 10)]) == 1
    assert position(call(2, 10), [call(1, 10), call(2, 10)]) == 2


def test_expected_wait() -> None:
    assert expected_wait_seconds(3, 2, 240.0) == 360.0
    assert expected_wait_seconds(3, 0, 240.0) is None
