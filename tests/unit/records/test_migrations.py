"""The records' tables are brought up to date: new, made before there were migrations, half-way, newer than we are."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from ivr.errors import ConfigError
from ivr.records.database import MIGRATIONS, open_database
from ivr.records.tables import Base, CallRow, HandoffRow
from order_lookup import database as orders
from order_lookup.database import open_engine, writing
from tests.unit.records.old_databases import agrees, before_migrations


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'hotline.db'}"


def test_metadata_and_migrations_agree(url: str) -> None:
    engine = open_database(url)
    orders.upgrade(open_engine(url))
    assert agrees(engine) == [], "a table was changed: add a revision to migrations/versions that makes this difference"


def test_a_missing_column_would_be_noticed(url: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE handoffs DROP COLUMN held"))
    assert "held" in str(agrees(engine))


@pytest.mark.parametrize("half_way", [False, True])
def test_a_database_of_create_all_is_taken_over_with_what_is_in_it(url: str, half_way: bool) -> None:
    made = open_engine(url)
    before_migrations(made)
    if half_way:  # a newer create_all made the missing table, but no missing column
        Base.metadata.tables["case_posts"].create(made)
    engine = open_database(url)
    orders.upgrade(made)
    assert agrees(engine) == []
    with Session(engine) as session:
        call, handoff = session.get_one(CallRow, "c1"), session.query(HandoffRow).one()
        assert (call.disposition, handoff.held, handoff.callback_due_at) == ("settled", False, None)
    assert MIGRATIONS.upgrade(writing(made)) is False


def test_a_newer_database_is_refused_with_one_line(url: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_records SET version_num = 'records_9999'"))
    with pytest.raises(ConfigError, match=r"newer than this program.*records_9999.*start the newer program") as fault:
        open_database(url)
    assert "\n" not in str(fault.value)


def test_a_broken_upgrade_leaves_the_database_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = open_engine(url)
    before_migrations(made)
    with made.begin() as connection:  # in the way of the last thing that the second revision does
        connection.execute(text("CREATE TABLE x (y INTEGER)"))
        connection.execute(text("CREATE INDEX ix_case_posts_due_at ON x (y)"))
    with pytest.raises(ConfigError, match="ix_case_posts_due_at"):
        open_database(url)
    columns = {column["name"] for column in inspect(made).get_columns("handoffs")}
    assert "held" not in columns
    assert not inspect(made).has_table("case_posts")
    with made.begin() as connection:
        connection.execute(text("DROP TABLE x"))
    assert inspect(open_database(url)).has_table("case_posts")


def test_all_can_be_taken_back(url: str) -> None:
    engine = open_engine(url)
    MIGRATIONS.upgrade(writing(engine))
    MIGRATIONS.downgrade(writing(engine))
    assert set(inspect(engine).get_table_names()) == {"alembic_version_records"}
    assert MIGRATIONS.upgrade(writing(engine)) is True
