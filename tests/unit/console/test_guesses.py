"""A stranger's guesses keep nobody out of their own desk, and guessing from wherever hits a wall."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr import accounts, guesses
from ivr.accounts import Login, Role
from ivr.records.database import open_database
from ivr.records.retention import Keep, forget
from ivr.records.staff import AccountRow, GuessRow

PASSWORD, WRONG = "correct horse", "wrong horse!"
DESK, STRANGER = "10.0.0.7", "203.0.113.9"
NOW = 1_000_000_000.0
HOUR = 3600.0


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: hasher)
    accounts._dummy_hash.cache_clear()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(open_database(f"sqlite:///{tmp_path / 'hotline.db'}")) as session:
        for name in ("anna", "bert"):
            accounts.add_account(session, name, PASSWORD, Role.AGENT, None, NOW)
        session.commit()
        yield session


def enters(
    session: Session,
    password: str = PASSWORD,
    address: str = DESK,
    device: str = "",
    now: float = NOW,
    name: str = "anna",
) -> Login | None:
    made = guesses.attempt(session, name, address, device, now)
    right = accounts.is_right(made, password)
    return accounts.log_in(session, made, password, address, now) if right else None


def looked_at(session: Session, address: str, now: float, device: str = "") -> bool:
    """Whether the password of an attempt was looked at."""
    return guesses.attempt(session, "anna", address, device, now).admitted


def test_a_strangers_guesses_do_not_lock_the_agent_out(session: Session) -> None:
    for _ in range(20):
        assert enters(session, WRONG, STRANGER) is None
    assert enters(session, PASSWORD, STRANGER) is None
    assert enters(session) is not None


def test_guessing_from_one_address_waits_ever_longer(session: Session) -> None:
    """A day of it from one address: fewer guesses than there are quarters of an hour, and a handful more."""
    times = [*range(0, 600, 5), *range(600, int(24 * HOUR), 60)]
    assert 90 < sum(looked_at(session, STRANGER, NOW + second) for second in times) < 115


def test_guessing_from_many_addresses_hits_a_wall(session: Session) -> None:
    """Each address used once: after the first thirty at once, twenty an hour; and they fill no table."""
    addresses = [f"198.51.{number // 256}.{number % 256}" for number in range(1440)]
    guessed = sum(looked_at(session, address, NOW + 60 * minute) for minute, address in enumerate(addresses))
    assert abs(guessed - (guesses.STRANGERS_AT_ONCE + 24 * HOUR / guesses.STRANGER_EVERY_SECONDS)) <= 1
    assert session.scalar(select(func.count()).select_from(GuessRow)) == guessed


def test_behind_the_wall_a_known_device_is_let_in(session: Session) -> None:
    login = enters(session)
    assert login is not None
    for number in range(200):
        looked_at(session, f"198.51.100.{number}", NOW)
    assert enters(session) is None
    assert enters(session, device=login.device) is not None
    assert enters(session, device=login.device, address="10.9.9.9") is not None


def test_a_known_device_may_not_guess_for_ever(session: Session) -> None:
    login = enters(session)
    assert login is not None
    seen = [looked_at(session, f"198.51.100.{number}", NOW, login.device) for number in range(20)]
    assert seen == [True] * 5 + [False] * 15
    assert looked_at(session, DESK, NOW + 6, login.device)


def test_a_device_is_known_for_one_account_and_one_password(session: Session) -> None:
    login = enters(session)
    assert login is not None
    assert guesses.is_known(session, "anna", login.device, NOW)
    assert not guesses.is_known(session, "bert", login.device, NOW)
    assert not guesses.is_known(session, "nobody", login.device, NOW)
    assert not guesses.is_known(session, "anna", login.device, NOW + guesses.DEVICE_SECONDS + 1)
    made, _, signature = login.device.rpartition(".")
    for forged in ("", ".", "..", f"{made}.", f"{int(NOW) + 9}.x.{signature}", f"{login.device}0", "９.x.y", "1" * 500):
        assert not guesses.is_known(session, "anna", forged, NOW)
    accounts.set_password(session, "anna", "another horse")
    assert not guesses.is_known(session, "anna", login.device, NOW)


def test_the_neighbours_of_an_ipv6_address_are_the_same_stranger(session: Session) -> None:
    seen = [looked_at(session, f"2001:db8:1:2::{number:x}", NOW) for number in range(1, 21)]
    assert seen == [True] * 5 + [False] * 15
    assert looked_at(session, "2001:db8:1:3::1", NOW)
    assert guesses._network("::ffff:10.0.0.7") == guesses._network("10.0.0.7")


def test_who_gets_in_at_once_takes_nothing_from_the_others(session: Session) -> None:
    for number in range(100):
        assert enters(session, address=f"10.0.1.{number}") is not None
    assert session.scalar(select(func.count()).select_from(GuessRow)) == 0
    assert session.scalars(select(AccountRow.failures)).all() == [0, 0]


@pytest.mark.parametrize("how", ["enable", "password"])
def test_an_admin_lets_everybody_in_again(session: Session, how: str) -> None:
    for number in range(200):
        looked_at(session, f"198.51.100.{number % 20}", NOW)
    assert enters(session) is None
    if how == "enable":
        accounts.enable(session, "anna")
    else:
        accounts.set_password(session, "anna", PASSWORD)
    assert enters(session) is not None


def test_names_that_are_nobodys_are_not_kept(session: Session) -> None:
    for number in range(20):
        assert enters(session, name=f"nobody{number}") is None
    assert session.scalar(select(func.count()).select_from(GuessRow)) == 0


def test_what_was_counted_is_forgotten_after_a_day(session: Session, tmp_path: Path) -> None:
    looked_at(session, STRANGER, NOW)
    session.commit()
    engine = session.get_bind()
    assert forget(engine, tmp_path, Keep(), NOW + HOUR) == {}  # type: ignore[arg-type]
    assert forget(engine, tmp_path, Keep(), NOW + 25 * HOUR) == {"wrong passwords forgotten": 1}  # type: ignore[arg-type]


def test_a_house_whose_accounts_are_all_closed_has_none(session: Session) -> None:
    assert accounts.any_account(session)
    for name in ("anna", "bert"):
        accounts.disable(session, name, NOW)
    assert not accounts.any_account(session)
