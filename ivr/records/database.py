"""Open the database once per process: SQLite in WAL mode by default, PostgreSQL for more than one host."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from ivr.errors import ConfigError
from ivr.records import staff as staff  # its tables belong to the same database
from order_lookup import database as orders
from order_lookup.database import POSTGRESQL, open_engine, writing
from order_lookup.errors import DownError, MistakeError
from order_lookup.migrating import Chain

MIGRATIONS = Chain(Path(__file__).parent / "migrations", "alembic_version_records", lock=0x7265636F7264)


def bring_up_to_date(url: str) -> None:
    """All tables, the order desk's too; raises ConfigError before anything is changed when one part is newer than this program."""
    check = _opened(url)
    with _told():
        for chain in (MIGRATIONS, orders.MIGRATIONS):
            chain.check(check)
    _upgrade(check)
    with _told():
        alone = open_engine(url)
        orders.upgrade(alone)
        alone.dispose()
    check.dispose()


def check_database(url: str) -> None:
    """See that the database opens, and touch no table; raises ConfigError."""
    engine = _opened(url)
    with _told(), engine.connect() as connection:
        inspect(connection).get_table_names()
    engine.dispose()


def open_database(url: str) -> Engine:
    """An engine with the records' tables up to date; raises ConfigError when the database does not open, or is newer."""
    engine = _opened(url)
    _upgrade(engine)
    return engine


def _opened(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("`database.url` is not a database URL", "e.g. sqlite:///var/hotline.db") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        _make_folder(Path(parsed.database).parent)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        # Numbers and names have no place in an error's text, which goes to the log.
        arguments = POSTGRESQL if parsed.get_backend_name() == "postgresql" else {}
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)
    except (SQLAlchemyError, ImportError) as fault:
        raise ConfigError(f"`database.url`: {fault}", "use sqlite:///FILE or postgresql://HOST/NAME") from None
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
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


def _upgrade(engine: Engine) -> None:
    """Bring the tables up to date, by an engine of its own whose transactions take SQLite's write lock when they begin."""
    in_memory = engine.dialect.name == "sqlite" and engine.url.database in (None, "", ":memory:")
    with _told():
        alone = engine if in_memory else open_engine(engine.url.render_as_string(hide_password=False))
        MIGRATIONS.upgrade(writing(alone))
        if not in_memory:
            alone.dispose()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Faults of the database as a ConfigError of one line."""
    try:
        yield
    except DBAPIError as fault:
        what = str(fault.orig).splitlines()[0]
        raise ConfigError(
            f"`database.url` does not open: {what}", "check file, rights, room on the disk and server"
        ) from None
    except (MistakeError, DownError) as fault:
        raise ConfigError(f"`database.url`: {fault}") from None
