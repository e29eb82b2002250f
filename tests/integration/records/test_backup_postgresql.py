"""A copy by pg_dump, restored into another database."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ivr.config import AgentSettings
from ivr.records.agents import enrol
from ivr.records.database import open_database
from order_lookup.backing_up import back_up
from order_lookup.errors import DownError

pytestmark = pytest.mark.integration


def test_what_was_backed_up_is_restored_elsewhere(postgres_server: str, tmp_path: Path) -> None:
    server = create_engine(
        f"{postgres_server.replace('postgresql:', 'postgresql+psycopg:')}/postgres", isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(text("CREATE DATABASE backed_up"))
        connection.execute(text("CREATE DATABASE restored"))
    server.dispose()
    engine = open_database(f"{postgres_server}/backed_up")
    enrol(engine, (AgentSettings(name="anna", uri="sip:anna@10.0.0.9"),))
    engine.dispose()
    back_up(f"{postgres_server}/backed_up", tmp_path / "copy.dump")
    restore = ["pg_restore", "--no-owner", f"--dbname={postgres_server}/restored", str(tmp_path / "copy.dump")]
    subprocess.run(restore, check=True)
    restored = open_database(f"{postgres_server}/restored")
    with restored.begin() as connection:
        assert connection.execute(text("SELECT name FROM agents")).scalars().all() == ["anna"]
    restored.dispose()


def test_a_server_that_is_away_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DownError, match="pg_dump: ") as fault:
        back_up("postgresql://nobody:secret@127.0.0.1:1/none", tmp_path / "copy.dump")
    assert "secret" not in str(fault.value)
    assert list(tmp_path.iterdir()) == []
