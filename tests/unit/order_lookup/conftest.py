"""A small demo shop per test, copied from one made once."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from order_builders import Clock

from order_lookup import Policies, SqlOrderSystem, load_policies
from order_lookup.database import open_engine, upgrade
from order_lookup.demo import fill

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("orders") / "template.db"
    engine = open_engine(f"sqlite:///{file}")
    fill(engine, NOW, customers=45, orders=60)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("orders") / "empty.db"
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
def database_file(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "orders.db"))


@pytest.fixture(scope="session")
def policies() -> Policies:
    return load_policies()


@pytest.fixture
async def desk(database_file: Path, policies: Policies) -> AsyncIterator[SqlOrderSystem]:
    system = await SqlOrderSystem.open(f"sqlite:///{database_file}", policies, clock=lambda: NOW)
    yield system
    await system.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def shop(database_file: Path, policies: Policies, clock: Clock) -> AsyncIterator[SqlOrderSystem]:
    """The desk with a clock that a test sets."""
    system = await SqlOrderSystem.open(f"sqlite:///{database_file}", policies, clock=clock)
    yield system
    await system.close()
