"""Open the order desk that the settings name, for the shop they name: this database, or a shop's own backend."""

from __future__ import annotations

from pathlib import Path

from ivr.config import Settings
from ivr.errors import ConfigError
from order_lookup import (
    HttpOrderSystem,
    OrderDeskError,
    OrderSystem,
    Policies,
    PolicyError,
    Shop,
    SqlOrderSystem,
    WorkingTime,
    load_mapping,
    load_policies,
)


async def open_orders(settings: Settings, working: WorkingTime | None = None) -> OrderSystem:
    """The OrderSystem with its tables up to date; raises ConfigError when it can't be opened as configured.

    `working` are the hours that promises go by, where somebody knows more than the settings: what supervisors said since.
    """
    try:
        policies = shop_policies(settings, working)
        if settings.orders.system == "sql":
            return await SqlOrderSystem.open(settings.database_url, policies)
        return await _backend(settings, policies)
    except OrderDeskError as fault:
        raise ConfigError(f"the order desk does not open: {fault}", "see `database.url` and `orders`") from None


def shop_policies(settings: Settings, working: WorkingTime | None = None) -> Policies:
    """The policies for the shop of the settings; raises ConfigError with file, line and fix."""
    folder = settings.path(settings.orders.policies) if settings.orders.policies else None
    shop = Shop(shop=settings.shop, shop_en=settings.shop_en, time_zone=settings.time_zone)
    try:
        return load_policies(folder, shop, working or settings.hours.of_house(settings.time_zone))
    except PolicyError as fault:
        raise ConfigError(f"`orders.policies`: {fault}") from None


def decisions(policies: Policies) -> dict[str, frozenset[str]]:
    """The intents that the order desk decides about, each with the rules that may decide."""
    return {intent: policies.book.reasons(intent) for intent in policies.book.intents}


def check_orders(settings: Settings) -> None:
    """Policies, and the mapping of a shop's own backend, must read; raises ConfigError with key, file, line and fix."""
    shop_policies(settings)
    if settings.orders.system == "http":
        try:
            load_mapping(_mapping(settings))
        except OrderDeskError as fault:
            raise ConfigError(f"`orders.mapping`: {fault}") from None


async def _backend(settings: Settings, policies: Policies) -> OrderSystem:
    return await HttpOrderSystem.open(load_mapping(_mapping(settings)), settings.database_url, policies)


def _mapping(settings: Settings) -> Path:
    if settings.orders.mapping is None:
        raise ConfigError("`orders.mapping` is missing", "name the YAML file that maps the shop's backend")
    return settings.path(settings.orders.mapping)
