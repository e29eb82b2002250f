"""Whose data a caller may hear, and which failed attempts count against whom, for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from order_builders import NOW, Clock

from order_lookup import CallerRef, Claim, Level, SqlOrderSystem
from order_lookup.demo import CASES

ME, OTHER = CASES["in_transit"], CASES["refundable_parcel"]
WRONG = Claim(order_number=ME.order_number, phone_tail="0000")


async def test_a_number_of_ones_own_says_nothing_of_anybody_elses_order(shop: SqlOrderSystem) -> None:
    """A customer who knows the number and the price of somebody's order, from a parcel or a photo of it."""
    neighbour = CallerRef("call-1", OTHER.phone)
    cost = (await shop.caller(CallerRef("call-0", ME.phone))).orders
    total = next(order.total.minor_units for order in cost if order.number == ME.order_number)
    said = await shop.verify(neighbour, Claim(order_number=ME.order_number, amount_minor=total))
    assert (said.passed, said.level) == (True, Level.NONE)
    assert (await shop.decide("order_status", ME.order_number, neighbour)).reason == "order_not_found"
    own = {order.number for order in (await shop.caller(neighbour)).orders}
    assert (OTHER.order_number in own, ME.order_number in own) == (True, False)


async def test_what_ones_own_number_says_is_kept_when_more_is_shown(shop: SqlOrderSystem) -> None:
    caller = CallerRef("call-1", ME.phone)
    assert (await shop.verify(caller, WRONG)).level is Level.LOW
    assert (await shop.decide("order_status", ME.order_number, caller)).level is Level.LOW
    assert (await shop.verify(caller, Claim(name=ME.customer))).level is Level.MEDIUM
    assert (await shop.verify(caller, WRONG)).level is Level.MEDIUM


async def test_half_a_claim_that_is_wrong_shows_nothing(shop: SqlOrderSystem) -> None:
    caller = CallerRef("call-1", "15900000001")
    said = await shop.verify(caller, Claim(order_number=ME.order_number, name=ME.customer, phone_tail="0000"))
    assert (said.passed, said.level, said.failures_left) == (False, Level.NONE, 2)


@pytest.mark.parametrize(("hours", "left"), [(24, 1), (24.01, 2)])
async def test_failures_of_a_telephone_count_for_a_day(
    hours: float, left: int, shop: SqlOrderSystem, clock: Clock
) -> None:
    phone = "15900000001"
    assert (await shop.verify(CallerRef("call-1", phone), WRONG)).failures_left == 2
    clock.now = NOW + timedelta(hours=hours)
    assert (await shop.verify(CallerRef("call-2", phone), WRONG)).failures_left == left


async def test_who_withholds_the_number_answers_for_the_own_call_alone(shop: SqlOrderSystem) -> None:
    assert (await shop.verify(CallerRef("call-1", "anonymous"), WRONG)).failures_left == 2
    assert (await shop.verify(CallerRef("call-2", "anonymous"), WRONG)).failures_left == 2
    assert (await shop.verify(CallerRef("call-1", "anonymous"), WRONG)).failures_left == 1


async def test_what_passed_counts_against_nobody(shop: SqlOrderSystem) -> None:
    caller = CallerRef("call-1", "15900000001")
    for _ in range(4):
        assert (await shop.verify(caller, Claim(order_number=ME.order_number, name=ME.customer))).passed
    assert (await shop.verify(caller, WRONG)).failures_left == 2


async def test_nothing_claimed_is_no_attempt(shop: SqlOrderSystem) -> None:
    caller = CallerRef("call-1", ME.phone)
    for _ in range(4):
        said = await shop.verify(caller, Claim(order_number=ME.order_number))
        assert (said.level, said.passed, said.failures_left, said.exhausted) == (Level.LOW, False, 3, False)


async def test_after_too_many_failures_what_was_shown_before_stays(shop: SqlOrderSystem) -> None:
    caller = CallerRef("call-1", ME.phone)
    assert (await shop.verify(caller, Claim(name=ME.customer))).level is Level.MEDIUM
    for _ in range(3):
        await shop.verify(caller, WRONG)
    said = await shop.verify(caller, Claim(phone_tail=ME.phone[-4:]))
    assert (said.level, said.passed, said.failures_left, said.exhausted) == (Level.MEDIUM, False, 0, True)


async def test_an_attack_on_one_customer_closes_nobody_elses_door(shop: SqlOrderSystem) -> None:
    for attempt in range(9):
        await shop.verify(CallerRef(f"call-{attempt}", f"1590000{attempt:04d}"), WRONG)
    assert (await shop.verify(CallerRef("call-x", "15911112222"), WRONG)).exhausted
    theirs = Claim(order_number=OTHER.order_number, name=OTHER.customer)
    assert (await shop.verify(CallerRef("call-x", "15911112222"), theirs)).passed


async def test_a_strangers_guesses_close_no_door_to_the_customer(shop: SqlOrderSystem) -> None:
    for attempt in range(9):
        await shop.verify(CallerRef(f"call-{attempt}", f"1590000{attempt:04d}"), WRONG)
    tail = Claim(order_number=ME.order_number, phone_tail=ME.phone[-4:])
    assert (await shop.verify(CallerRef("call-home", ME.phone), tail)).passed  # from their own telephone
    elsewhere = CallerRef("call-office", "15911112222")
    assert (await shop.verify(elsewhere, tail)).exhausted  # a stranger's: not by what was guessed at …
    named = await shop.verify(elsewhere, Claim(order_number=ME.order_number, name=ME.customer))
    assert (named.passed, named.level) == (True, Level.MEDIUM)  # … but by the name


async def test_every_way_to_prove_closes_when_it_is_guessed_at(shop: SqlOrderSystem) -> None:
    for attempt in range(9):
        wrong = Claim(order_number=ME.order_number, name="赵钱孙")
        await shop.verify(CallerRef(f"call-{attempt}", f"1590000{attempt:04d}"), wrong)
    right = Claim(order_number=ME.order_number, name=ME.customer)
    assert (await shop.verify(CallerRef("call-x", "15911112222"), right)).exhausted


async def test_a_number_of_ones_own_that_guesses_is_closed(shop: SqlOrderSystem) -> None:
    """A number can be forged: three wrong proofs from it and nothing is checked any more."""
    for attempt in range(3):
        await shop.verify(CallerRef(f"call-{attempt}", ME.phone), WRONG)
    right = Claim(order_number=ME.order_number, name=ME.customer)
    assert (await shop.verify(CallerRef("call-x", ME.phone), right)).exhausted
