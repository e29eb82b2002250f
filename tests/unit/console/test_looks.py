"""Who opened a transcript, a vCon or the feed is in the audit: once per opening, and later where nothing can be written now."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from ivr.accounts import add_token
from ivr.config import Settings
from ivr.console import looks
from ivr.console.api import ONE_LOOK_SECONDS, api_app
from ivr.console.house import House, open_house
from ivr.records.cli import report
from ivr.records.staff import AuditRow
from ivr.records.tables import CallRow

NOW = 1_700_000_000.0


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(looks, "RETRY_SECONDS", 0.05)
    house = open_house(Settings(folder=tmp_path))
    event.listen(house.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=50"))
    house.clock = lambda: NOW
    with Session(house.engine) as session, session.begin():
        for call_id in ("c-1", "c-2"):
            session.add(CallRow(id=call_id, started_at=NOW, ended_at=NOW, case={}))
    yield house
    house.close()


@pytest.fixture
def token(house: House) -> str:
    with Session(house.engine) as session, session.begin():
        return add_token(session, "crm", ["calls", "events"], NOW)


async def ask(house: House, token: str, *paths: str) -> list[int]:
    transport = httpx.ASGITransport(api_app(house))
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", headers=headers) as client:
        return [(await client.get(path)).status_code for path in paths]


async def asked(house: House, token: str, *paths: str) -> list[int]:
    """The same, with what is written behind it."""
    statuses = await ask(house, token, *paths)
    await house.looks.close()
    house.looks = looks.Looks(house.write)
    return statuses


def seen(house: House) -> list[tuple[str, str, str | None]]:
    with Session(house.engine) as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
        return [(row.account, row.what, row.call_id) for row in rows]


def test_a_program_that_polls_is_one_line(house: House, token: str) -> None:
    paths = (
        ["/calls/c-1"] * 5 + ["/calls/c-1/vcon"] * 5 + ["/calls/c-2", "/calls", "/calls/no-such", "/calls/no-such/vcon"]
    )
    asyncio.run(asked(house, token, *paths))
    opened = [
        ("token crm", "transcript_opened", "c-1"),
        ("token crm", "vcon_downloaded", "c-1"),
        ("token crm", "transcript_opened", "c-2"),
    ]
    assert seen(house) == opened
    asyncio.run(asked(house, token, *paths))
    assert seen(house) == opened
    house.clock = lambda: NOW + ONE_LOOK_SECONDS + 1
    asyncio.run(asked(house, token, "/calls/c-1"))
    assert seen(house) == [*opened, opened[0]]


def test_the_feed_is_an_opening(house: House, token: str) -> None:
    asyncio.run(asked(house, token, "/events?seconds=0.1", "/events?seconds=0.1"))
    assert seen(house) == [("token crm", "feed_opened", None)]


def test_a_page_opened_twice_is_two_openings(house: House) -> None:
    async def open_twice() -> None:
        for _ in range(2):
            house.seen("anna", "transcript_opened", "c-1")
        await house.looks.close()

    asyncio.run(open_twice())
    assert seen(house) == [("anna", "transcript_opened", "c-1")] * 2


def test_what_can_not_be_written_now_is_written_later(house: House, token: str, tmp_path: Path) -> None:
    async def while_locked() -> None:
        with closing(sqlite3.connect(tmp_path / "var" / "hotline.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            assert await ask(house, token, "/calls/c-1", "/calls/c-1", "/calls/c-1/vcon") == [200, 200, 200]
            await asyncio.sleep(0.3)
            assert seen(house) == []
        await house.looks.close()

    asyncio.run(while_locked())
    assert [what for _, what, _ in seen(house)] == ["transcript_opened", "vcon_downloaded"]


def test_what_was_never_written_is_in_the_log(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def ends_locked() -> None:
        with closing(sqlite3.connect(tmp_path / "var" / "hotline.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            house.seen("anna", "transcript_opened", "c-1")
            await house.looks.close()

    asyncio.run(ends_locked())
    said = capsys.readouterr().out
    assert "console.audit_lost" in said
    assert "anna" in said


def test_the_command_line_is_audited_and_the_report_shows_it(house: House, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("", encoding="utf-8")

    def said(*words: str) -> str:
        result = CliRunner().invoke(report, [*words, "--config", str(tmp_path / "config.yaml")], env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        return result.output

    said("call", "c-1")
    assert str(tmp_path) not in said("call", "c-1", "--vcon")
    shown = json.loads(said("audit", "--call", "c-1", "--json"))
    assert [(line["what"], line["account"].split()[0]) for line in shown] == [
        ("vcon_downloaded", "shell"),
        ("transcript_opened", "shell"),
    ]
