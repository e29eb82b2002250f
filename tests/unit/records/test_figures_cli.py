"""`ivr report figures` and `stuck`: days of the shop, rows and files; a file that a spreadsheet opens as it is meant."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from ivr.records.cli import report
from ivr.records.database import open_database
from ivr.records.sheet import sheet
from ivr.records.tables import CallRow, EventRow
from ivr.traffic import day_begins

ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    (tmp_path / "config.yaml").write_text(
        "database: {url: 'sqlite:///hotline.db'}\ntime_zone: America/New_York\n", encoding="utf-8"
    )
    yield made
    made.dispose()


def told(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(report, [*words, "--config", str(folder / "config.yaml")])


def calls_around_midnight(engine: Engine) -> None:
    """The last of yesterday and the first of today, in New York."""
    midnight = day_begins(datetime.now(ZONE).date(), ZONE)
    with Session(engine) as session, session.begin():
        for name, began in (("late", midnight - 1.0), ("early", midnight)):
            about = {"intent": "=HYPERLINK(0)" if name == "early" else "退款"}
            session.add(CallRow(id=name, started_at=began, ended_at=began + 90.0, disposition="settled", case=about))
            session.flush()
            session.add(EventRow(at=began, kind="no_match", call_id=name, data={"step": "find_order.number"}))


def test_days_are_the_shops_and_not_the_last_so_many_hours(engine: Engine, tmp_path: Path) -> None:
    calls_around_midnight(engine)
    assert json.loads(told(tmp_path, "figures", "--days", "1", "--json").output)["calls"] == 1
    assert json.loads(told(tmp_path, "figures", "--days", "2", "--json").output)["calls"] == 2
    yesterday = (datetime.now(ZONE).date() - timedelta(days=1)).isoformat()
    (row,) = json.loads(
        told(tmp_path, "figures", "--by", "day", "--from", yesterday, "--to", yesterday, "--json").output
    )
    assert (row["day"], row["calls"]) == (yesterday, 1)
    assert "00:00" in told(tmp_path, "figures", "--by", "hour", "--days", "1").output


def test_a_file_has_chinese_and_no_formula(engine: Engine, tmp_path: Path) -> None:
    calls_around_midnight(engine)
    file = tmp_path / "figures.csv"
    said = told(tmp_path, "figures", "--days", "2", "--by", "about", "--csv", str(file))
    assert said.exit_code == 0, said.output
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = {row["about"]: row for row in csv.DictReader(opened)}
    assert set(rows) == {"退款", "'=HYPERLINK(0)"}
    assert rows["退款"]["calls"] == "1"
    assert rows["退款"]["service_level"] == ""


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_of_words_begins_a_formula(cell: str) -> None:
    (row,) = csv.DictReader(sheet([{"a": cell, "b": -1.5}], ["a", "b"]).lstrip("\ufeff").splitlines(keepends=True))
    assert row["b"] == "-1.5"
    assert sheet([{"a": cell}], ["a"]).partition("\r\n")[2].lstrip('"').startswith("'")


def test_stuck_tells_steps_and_what_is_not_known_any_more(engine: Engine, tmp_path: Path) -> None:
    calls_around_midnight(engine)
    (step,) = json.loads(told(tmp_path, "stuck", "--days", "2", "--json").output)
    assert (step["name"], step["not_understood"]) == ("find_order.number", 2)
    assert "events_days" in told(tmp_path, "stuck", "--days", "30").output
    assert "find_order.number" in told(tmp_path, "stuck", "--days", "2").output


def test_a_day_that_is_none_is_told_so(engine: Engine, tmp_path: Path) -> None:
    assert "no day" in str(told(tmp_path, "figures", "--from", "2026-13-01").exception)
    assert "no day from" in str(told(tmp_path, "figures", "--from", "2026-12-02", "--to", "2026-12-01").exception)
