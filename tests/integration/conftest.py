"""A throw-away PostgreSQL cluster, one for the whole run, and the demo shops of `shops.py`.

What several folders use stands here: imported into a folder's own conftest, a fixture would be made anew for it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.shops import postgres, postgres_template, sqlite, sqlite_template

__all__ = ["postgres", "postgres_server", "postgres_template", "sqlite", "sqlite_template"]
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
def postgres_server() -> Iterator[str]:
    """The URL, without a database's name, of a cluster that is gone after the tests."""
    programs, port = _programs(), _free_port()
    # Not under pytest's own folders: those are root's alone, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="hotline-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, log = folder / "data", folder / "log"
    run = {"check": True, "capture_output": True, "cwd": "/", "timeout": 300}
    try:
        subprocess.run(
            _as_postgres(programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync", "-E", "UTF8"),
            **run,
        )
        options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off -c max_connections=60 -c shared_buffers=64MB"
        with (folder / "start").open("wb") as out:
            subprocess.run(
                _as_postgres(programs / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "180", "-o", options, "start"),
                check=True, stdout=out, stderr=out, cwd="/", timeout=200,
            )  # fmt: skip
        try:
            yield f"postgresql://tests@127.0.0.1:{port}"
        finally:
            subprocess.run(_as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"), **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
