"""API tokens while the database can be read but not written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from ivr.accounts import add_token, digest
from ivr.config import Settings
from ivr.console.api import api_app
from ivr.console.house import House, open_house
from ivr.records.staff import TokenRow

NOW = 1_700_000_000.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house(Settings(folder=tmp_path))
    house.clock = lambda: NOW
    event.listen(house.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=500"))
    yield house
    house.close()


async def ask(house: House, token: str) -> httpx.Response:
    """The agents, as a program asks for them; what is written behind the answer is waited for."""
    transport = httpx.ASGITransport(api_app(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.get("/agents", headers={"authorization": f"Bearer {token}"})
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    return answer


def used_at(house: House, token: str) -> float | None:
    with Session(house.engine) as session:
        row = session.get(TokenRow, digest(token))
        assert row is not None
        return row.used_at


def made(house: House) -> str:
    with Session(house.engine) as session, session.begin():
        return add_token(session, "crm", ["agents"], NOW)


def test_reading_goes_on_while_nothing_can_be_written(house: House, tmp_path: Path) -> None:
    token = made(house)
    with closing(sqlite3.connect(tmp_path / "var" / "hotline.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert asyncio.run(ask(house, token)).status_code == 200
        assert used_at(house, token) is None
    assert asyncio.run(ask(house, token)).status_code == 200
    assert used_at(house, token) == NOW


def test_an_unknown_token_opens_nothing(house: House) -> None:
    assert asyncio.run(ask(house, made(house) + "x")).status_code == 401
