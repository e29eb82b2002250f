"""The names of things, in the language of the call: what the caller hears, and what the order desk is told."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr import desk_answers
from ivr.desk import Desk
from ivr.dialogue.vocabulary import CLAIM_KINDS
from ivr.ports import Answer
from order_lookup import CallerRef, Choice, Claim, Found, Money, OrderQuery, SqlOrderSystem
from order_lookup.database import open_engine, writing
from order_lookup.demo import CASES, fill
from order_lookup.tables import Item, Order, Ticket

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
CASE = CASES["return_open"]
HANZI = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo shop in which the order to be exchanged has three lines: with an English name, without, and with a Chinese one."""
    file = tmp_path_factory.mktemp("shop") / "orders.db"
    engine = open_engine(f"sqlite:///{file}")
    fill(engine, NOW, customers=45, orders=40)
    with Session(writing(engine)) as session, session.begin():
        order = session.scalars(select(Order).where(Order.number == CASE.order_number)).one()
        session.add_all(
            Item(order_id=order.id, name=name, name_en=english, quantity=1, price_minor=price, price_now_minor=price)
            for name, english, price in (("发夹", "", 3900), ("丝巾", "丝巾", 8950))
        )
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
async def system(shop: Path, tmp_path: Path) -> AsyncIterator[SqlOrderSystem]:
    file = shutil.copy(shop, tmp_path / "orders.db")
    opened = await SqlOrderSystem.open(f"sqlite:///{file}", clock=lambda: NOW)
    yield opened
    await opened.close()


async def called(system: SqlOrderSystem, language: str) -> tuple[Desk, Answer]:
    """A call in a language, verified, with the decision about an exchange."""
    desk = Desk(system, "Asia/Shanghai")
    await desk.look_up("c1", "caller", {"phone": CASE.phone, "language": language})
    await desk.look_up("c1", "verify", {"claim_kind": "phone_tail", "claim": CASE.phone[-4:]})
    wanted = {"intent": "return_exchange", "order": CASE.order_number, "offer": "exchange"}
    return desk, await desk.look_up("c1", "decision", wanted)


@pytest.mark.parametrize("kind", sorted(CLAIM_KINDS))
async def test_the_desk_verifies_by_every_kind_that_dialplans_may_name(system: SqlOrderSystem, kind: str) -> None:
    desk = Desk(system, "Asia/Shanghai")
    claims = {"phone_tail": CASE.phone[-4:], "name": CASE.customer, "amount": str(await amount_minor(system))}
    about = {"claim_kind": kind, "claim": claims[kind], "order": CASE.order_number}
    assert (await desk.look_up("c1", "verify", about)).outcome == "passed"


async def test_what_nobody_can_be_verified_by_is_no_attempt(system: SqlOrderSystem) -> None:
    about = {"claim_kind": "item", "claim": "连衣裙", "order": CASE.order_number}
    with pytest.raises(ValueError, match="verifies nobody by `item`"):
        await Desk(system, "Asia/Shanghai").look_up("c1", "verify", about)


async def amount_minor(system: SqlOrderSystem) -> int:
    """What the order cost."""
    found = await system.find(OrderQuery(CallerRef("c0", CASE.phone), number=CASE.order_number))
    assert isinstance(found, Found)
    return found.order.total.minor_units


async def test_nobody_hears_chinese_in_an_english_call(system: SqlOrderSystem) -> None:
    desk, decision = await called(system, "en")
    assert decision.values["offer.items"] == (
        "dress", "the second one, thirty-nine yuan", "the third one, eighty-nine yuan and fifty fen",
    )  # fmt: skip
    found = await desk.look_up("c1", "order", {"number": CASE.order_number})
    assert found.values["order.items"] is None  # nothing rather than two of three


async def test_a_chinese_call_has_the_shops_own_names(system: SqlOrderSystem) -> None:
    desk, decision = await called(system, "zh")
    assert decision.values["offer.items"] == ("连衣裙", "发夹", "丝巾")
    found = await desk.look_up("c1", "order", {"number": CASE.order_number})
    assert found.values["order.items"] == "连衣裙、发夹、丝巾"


@pytest.mark.parametrize(("said", "meant"), [("the second one, thirty-nine yuan", "发夹"), ("dress", "连衣裙")])
async def test_what_was_heard_is_the_item_that_is_meant(system: SqlOrderSystem, said: str, meant: str) -> None:
    desk, _ = await called(system, "en")
    wish = {"order": CASE.order_number, "offer": "exchange", "item": said, "variant": "black"}
    assert (await desk.act("c1", "exchange", "return_exchange", wish)).outcome == "done"
    summaries = await system.database.read(
        lambda session: session.scalars(select(Ticket.summary).where(Ticket.subcategory == "exchange")).all()
    )
    assert list(summaries) == [f"{meant}: black"]


async def test_who_changes_the_language_hears_the_names_of_the_other(system: SqlOrderSystem) -> None:
    desk, _ = await called(system, "zh")
    await desk.look_up("c1", "caller", {"phone": CASE.phone, "language": "en"})
    wanted = {"intent": "return_exchange", "order": CASE.order_number, "offer": "exchange"}
    items = (await desk.look_up("c1", "decision", wanted)).values["offer.items"]
    assert isinstance(items, tuple)
    assert not any(HANZI.search(item) for item in items)
    wish = {"order": CASE.order_number, "offer": "exchange", "item": "发夹", "variant": "black"}
    assert (await desk.act("c1", "exchange", "return_exchange", wish)).outcome == "done"


def test_two_things_of_one_english_name_are_told_apart() -> None:
    price = Money(3900)
    choices = (
        Choice("长裙", None, "dress", price),
        Choice("短裙", None, "dress", Money(100)),
        Choice("伞", None, "umbrella"),
    )
    assert desk_answers.named(choices, "en") == {
        "the first one, thirty-nine yuan": "长裙", "the second one, one yuan": "短裙", "umbrella": "伞",
    }  # fmt: skip
    assert desk_answers.named((Choice("伞", None),), "en") == {"the first one": "伞"}


async def test_the_courier_has_a_name_that_can_be_said(system: SqlOrderSystem) -> None:
    case = CASES["late_food"]
    desk = Desk(system, "Asia/Shanghai")
    await desk.look_up("c2", "caller", {"phone": case.phone, "language": "en"})
    await system.verify(desk._sessions["c2"].caller, Claim(phone_tail=case.phone[-4:]))
    found = await desk.look_up("c2", "order", {"number": case.order_number})
    assert not isinstance(found.values["order.courier"], str)
