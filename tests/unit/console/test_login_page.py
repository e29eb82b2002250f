"""The login page: known devices, strangers, and who only reads while nothing can be written."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from ivr import accounts
from ivr.accounts import Role
from ivr.config import Settings
from ivr.console.gate import COOKIE, Gate
from ivr.console.house import House, open_house
from ivr.console.login import login_routes
from ivr.records.staff import SessionRow

PASSWORD = "correct horse"
NOW = 1_700_000_000.0


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: hasher)
    accounts._dummy_hash.cache_clear()
    house = open_house(Settings(folder=tmp_path))
    event.listen(house.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=300"))
    house.clock = lambda: NOW
    with Session(house.engine) as session, session.begin():
        for name in ("anna", "bert"):
            accounts.add_account(session, name, PASSWORD, Role.SUPERVISOR, None, NOW)
    yield house
    house.close()


class Browser:
    """A browser at an address."""

    def __init__(self, house: House, address: str) -> None:
        app = FastAPI()
        app.include_router(login_routes(house))
        app.add_api_route("/page", lambda: PlainTextResponse("a page"))
        app.add_middleware(Gate, house=house)
        self.app, self.address, self.cookies = app, address, httpx.Cookies()

    def ask(self, method: str, path: str, address: str = "", **what: object) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(address or self.address, 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://desk", cookies=self.cookies) as client:
                answer = await client.request(method, path, **what)  # type: ignore[arg-type]
                self.cookies = client.cookies
                return answer

        return asyncio.run(go())

    def log_in(self, name: str, password: str = PASSWORD, address: str = "") -> int:
        found = re.search(r'name="form_token" value="([^"]+)"', self.ask("GET", "/login").text)
        assert found
        form = {"name": name, "password": password, "form_token": found[1]}
        return self.ask("POST", "/login", address, data=form).status_code


def test_strangers_everywhere_do_not_keep_an_agent_from_their_desk(house: House) -> None:
    desk, stranger = Browser(house, "10.0.0.7"), Browser(house, "203.0.113.1")
    assert desk.log_in("anna") == 303
    assert desk.log_in("bert") == 303  # a desk that two share is known for both
    for number in range(60):
        assert stranger.log_in("anna", "wrong horse!", f"198.51.100.{number}") == 401
    assert stranger.log_in("anna", PASSWORD, "198.51.100.99") == 401
    assert Browser(house, "10.0.0.7").log_in("anna") == 401
    assert desk.log_in("anna") == 303
    assert stranger.log_in("bert") == 303


def test_a_known_desk_gets_in_though_its_address_has_guessed_too_often(house: House) -> None:
    desk, neighbour = Browser(house, "10.0.0.7"), Browser(house, "10.0.0.7")
    assert desk.log_in("anna") == 303
    neighbour.app = desk.app
    for number in range(20):
        assert neighbour.log_in(f"nobody{number}") == 401
    assert neighbour.log_in("anna") == 429
    assert desk.log_in("anna") == 303


def test_the_device_cookie_is_out_of_reach_for_scripts_and_other_pages(house: House) -> None:
    desk = Browser(house, "10.0.0.7")
    desk.log_in("anna")
    form = desk.ask("GET", "/login")
    answer = desk.ask("POST", "/login", data={
        "name": "anna", "password": PASSWORD, "form_token": re.search(r'form_token" value="([^"]+)"', form.text)[1],  # type: ignore[index]
    })  # fmt: skip
    (kept,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("desk_device_")]
    assert all(word in kept for word in ("HttpOnly", "SameSite=strict", "Path=/login"))
    assert "anna" not in kept


def test_reading_goes_on_while_nothing_can_be_written(house: House, tmp_path: Path) -> None:
    desk = Browser(house, "10.0.0.7")
    assert desk.log_in("anna") == 303
    with closing(sqlite3.connect(tmp_path / "var" / "hotline.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert desk.ask("GET", "/page").status_code == 200
        house.clock = lambda: NOW + accounts.IDLE_SECONDS + 1
        assert desk.ask("GET", "/page").status_code == 401  # over, and said so: it was 503
    assert desk.ask("GET", "/page").status_code == 401
    assert desk.log_in("anna") == 303
    with Session(house.engine) as session:  # the login took the session away that was over
        assert session.scalars(select(SessionRow.token_hash)).all() == [accounts.digest(desk.cookies[COOKIE])]
