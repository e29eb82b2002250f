"""A copy of the whole database in one file, made while the hotline goes on working.

SQLite writes it by VACUUM INTO: one moment of the database, without what was deleted from it, and nobody waits meanwhile.
PostgreSQL's own pg_dump makes one to be read by pg_restore. Half a copy never has the name that was asked for.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from order_lookup.errors import DownError, MistakeError


def back_up(url: str, file: Path) -> None:
    """Write the database into a new file that only this user may read; MistakeError or DownError when that can't be."""
    try:
        database = make_url(url)
    except ArgumentError as error:
        raise MistakeError("database url: write it like sqlite:///hotline.db or postgresql://user@host/name") from error
    half = file.with_name(f"{file.name}.half")
    try:
        if file.exists():
            raise MistakeError(f"{file} is there already: name a new file, e.g. with the date")
        half.unlink(missing_ok=True)
        os.close(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _dump(database, half) if database.get_backend_name() == "postgresql" else _vacuum(database, half)
        with half.open("rb") as written:
            os.fsync(written.fileno())
        half.rename(file)
    except OSError as error:
        raise DownError(f"{half}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)


def _vacuum(database: URL, into: Path) -> None:
    source = Path(database.database or "")
    if not source.is_file():
        raise MistakeError(f"there is no database {source}")
    try:
        with closing(sqlite3.connect(source, timeout=10)) as connection:
            connection.execute("VACUUM INTO ?", (str(into),))
        with closing(sqlite3.connect(into)) as copy:
            told = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise DownError(f"the copy of {source} could not be made: {error}") from error
    if told != "ok":
        raise DownError(f"{source} is damaged, and so would be its copy: {told}")


def _dump(database: URL, into: Path) -> None:
    plain = database.set(drivername="postgresql", password=None).render_as_string()
    # The password goes by the environment: everybody on the machine may read command lines.
    secret = {"PGPASSWORD": str(database.password)} if database.password else {}
    command = ["pg_dump", "--format=custom", "--no-owner", f"--file={into}", f"--dbname={plain}"]
    try:
        done = subprocess.run(command, env=os.environ | secret, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise MistakeError("pg_dump is missing: apt-get install postgresql-client") from error
    if done.returncode:
        raise DownError(f"pg_dump: {(done.stderr.strip().splitlines() or ['it failed'])[-1]}")
