"""Retention on PostgreSQL: the same as on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.records.database import open_database
from tests.unit.order_lookup.test_orders_retention import old_data_is_forgotten
from tests.unit.records.test_retention import kept_as_told

pytestmark = pytest.mark.integration


def test_calls_are_kept_as_long_as_told(postgres: Callable[[], str], tmp_path: Path) -> None:
    engine = open_database(postgres())
    kept_as_told(engine, tmp_path)
    engine.dispose()


async def test_orders_are_kept_as_long_as_told(postgres: Callable[[], str]) -> None:
    await old_data_is_forgotten(postgres())
