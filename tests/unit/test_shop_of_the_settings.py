"""The shop's name and clock stand in config.yaml alone: the robot, the order desk and its messages have them from there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.config import Settings, load
from ivr.errors import ConfigError
from ivr.orders import open_orders, shop_policies
from order_lookup import Action, ActionRequest, CallerRef, Claim, Shop
from order_lookup import tables as t
from order_lookup.database import open_engine
from order_lookup.demo import CASES, fill
from order_lookup.policies import FOLDER


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "config.yaml"
    file.write_text(
        "shop: 柏林面馆\nshop_en: Noodles & Co\ntime_zone: Europe/Berlin\ndatabase: {url: 'sqlite:///shop.db'}\n",
        encoding="utf-8",
    )
    return load(file)


def test_without_settings_both_speak_of_the_demo_shop() -> None:
    ours, desks = Settings(), Shop()
    assert (ours.shop, ours.shop_en, ours.time_zone) == (desks.name_zh, desks.name_en, desks.timezone)


def test_the_order_desk_has_the_shop_of_the_settings(settings: Settings) -> None:
    shop = shop_policies(settings).values.shop
    assert (shop.name_zh, shop.name_en, shop.zone) == ("柏林面馆", "Noodles & Co", ZoneInfo("Europe/Berlin"))


async def test_a_written_confirmation_is_signed_with_the_name_callers_hear(settings: Settings) -> None:
    engine, me = open_engine(settings.database_url), CASES["refundable_parcel"]
    fill(engine, datetime.now(UTC), customers=45, orders=60)
    system = await open_orders(settings)
    try:
        caller = CallerRef("call-1", me.phone)
        assert (await system.verify(caller, Claim(phone_tail=me.phone[-4:], name=me.customer))).passed
        assert (await system.act(ActionRequest(caller, "cancel_order", Action.CANCEL, me.order_number))).done
        with Session(engine) as session:
            assert session.scalars(select(t.Message.body)).one().startswith("【柏林面馆】")
    finally:
        await system.close()
        engine.dispose()


def test_a_mistake_in_the_shops_own_policies_is_told_as_one_of_the_settings(settings: Settings, tmp_path: Path) -> None:
    text = (FOLDER / "policies.yaml").read_text(encoding="utf-8")
    (tmp_path / "policies.yaml").write_text(f"{text}\nshop: {{name_zh: 好食多}}\n", encoding="utf-8")
    own = settings.model_copy(update={"orders": settings.orders.model_copy(update={"policies": Path(".")})})
    with pytest.raises(
        ConfigError, match=r"`orders\.policies`: .*policies\.yaml:\d+:1: `shop` is no key of this file any more"
    ):
        shop_policies(own)
