"""Orders put together for rules to look at, and a clock that is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from order_lookup.facts import (
    CustomerFacts,
    DecisionFacts,
    ItemFacts,
    OrderFacts,
    PaymentFacts,
    ShipmentFacts,
)
from order_lookup.money import Money
from order_lookup.words import Kind, Level, Stage, Tier

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """A clock that is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


def cny(minor: int) -> Money:
    return Money(minor, "CNY")


def customer(tier: Tier = Tier.STANDARD, **more: Any) -> CustomerFacts:
    given = {"language": "zh", "elder": False, "spend_year": cny(0), "compensated": cny(0)} | more
    return CustomerFacts(1, "王芳", tier, **given)


def parcel(stage: Stage = Stage.PAID, **more: Any) -> OrderFacts:
    placed = more.pop("placed_at", ago(hours=2))
    given: dict[str, Any] = {
        "delivery_fee": cny(0),
        "paid_at": placed,
        "promised_at": placed + timedelta(days=3),
        "items": (ItemFacts("双肩包", "backpack", 1, cny(10000), cny(10000)),),
        "payments": (PaymentFacts("wechat", cny(10000), placed),) if stage is not Stage.UNPAID else (),
    }
    return OrderFacts("302610726346", Kind.PARCEL, stage, cny(10000), placed, **(given | more))


def meal(stage: Stage = Stage.DISPATCHED, late_minutes: float = -10, **more: Any) -> OrderFacts:
    promised = ago(minutes=late_minutes)
    placed = promised - timedelta(minutes=45)
    given: dict[str, Any] = {
        "delivery_fee": cny(500),
        "paid_at": placed,
        "promised_at": promised,
        "items": (ItemFacts("牛肉面", "beef noodles", 1, cny(9500), cny(9500)),),
        "payments": (PaymentFacts("wechat", cny(10000), placed),) if stage is not Stage.UNPAID else (),
        "shipment": ShipmentFacts("courier", courier_moved_at=ago(minutes=1)),
    }
    return OrderFacts("302539413172", Kind.FOOD, stage, cny(10000), placed, **(given | more))


def facts(order: OrderFacts | None, **more: Any) -> DecisionFacts:
    given: dict[str, Any] = {"customer": customer(), "level": Level.HIGH, "now": NOW} | more
    return DecisionFacts(order, **given)
