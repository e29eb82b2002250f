"""Open the database once per process: SQLite in WAL mode by default, PostgreSQL for more than one host."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from ivr.errors import ConfigError
from ivr.records import staff as staff  # its tables belong to the same database
from ivr.records.tables import Base


def open_database(url: str) -> Engine:
    """An engine with the records' tables in place; raises ConfigError when the database does not open."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("`database.url` is not a database URL", "e.g. sqlite:///var/hotline.db") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        _make_folder(Path(parsed.database).parent)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(parsed, pool_pre_ping=True)
    except (SQLAlchemyError, ImportError) as fault:
        raise ConfigError(f"`database.url`: {fault}", "use sqlite:///FILE or postgresql://HOST/NAME") from None
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    _create_tables(engine)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigError(
            f"`database.url`: {folder}: {fault.strerror}", "choose a folder that can be written"
        ) from None


def _tune_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _create_tables(engine: Engine) -> None:
    """Create what is missing; processes that start at once may race, so a loser looks again."""
    for attempt in (1, 2, 3):
        try:
            Base.metadata.create_all(engine)
            return
        except DBAPIError as fault:
            if attempt == 3 or not isinstance(fault, OperationalError):
                what = str(fault.orig).splitlines()[0]
                raise ConfigError(f"`database.url` does not open: {what}", "check file, rights and server") from None
