"""The records' tables on PostgreSQL, and upgraded by several processes that start at once."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from ivr.errors import ConfigError
from ivr.records.database import open_database
from ivr.records.tables import CallRow
from order_lookup import database as orders
from order_lookup.database import open_engine
from tests.unit.records.old_databases import agrees, before_migrations

pytestmark = pytest.mark.integration
_places = itertools.count(1)
_OPEN = """
import json, sys
from order_lookup.migrating import Chain
done = []
real = Chain.upgrade
Chain.upgrade = lambda self, engine: done.append(real(self, engine)) or done[-1]
from ivr.records.database import open_database
open_database(sys.argv[1])
print(json.dumps(done))
"""


@pytest.fixture
def empty(postgres_server: str) -> Callable[[], str]:
    """Makes an empty database on the server."""

    def make() -> str:
        name = f"records_{next(_places)}"
        server = f"{postgres_server.replace('postgresql:', 'postgresql+psycopg:')}/postgres"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return f"{postgres_server}/{name}"

    return make


def test_metadata_and_migrations_agree(empty: Callable[[], str]) -> None:
    url = empty()
    engine = open_database(url)
    orders.upgrade(open_engine(url))
    assert agrees(engine) == [], "a table was changed: add a revision to migrations/versions that makes this difference"
    engine.dispose()


def test_a_database_of_create_all_is_taken_over_with_what_is_in_it(empty: Callable[[], str]) -> None:
    url = empty()
    made = open_engine(url)
    before_migrations(made)
    engine = open_database(url)
    orders.upgrade(made)
    assert agrees(engine) == []
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").disposition == "settled"
    for each in (made, engine):
        each.dispose()


def test_a_newer_database_is_refused(empty: Callable[[], str]) -> None:
    url = empty()
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_records SET version_num = 'records_9999'"))
    with pytest.raises(ConfigError, match="newer than this program"):
        open_database(url)
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "sqlite, made before", "postgresql", "postgresql, made before"])
def test_several_processes_starting_at_once_upgrade_once(kind: str, empty: Callable[[], str], tmp_path: Path) -> None:
    url = empty() if kind.startswith("postgresql") else f"sqlite:///{tmp_path / 'fresh.db'}"
    if kind.endswith("before"):
        before_migrations(open_engine(url))
    started = [
        subprocess.Popen([sys.executable, "-c", _OPEN, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    answers = [(process.communicate(timeout=240), process.returncode) for process in started]
    assert [code for _, code in answers] == [0] * 4, answers
    assert sorted(json.loads(out) for (out, _), _ in answers) == [[False], [False], [False], [True]]
