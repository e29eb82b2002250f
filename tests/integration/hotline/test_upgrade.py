"""A new program on an old database, with what doesn't fit it: nothing is changed, and the old program could go on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text

from ivr.demo.stage import ROOT, free_ports
from ivr.records.database import MIGRATIONS
from order_lookup.database import MIGRATIONS as ORDERS
from order_lookup.database import open_engine
from tests.unit.records.old_databases import before_migrations

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(400)]


def serve(folder: Path, **changes: object) -> subprocess.CompletedProcess[str]:
    ports = free_ports(5)
    written = {
        "workers": 1,
        "sip": {"port": ports[0], "worker_ports": ports[1], **changes},
        "speech": {"port": ports[2], "models": str(ROOT / "models")},
        "voice": {"port": ports[3], "cache": "prompts"},
        "dialplan": {"folder": "dialplans", "prompts": str(ROOT / "prompts")},
        "console": {"port": ports[4]},
        "database": {"url": "sqlite:///hotline.db"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    command = [sys.executable, "-m", "ivr", "serve", "--json-logs", "--config", str(folder / "config.yaml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=150)


def revisions(url: str) -> tuple[str | None, ...]:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = tuple(chain.current(connection) for chain in (MIGRATIONS, ORDERS))
    engine.dispose()
    return found


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The URL of a database as an early version left it."""
    shutil.copytree(ROOT / "dialplans", tmp_path / "dialplans")
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    engine = open_engine(url)
    before_migrations(engine)
    engine.dispose()
    return url


@pytest.mark.parametrize(
    ("spoilt", "told"), [("dialplan", "wherever_that_is"), ("codec", "`sip.codecs`: unknown codec `OPUS`")]
)
def test_what_does_not_prove_is_told_before_a_table_is_touched(
    old: str, tmp_path: Path, spoilt: str, told: str
) -> None:
    changes: dict[str, object] = {}
    if spoilt == "dialplan":
        file = tmp_path / "dialplans" / "hotline.yaml"
        lines = file.read_text(encoding="utf-8").replace("say: ", "say: wherever_that_is_", 1)
        file.write_text(lines, encoding="utf-8")
    else:
        changes = {"codecs": ["PCMU", "OPUS"]}
    done = serve(tmp_path, **changes)
    assert done.returncode == 2, done.stderr[-2000:]
    assert told in done.stderr
    assert "nothing was changed" in done.stderr
    assert revisions(old) == (None, None)


def test_no_part_of_a_database_is_changed_when_another_is_newer(old: str, tmp_path: Path) -> None:
    engine = open_engine(old)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version_orders (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version_orders VALUES ('orders_9999')"))
    engine.dispose()
    done = serve(tmp_path)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "newer than this program" in done.stderr
    assert revisions(old) == (None, "orders_9999")
