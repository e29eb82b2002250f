"""Whom the robot calls back next: the earliest promise that may be kept now, and when none may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.config import CallbackSettings
from ivr.handoff.calling_back import PUT_OFF, TALKED, UNWANTED, Attempt, Limits, Promise, next_call
from ivr.handoff.queue import Agent, Waiting

NOW = 1_000_000.0
LIMITS = Limits((r"1[3-9]\d{9}",), attempts=3, again_seconds=900.0, an_hour=10)
FREE = [Agent("anna", frozenset({"general"}))]
FIRST = Promise("desk:1", "13800000001", "general", NOW + 600)
SECOND = Promise("desk:2", "13800000002", "general", NOW + 1200)


def chosen(
    *promises: Promise,
    attempts: tuple[Attempt, ...] = (),
    waiting: tuple[Waiting, ...] = (),
    free: list[Agent] | None = None,
    talking: tuple[str, ...] = (),
    hour: int = 12,
    limits: Limits = LIMITS,
) -> str | None:
    made = next_call(promises, attempts, waiting, FREE if free is None else free, talking, NOW, hour, limits)
    return made.name if made else None


def test_the_earliest_promise_is_kept_first() -> None:
    assert chosen(SECOND, FIRST) == "desk:1"
    assert chosen() is None


def test_nobody_is_called_without_a_colleague_who_may_take_it() -> None:
    assert chosen(FIRST, free=[]) is None
    assert chosen(FIRST, free=[Agent("ben", frozenset({"safety"}))]) is None
    assert chosen(FIRST, free=[Agent("ben", frozenset({"general"}), frozenset({"en"}))]) is None
    assert (
        chosen(replace(FIRST, language="en"), free=[Agent("ben", frozenset({"general"}), frozenset({"en"}))])
        == "desk:1"
    )


def test_who_waits_on_the_line_goes_first() -> None:
    assert chosen(FIRST, waiting=(Waiting(9, "general", 5.0),)) is None
    assert chosen(FIRST, waiting=(Waiting(9, "safety", 5.0),)) == "desk:1"


def test_two_are_not_called_for_one_colleague() -> None:
    going_on = Attempt("desk:1", NOW - 10)
    assert chosen(FIRST, SECOND, attempts=(going_on,)) is None
    two = [*FREE, Agent("ben", frozenset({"general"}))]
    assert chosen(FIRST, SECOND, attempts=(going_on,), free=two) == "desk:2"


@pytest.mark.parametrize(("hour", "called"), [(8, False), (9, True), (20, True), (21, False), (3, False)])
def test_people_are_called_by_day(hour: int, called: bool) -> None:
    assert (chosen(FIRST, hour=hour) is not None) == called


def test_after_a_call_in_vain_the_next_waits_and_the_other_promise_goes_on() -> None:
    assert chosen(FIRST, SECOND, attempts=(Attempt("desk:1", NOW - 60, "busy"),)) == "desk:2"
    assert chosen(FIRST, attempts=(Attempt("desk:1", NOW - 901, "busy"),)) == "desk:1"


def test_after_the_last_call_in_vain_it_is_left_to_the_colleagues() -> None:
    in_vain = tuple(Attempt("desk:1", NOW - 10_000 * index, "no_answer") for index in range(1, 4))
    assert chosen(FIRST, attempts=in_vain[:2]) == "desk:1"
    assert chosen(FIRST, attempts=in_vain) is None


def test_promises_to_one_number_are_tried_together() -> None:
    same = replace(SECOND, number=FIRST.number)
    assert chosen(FIRST, same, attempts=(Attempt("desk:2", NOW - 60, "busy"),)) is None


def test_who_is_in_a_call_with_us_is_not_called() -> None:
    assert chosen(FIRST, talking=(FIRST.number,)) is None


@pytest.mark.parametrize(
    "number",
    ["", "110", "+4490012345", "13800000001;sip:premium@x", "anonymous", "0900123456789", "１３８００００００００１"],
)
def test_only_numbers_that_the_settings_allow_are_dialled(number: str) -> None:
    assert chosen(replace(FIRST, number=number)) is None


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("13800000001", True),
        ("013800000001", True),
        ("01088886666", True),
        ("02087654321", True),
        ("057188886666", True),
    ]
    + [
        (each, False)
        for each in ("0067712345", "00881612345", "003721234567", "01016800000", "05719612345", "4001234567")
    ],
)
def test_as_shipped_nothing_abroad_is_dialled_and_no_information_line(number: str, allowed: bool) -> None:
    assert Limits(CallbackSettings().numbers).allow(number) == allowed


def test_who_books_again_and_again_makes_no_phone_ring_again_and_again() -> None:
    earlier = tuple(Attempt(f"desk:{index}", NOW - 10_000 * index, "declined", FIRST.number) for index in range(10, 13))
    assert chosen(FIRST, attempts=earlier) is None
    assert chosen(FIRST, attempts=earlier[1:]) == "desk:1"
    talked = Attempt("desk:20", NOW - 1000, TALKED, FIRST.number)
    assert chosen(FIRST, attempts=(*earlier, talked)) == "desk:1"
    assert chosen(FIRST, attempts=(replace(talked, at=NOW - 60),)) is None


def test_who_wanted_no_more_calls_gets_none_for_a_promise_made_after_that() -> None:
    unwanted = Attempt("desk:9", NOW - 5000, UNWANTED, FIRST.number)
    assert chosen(FIRST, attempts=(unwanted,)) is None
    assert chosen(FIRST, SECOND, attempts=(unwanted,)) == "desk:2"


def test_an_attempt_that_never_rang_is_none() -> None:
    put_off = tuple(Attempt("desk:1", NOW - index, PUT_OFF) for index in range(5))
    assert chosen(FIRST, attempts=put_off) == "desk:1"


def test_no_more_calls_an_hour_than_allowed() -> None:
    before = tuple(Attempt(f"desk:{index}", NOW - 3000, "talked") for index in range(50, 60))
    assert chosen(FIRST, attempts=before) is None
    assert chosen(FIRST, attempts=before[1:]) == "desk:1"


def test_a_promise_of_yesterday_is_left_to_the_colleagues() -> None:
    assert chosen(replace(FIRST, due_at=NOW - 86_000)) == "desk:1"
    assert chosen(replace(FIRST, due_at=NOW - 86_500)) is None
