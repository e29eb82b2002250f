"""Databases filled with a small demo shop, SQLite and PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from order_lookup.database import open_engine
from order_lookup.demo import fill

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A database with the demo shop, to be copied."""
    _sql(postgres_server, "CREATE DATABASE shop_template")
    engine = open_engine(f"{postgres_server}/shop_template")
    fill(engine, NOW, customers=45, orders=60)
    engine.dispose()
    return "shop_template"


@pytest.fixture
def postgres(postgres_server: str, postgres_template: str) -> Callable[[], str]:
    """Makes a fresh copy of the demo shop in PostgreSQL and returns its URL."""
    return lambda: _copy(postgres_server, postgres_template)


_copies = itertools.count(1)


def _copy(server: str, template: str) -> str:
    name = f"shop_{next(_copies)}"
    _sql(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{server}/{name}"


def _sql(server: str, statement: str) -> None:
    engine = create_engine(
        f"{server.replace('postgresql:', 'postgresql+psycopg:')}/postgres", isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("orders") / "template.db"
    engine = open_engine(f"sqlite:///{file}")
    fill(engine, NOW, customers=45, orders=60)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    """Makes a fresh copy of the demo shop in SQLite and returns its URL."""

    def copy() -> str:
        target = tmp_path / f"shop_{next(_copies)}.db"
        shutil.copy(sqlite_template, target)
        return f"sqlite:///{target}"

    return copy
