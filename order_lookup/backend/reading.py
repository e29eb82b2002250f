"""From a backend's JSON to what we expect it to say; BrokenError names the field that doesn't fit."""

from __future__ import annotations

from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from order_lookup.backend.contract import BriefSaid, OrderSaid
from order_lookup.backend.mapping import Mapping, Part
from order_lookup.errors import BrokenError
from order_lookup.money import Money
from order_lookup.port import OrderSummary

Schema = TypeVar("Schema", bound=BaseModel)
_MOST = 500
_LISTS: dict[str, Part] = {
    "items": "item",
    "payments": "payment",
    "refunds": "refund",
    "coupons": "coupon",
    "invoices": "invoice",
}


def order_said(said: Any, mapping: Mapping) -> OrderSaid:
    """An order as they say it, part by part in our words."""
    order = mapping.translate("order", said)
    order["customer"] = mapping.translate("customer", order.get("customer"), str(order.get("currency") or ""))
    currency = str(order.get("currency") or "")
    for name, part in _LISTS.items():
        order[name] = [mapping.translate(part, one, currency) for one in listed(order.get(name))]
    if order.get("shipment") is not None:
        shipment = order["shipment"] = mapping.translate("shipment", order["shipment"])
        shipment["scans"] = [mapping.translate("scan", one) for one in listed(shipment.get("scans"))]
    return read_as(OrderSaid, order)


def summary_said(said: BriefSaid, zone: ZoneInfo) -> OrderSummary:
    """An order in a line."""
    placed = said.placed_at if said.placed_at.tzinfo else said.placed_at.replace(tzinfo=zone)
    total = Money(said.total_minor, said.currency)
    return OrderSummary(
        said.number, said.kind, said.stage, placed, total, said.merchant, tuple(said.items), tuple(said.items_en)
    )


def listed(said: Any) -> list[Any]:
    """A list, nothing for none; at most 500."""
    if said is None:
        return []
    if not isinstance(said, list):
        raise BrokenError(f"the backend answered a {type(said).__name__} where a list belongs")
    return said[:_MOST]


def read_as(schema: type[Schema], said: Any) -> Schema:
    """A part, checked."""
    try:
        return schema.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = schema.__name__.removesuffix("Said").lower()
        raise BrokenError(f"the backend's {what}: {where}: {first['msg']}") from error
