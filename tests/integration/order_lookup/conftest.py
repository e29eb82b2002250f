"""A throw-away PostgreSQL cluster, and databases filled with a small demo shop."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from order_lookup.database import open_engine
from order_lookup.demo import fill

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
PORTS = range(18100, 18150)


def _programs() -> Path:
    """The folder of PostgreSQL's server programs; the tests fail, not skip, without it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    if not found:
        pytest.fail("PostgreSQL's server isn't installed: apt-get install postgresql", pytrace=False)
    return found[-1].parent


def _as_postgres(*command: str | Path) -> list[str]:
    """PostgreSQL refuses to run as root; as anybody else it runs as they are."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words


def _free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    pytest.fail(f"no free port in {PORTS}", pytrace=False)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL, without a database's name, of a cluster that is gone after the tests."""
    programs, port = _programs(), _free_port()
    folder = Path(f"/tmp/orders-pg-{os.getpid()}")
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, log = folder / "data", folder / "log"
    run = {"check": True, "capture_output": True, "cwd": "/", "timeout": 60}
    try:
        subprocess.run(
            _as_postgres(programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync", "-E", "UTF8"),
            **run,
        )
        options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off -c max_connections=60 -c shared_buffers=64MB"
        with (folder / "start").open("wb") as out:
            subprocess.run(
                _as_postgres(programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"),
                check=True, stdout=out, stderr=out, cwd="/", timeout=60,
            )  # fmt: skip
        try:
            yield f"postgresql://tests@127.0.0.1:{port}"
        finally:
            subprocess.run(_as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"), **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
