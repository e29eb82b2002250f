"""What an action on the desk wants to know besides: checked before it is sent, kept as the robot keeps it, done once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.config import Settings
from ivr.console.details import DETAILS
from ivr.console.orders import OfferView, Orders
from ivr.console.words import words
from order_lookup.clerk import Clerk
from order_lookup.database import open_engine
from order_lookup.demo import CASES, fill
from order_lookup.planning import LONGEST_DETAIL

CASE = CASES["return_open"]


def test_a_field_takes_no_more_than_the_ledger() -> None:
    assert all(len(detail.kept("x" * detail.longest, "zh")) <= LONGEST_DETAIL for detail in DETAILS.values())


def test_every_field_has_its_words() -> None:
    for language in ("zh", "en"):
        said = words(language)
        for detail in DETAILS.values():
            for key in ("detail", "detail_hint", "detail_missing", "detail_long"):
                assert said[f"{key}.{detail.name}"]
        assert str(DETAILS["exchange"].longest) in said["detail_long.variant"]
        assert str(DETAILS["change_address"].longest) in said["detail_long.address"]


@pytest.mark.parametrize(
    ("action", "written", "problem"),
    [
        ("exchange", "大一码", ""),
        ("exchange", "", "missing"),
        ("exchange", " \n\t ", "missing"),
        ("exchange", "换成", "missing"),
        ("exchange", "\x00\u200b", "missing"),
        ("exchange", "大" * 80, ""),
        ("exchange", "大" * 81, "long"),
        ("change_phone", "138 0000 1111", ""),
        ("change_phone", "同一个号码", "wrong"),
        ("change_phone", "12", "wrong"),
        ("change_phone", "1" * 41, "long"),
        ("change_address", "幸福路12号3栋502", ""),
        ("change_address", "路" * 201, "long"),
        ("change_note", "", "missing"),
    ],
)
def test_what_is_wrong_with_what_was_written(action: str, written: str, problem: str) -> None:
    assert DETAILS[action].problem(written) == problem


@pytest.mark.parametrize(
    ("written", "language", "kept"),
    [
        ("大一码", "zh", "换成大一码"),
        ("换成黑色的。", "zh", "换成黑色"),
        ("换 XL", "zh", "换成XL"),
        ("  黑色，\n大一码 ", "zh", "换成黑色， 大一码"),
        ("a larger size", "en", "a larger size"),
        (" size  42 ", "en", "size 42"),
    ],
)
def test_a_wish_is_kept_in_the_robots_words(written: str, language: str, kept: str) -> None:
    assert DETAILS["exchange"].kept(written, language) == kept


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(folder=tmp_path)
    engine = open_engine(made.database_url)
    fill(engine, datetime.now(UTC), 0, len(CASES))
    engine.dispose()
    return made


async def exchange_of(orders: Orders, call_id: str, language: str = "zh") -> OfferView:
    card = await orders.card(call_id, CASE.phone, CASE.order_number, "return_exchange", language)
    assert card is not None
    return next(offer for offer in card.offers if offer.action == "exchange")


async def test_clicks_and_agents_at_once_give_one_entry(settings: Settings) -> None:
    """Whoever was first is kept; the same wish finds it done, another one is refused."""
    orders = Orders(settings)
    offer = await exchange_of(orders, "c1")
    assert not offer.allowed
    wish = {"variant": "换成黑色"}
    refused = await orders.carry_out("c1", CASE.phone, "return_exchange", CASE.order_number, offer, wish)
    assert (refused.state, refused.refused) == (None, "level")
    await orders.verify("c1", CASE.phone, CASE.order_number, "name", CASE.customer)
    offer = await exchange_of(orders, "c1")
    assert offer.allowed
    wishes = [wish, {"variant": "换成白色"}] * 5
    results = await asyncio.gather(
        *(orders.carry_out("c1", CASE.phone, "return_exchange", CASE.order_number, offer, each) for each in wishes)
    )
    assert len({result.receipt for result in results if result.state is not None}) == 1
    assert len(await Clerk(await orders.own()).actions(order_number=CASE.order_number)) == 1
    await orders.close()


async def test_an_item_has_its_name_on_each_desk_and_the_orders_own_in_the_entry(settings: Settings) -> None:
    orders = Orders(settings)
    await orders.verify("c1", CASE.phone, CASE.order_number, "name", CASE.customer)
    chinese, english = await exchange_of(orders, "c1"), await exchange_of(orders, "c1", "en")
    assert chinese.item == english.item == chinese.item_shown != english.item_shown
    result = await orders.carry_out(
        "c1", CASE.phone, "return_exchange", CASE.order_number, english, {"variant": "a larger size"}
    )
    ticket = await Clerk(await orders.own()).ticket(result.receipt)
    assert ticket is not None
    assert ticket.summary == f"{english.item}: a larger size"
    again = await orders.card("c1", CASE.phone, CASE.order_number, "return_exchange", "zh")
    assert again is not None
    assert again.exchange == f"{english.item}: a larger size"
    assert "exchange_noted" in again.situations
    assert "exchange_due_at" in dict(again.timeline)
    assert not {"exchange", "start_return"} & {offer.action for offer in again.offers}
    await orders.close()


@pytest.mark.parametrize("matter", ["asked_for", "no_progress", "leaking_bottle"])
async def test_a_matter_without_rules_shows_the_order_all_the_same(settings: Settings, matter: str) -> None:
    """What brought the caller to a human need not be a wish that the order desk decides about."""
    orders = Orders(settings)
    card = await orders.card("c2", CASE.phone, CASE.order_number, matter, "zh")
    assert card is not None
    assert card.number == CASE.order_number
    await orders.close()
