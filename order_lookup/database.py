"""The database of the order desk: how to open it, and how to bring its tables up to date.

SQLite runs in WAL mode: readers never wait; writers take the write lock when they begin (BEGIN IMMEDIATE), because a
reader that turns into a writer can fail with SQLITE_BUSY whatever the timeout says (sqlite.org/isolation.html).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from order_lookup.errors import DownError, MistakeError
from order_lookup.migrating import Chain

BUSY_TIMEOUT_MS = 10_000
# How PostgreSQL is connected to: a statement that hangs, and a server that is gone without a word, hold nobody up for ever.
POSTGRESQL = {
    "options": "-c statement_timeout=20000 -c lock_timeout=10000",
    "connect_timeout": 5,
    "tcp_user_timeout": 20_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
MIGRATIONS = Chain(Path(__file__).parent / "migrations", "alembic_version_orders", lock=0x6F72646572)
_WRITES = "shop_writes"


def open_engine(url: str, pool_size: int = 5) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://…`; MistakeError for any other URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise MistakeError("database url: write it like sqlite:///hotline.db or postgresql://user@host/name") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(str(parsed.database or ":memory:"), url)
        case "postgresql":
            psycopg = parsed.set(drivername="postgresql+psycopg")
            return create_engine(
                psycopg,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_pre_ping=True,
                hide_parameters=True,  # names and phones have no place in an error's text, which goes to the log
                connect_args=POSTGRESQL,
            )
        case other:
            raise MistakeError(f"database url: {other!r} isn't supported: use sqlite:///FILE or postgresql://…")


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the write lock when they begin."""
    return engine.execution_options(**{_WRITES: True})


def upgrade(engine: Engine) -> bool:
    """Bring the tables up to date if they aren't; True when something was done. Safe from many processes at once."""
    try:
        return MIGRATIONS.upgrade(writing(engine))
    except DBAPIError as error:
        raise DownError(f"the database can't be brought up to date: {error.orig}") from error


def downgrade(engine: Engine) -> None:
    """Take all tables of the order desk away again."""
    MIGRATIONS.downgrade(writing(engine))


def _sqlite(file: str, url: str) -> Engine:
    if file not in ("", ":memory:") and not file.startswith("file:"):
        _writable_folder(Path(file))
    try:
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    except NoSuchModuleError as error:
        raise MistakeError(f"database url: {error}") from error
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _sqlite_begins)
    return engine


def _writable_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MistakeError(f"database {file}: its folder can't be made ({error.strerror})") from error


def _sqlite_connected(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: _sqlite_begins does
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begins(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
