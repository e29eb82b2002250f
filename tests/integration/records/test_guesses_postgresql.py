"""Wrong passwords on PostgreSQL: many at once gain nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr import accounts, guesses
from ivr.accounts import Role
from ivr.records.database import open_database

pytestmark = pytest.mark.integration
NOW = 1_000_000_000.0


def looked_at(engine: Engine, address: str) -> bool:
    with Session(engine) as session, session.begin():
        return guesses.attempt(session, "anna", address, "", NOW).admitted


def test_many_at_once_gain_nothing(postgres: Callable[[], str]) -> None:
    engine = open_database(postgres())
    with Session(engine) as session, session.begin():
        accounts.add_account(session, "anna", "correct horse", Role.AGENT, None, NOW)
    with ThreadPoolExecutor(8) as guessers:
        one = list(guessers.map(lambda _: looked_at(engine, "203.0.113.9"), range(40)))
        many = list(guessers.map(lambda number: looked_at(engine, f"198.51.100.{number}"), range(60)))
    assert sum(one) == guesses.FREE_FAILURES + 1
    assert abs(sum(one) + sum(many) - guesses.STRANGERS_AT_ONCE) <= 1
    with Session(engine) as session, session.begin():
        accounts.enable(session, "anna")
    assert looked_at(engine, "203.0.113.9")
    engine.dispose()
