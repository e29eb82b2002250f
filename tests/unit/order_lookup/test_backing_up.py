"""Copies of the database, made while somebody writes."""

from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from order_lookup.backing_up import back_up
from order_lookup.database import open_engine, upgrade
from order_lookup.errors import DownError, MistakeError


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    upgrade(open_engine(url))
    with sqlite3.connect(tmp_path / "hotline.db") as connection:
        connection.execute("CREATE TABLE pairs (here INTEGER, there INTEGER)")
    return url


def test_a_copy_is_of_one_moment_and_holds_up_nobody(url: str, tmp_path: Path) -> None:
    """What is written in one transaction is in the copy altogether or not at all."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        with sqlite3.connect(tmp_path / "hotline.db", isolation_level=None, timeout=1) as connection:
            while not stop.is_set():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO pairs VALUES (1, 0)")
                connection.execute("INSERT INTO pairs VALUES (0, 1)")
                connection.execute("COMMIT")
                written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    for number in range(5):
        back_up(url, tmp_path / f"copy{number}.db")
        with sqlite3.connect(tmp_path / f"copy{number}.db") as copy:
            here, there = copy.execute("SELECT sum(here), sum(there) FROM pairs").fetchone()
            version = copy.execute("SELECT version_num FROM alembic_version_orders").fetchall()
        assert here == there
        assert len(version) == 1
        counts.append(here or 0)
    stop.set()
    writer.join()
    assert counts == sorted(counts)
    assert written[0] >= counts[-1] > 0


def test_nobody_else_may_read_it(url: str, tmp_path: Path) -> None:
    back_up(url, tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


def test_what_is_there_is_not_written_over(url: str, tmp_path: Path) -> None:
    kept = tmp_path / "copy.db"
    kept.write_bytes(b"yesterday's")
    with pytest.raises(MistakeError, match="already"):
        back_up(url, kept)
    assert kept.read_bytes() == b"yesterday's"


def test_what_could_not_be_copied_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\x00" + bytes(2000))
    with pytest.raises(DownError, match=r"broken\.db"):
        back_up(f"sqlite:///{tmp_path / 'broken.db'}", tmp_path / "copy.db")
    with pytest.raises(MistakeError, match="no database"):
        back_up(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy.db")
    with pytest.raises(DownError, match="No such file"):
        back_up(f"sqlite:///{tmp_path / 'broken.db'}", tmp_path / "nowhere" / "copy.db")
    with pytest.raises(DownError, match="Not a directory"):
        back_up(f"sqlite:///{tmp_path / 'broken.db'}", tmp_path / "broken.db" / "copy.db")
    assert [file.name for file in tmp_path.iterdir()] == ["broken.db"]
