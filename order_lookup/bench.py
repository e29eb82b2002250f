"""How long look-ups take in a large shop: fills a database with a crowd of orders and measures."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, func, insert, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from order_lookup import finding, gathering
from order_lookup import tables as t
from order_lookup.database import open_engine, upgrade, writing
from order_lookup.errors import DownError, MistakeError
from order_lookup.migrating import patiently
from order_lookup.policies import ShopPolicies, load_policies
from order_lookup.port import CallerRef, Found, OrderQuery

ORDERS_PER_CUSTOMER = 10
_FIRST_NUMBER = 300_000_000_000
_STEP = 7_919  # spreads the tails
_PLACED = "2027-01-01 00:00:00.000000"  # SQLite keeps UTC without a zone; PostgreSQL is asked in UTC


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one kind of look-up took, in milliseconds; `cpu_p95_ms` is what this process did of it itself."""

    name: str
    median_ms: float
    p95_ms: float
    worst_ms: float
    cpu_p95_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A whole bench: how long filling took, how busy the machine was in the last 1, 5 and 15 minutes, and the timings."""

    orders: int
    fill_seconds: float
    load: tuple[float, ...]
    timings: tuple[Timing, ...]


def fill(engine: Engine, orders: int) -> None:
    """Put a crowd of customers and orders into an empty database, made by the database itself."""
    upgrade(engine)
    sqlite = engine.dialect.name == "sqlite"
    customers = max(1, orders // ORDERS_PER_CUSTOMER)
    with writing(engine).begin() as connection:
        patiently(connection)
        if connection.scalar(select(func.count()).select_from(t.Customer)):
            raise MistakeError("the bench needs an empty database: name another file or database")
        for statement in (_CUSTOMERS, _PHONES, _ORDERS, _ITEMS):
            count = orders if statement in (_ORDERS, _ITEMS) else customers
            series = _SERIES_SQLITE if sqlite else _SERIES_POSTGRESQL
            made = text(statement.format(series=series).replace(":placed", f"'{_PLACED}'"))
            connection.execute(made, {"count": count})
        connection.execute(insert(t.Merchant).values(id=literal(1), name="m", phone="1"))
    with engine.begin() as connection:
        patiently(connection)
        connection.exec_driver_sql("ANALYZE")


def measure(url: str, orders: int, rounds: int = 400) -> Measured:
    """Fill the database of a URL and time each kind of look-up."""
    engine, values, dice = open_engine(url), load_policies().values, random.Random(7)
    begun = time.monotonic()
    try:
        fill(engine, orders)
    except DBAPIError as error:
        raise DownError(f"the database can't be filled: {error.orig}") from error
    filled = time.monotonic() - begun
    timings = tuple(_time(name, engine, work, orders, rounds, dice, values) for name, work in _LOOKUPS.items())
    engine.dispose()
    return Measured(orders, round(filled, 1), tuple(round(each, 2) for each in os.getloadavg()), timings)


Work = Callable[[Session, int, ShopPolicies], object]


def _time(
    name: str, engine: Engine, work: Work, orders: int, rounds: int, dice: random.Random, values: ShopPolicies
) -> Timing:
    taken: list[float] = []
    worked: list[float] = []
    for round_ in range(rounds + 20):
        place = dice.randrange(orders)
        begun, cpu = time.perf_counter(), time.thread_time()
        with Session(engine) as session, session.begin():
            found = work(session, place, values)
        if round_ >= 20:  # the first ones warm up connections and statements
            taken.append((time.perf_counter() - begun) * 1000)
            worked.append((time.thread_time() - cpu) * 1000)
        if not found:
            raise AssertionError(f"{name}: order {place} wasn't found")
    taken.sort()
    worked.sort()
    at95 = int(len(taken) * 0.95)
    return Timing(name, taken[len(taken) // 2], taken[at95], taken[-1], worked[at95])


def _number(place: int) -> str:
    return str(_FIRST_NUMBER + place * _STEP)


def _phone(place: int) -> str:
    return str(13_000_000_000 + place // ORDERS_PER_CUSTOMER)


def _by_number(session: Session, place: int, _values: ShopPolicies) -> object:
    return session.scalar(select(t.Order).where(t.Order.number == _number(place)))


def _by_tail(session: Session, place: int, values: ShopPolicies) -> object:
    query = OrderQuery(CallerRef("bench", _phone(place)), tail=_number(place)[-4:])
    return isinstance(finding.find(session, query, values), Found)


def _by_phone(session: Session, place: int, _values: ShopPolicies) -> object:
    customer = gathering.customer_of_phone(session, _phone(place))
    return customer and finding.recent(session, [customer.id])


def _existing(session: Session, place: int, _values: ShopPolicies) -> object:
    return finding.existing(session, [_number(place + n * 999_983) for n in range(500)], None)


_LOOKUPS: dict[str, Work] = {
    "by number": _by_number,
    "by tail and phone": _by_tail,
    "by phone": _by_phone,
    "500 candidates of a spoken number": _existing,
}
_SERIES_SQLITE = (
    "(WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i + 1 < :count) SELECT i FROM s)"
)
_SERIES_POSTGRESQL = "(SELECT generate_series(0, CAST(:count AS bigint) - 1) AS i) AS s"
_CUSTOMERS = """
INSERT INTO shop_customers (id, name, tier, language, elder, currency, spend_year_minor, messages_refused, created_at)
SELECT i + 1, 'c', 'standard', 'zh', (1 = 0), 'CNY', 0, (1 = 0), :placed FROM {series}"""
_PHONES = """
INSERT INTO shop_phones (id, customer_id, number)
SELECT i + 1, i + 1, CAST(13000000000 + i AS TEXT) FROM {series}"""
_ORDERS = f"""
INSERT INTO shop_orders (id, number, customer_id, kind, stage, currency, total_minor, delivery_fee_minor, placed_at,
  opened, recipient, phone, address, note)
SELECT i + 1, CAST({_FIRST_NUMBER} + i * {_STEP} AS TEXT), i / {ORDERS_PER_CUSTOMER} + 1, 'parcel', 'paid', 'CNY', 100, 0,
  :placed, (1 = 0), 'c', '1', 'a', '' FROM {{series}}"""
_ITEMS = """
INSERT INTO shop_items (id, order_id, name, name_en, quantity, price_minor, price_now_minor, fresh, in_stock)
SELECT i + 1, i + 1, '双肩包', 'backpack', 1, 100, 100, (1 = 0), (1 = 1) FROM {series}"""
