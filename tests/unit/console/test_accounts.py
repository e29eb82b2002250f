"""Passwords, sessions, tokens: who gets in, and for how long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from ivr import accounts, guesses
from ivr.accounts import Role, Token, Viewer
from ivr.console.cli import agents
from ivr.errors import UserError
from ivr.records.cli import report
from ivr.records.database import open_database
from ivr.records.staff import AccountRow, AuditRow, SessionRow, TokenRow
from ivr.records.tables import AgentRow

PASSWORD = "correct horse"
NOW = 1_000_000.0


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real algorithm with the smallest parameters: what it costs in earnest is not what is tried here."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: hasher)
    accounts._dummy_hash.cache_clear()


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(open_database("sqlite://")) as session:
        accounts.add_account(session, "anna", PASSWORD, Role.AGENT, None, NOW)
        session.flush()
        yield session


def log_in(session: Session, name: str, password: str, address: str, now: float, device: str = "") -> str | None:
    """As the login page does it, in one transaction; the session's token."""
    made = guesses.attempt(session, name, address, device, now)
    if not accounts.is_right(made, password):
        accounts.refuse(session, made, name, address, now)
        return None
    return accounts.log_in(session, made, password, address, now).token


def _goes_on(session: Session, token_hash: str, now: float) -> bool:
    """Something was done just now, and it goes on."""
    accounts.renew(session, token_hash, now)
    return accounts.still_logged_in(session, token_hash, now)


def test_right_password_opens_a_session(session: Session) -> None:
    token = log_in(session, "anna", PASSWORD, "10.0.0.1", NOW)
    assert token is not None
    viewer = accounts.viewer_of(session, token, NOW + 1)
    assert isinstance(viewer, Viewer)
    assert (viewer.name, viewer.role, viewer.sees_all_calls) == ("anna", Role.AGENT, False)


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong horse"), ("nobody", PASSWORD), ("", ""), ("anna", "")])
def test_anything_else_does_not(session: Session, name: str, password: str) -> None:
    assert log_in(session, name, password, "10.0.0.1", NOW) is None


def test_nothing_secret_is_kept(session: Session) -> None:
    token = log_in(session, "anna", PASSWORD, "", NOW)
    api = accounts.add_token(session, "crm", ["calls"], NOW)
    kept = [row.password_hash for row in session.scalars(select(AccountRow))]
    kept += [row.token_hash for row in session.scalars(select(SessionRow))]
    kept += [row.token_hash for row in session.scalars(select(TokenRow))]
    assert kept[0].startswith("$argon2id$")
    assert not [each for each in kept if each in (PASSWORD, token, api)]


def test_wrong_passwords_make_an_address_wait_ever_longer(session: Session) -> None:
    for _ in range(guesses.FREE_FAILURES + 1):
        log_in(session, "anna", "wrong horse", "", NOW)
    assert log_in(session, "anna", PASSWORD, "", NOW + 4) is None
    assert log_in(session, "anna", PASSWORD, "", NOW + 6) is not None
    assert session.scalars(select(AccountRow.failures)).one() == 0
    assert len(session.scalars(select(AuditRow).where(AuditRow.what == "login_failed")).all()) == 5


@pytest.mark.parametrize(
    ("later", "still"), [(60, True), (accounts.IDLE_SECONDS + 1, False), (accounts.LONGEST_SECONDS + 1, False)]
)
def test_idle_sessions_end(session: Session, later: float, still: bool) -> None:
    token = log_in(session, "anna", PASSWORD, "", NOW)
    assert token
    assert (accounts.viewer_of(session, token, NOW + later) is not None) is still
    assert _goes_on(session, accounts.digest(token), NOW + later) is still  # what has ended stays ended


def test_active_sessions_go_on_but_not_for_ever(session: Session) -> None:
    token = log_in(session, "anna", PASSWORD, "", NOW)
    assert token
    mine, now = accounts.digest(token), NOW
    while now < NOW + accounts.LONGEST_SECONDS:
        assert _goes_on(session, mine, now)
        now += 3600
    assert not _goes_on(session, mine, now + 1)


def test_logging_out_and_new_passwords_end_sessions(session: Session) -> None:
    first = log_in(session, "anna", PASSWORD, "", NOW)
    second = log_in(session, "anna", PASSWORD, "", NOW)
    assert first
    assert second
    accounts.log_out(session, accounts.digest(first))
    assert accounts.viewer_of(session, first, NOW) is None
    accounts.set_password(session, "anna", "another horse")
    assert accounts.viewer_of(session, second, NOW) is None
    assert log_in(session, "anna", "another horse", "", NOW)


def test_password_of_nobody_says_how_to_let_them_in(session: Session) -> None:
    with pytest.raises(UserError, match=r"no account `agent1` — `ivr agents add agent1` makes one"):
        accounts.set_password(session, "agent1", "another horse")


def test_disabled_accounts_are_out_at_once(session: Session) -> None:
    token = log_in(session, "anna", PASSWORD, "", NOW)
    assert token
    session.scalars(select(AccountRow)).one().disabled = True
    assert accounts.viewer_of(session, token, NOW) is None
    assert log_in(session, "anna", PASSWORD, "", NOW) is None


@pytest.mark.parametrize("password", ["x" * 9, "x" * 201])
def test_passwords_have_a_length(session: Session, password: str) -> None:
    with pytest.raises(UserError, match="password is too"):
        accounts.add_account(session, "bert", password, Role.AGENT, None, NOW)


def test_names_are_taken_once(session: Session) -> None:
    with pytest.raises(UserError, match="already"):
        accounts.add_account(session, "anna", PASSWORD, Role.ADMIN, None, NOW)


def test_tokens_have_the_scopes_given(session: Session) -> None:
    token = accounts.add_token(session, "crm", ["queue", "calls"], NOW)
    known = accounts.known_token(session, token, NOW)
    assert known == Token("crm", frozenset({"queue", "calls"}), used_lately=False)
    assert accounts.known_token(session, token + "x", NOW) is None
    with pytest.raises(UserError, match="a token `crm` already"):
        accounts.add_token(session, "crm", ["calls"], NOW)
    with pytest.raises(UserError, match="no scope `money`"):
        accounts.add_token(session, "erp", ["money"], NOW)


def test_a_tokens_use_is_noted_every_half_minute(session: Session) -> None:
    token = accounts.add_token(session, "crm", ["queue"], NOW)
    assert not _used_lately(session, token, NOW)
    accounts.token_used(session, token, NOW)
    assert _used_lately(session, token, NOW + 29)
    assert not _used_lately(session, token, NOW + 31)


def _used_lately(session: Session, token: str, now: float) -> bool:
    known = accounts.known_token(session, token, now)
    assert known is not None
    return known.used_lately


def test_revoked_tokens_open_nothing(session: Session) -> None:
    token = accounts.add_token(session, "crm", ["calls"], NOW)
    accounts.revoke(session, "crm")
    assert accounts.known_token(session, token, NOW) is None
    with pytest.raises(UserError, match="no token `crm`"):
        accounts.revoke(session, "crm")


def test_who_is_disabled_is_out_at_once_and_rung_no_more(session: Session) -> None:
    account = session.scalars(select(AccountRow)).one()
    row = AgentRow(name="anna", uri="sip:anna@10.0.0.9", state="available", queues=["general"], languages=["zh"])
    session.add(row)
    session.flush()
    account.agent_id = row.id
    token = log_in(session, "anna", PASSWORD, "", NOW)
    assert token
    accounts.disable(session, "anna", 5.0)
    assert accounts.viewer_of(session, token, NOW) is None
    assert not accounts.still_logged_in(session, accounts.digest(token), NOW)
    assert log_in(session, "anna", PASSWORD, "", NOW) is None
    session.refresh(row)
    assert row.state == "offline"
    accounts.enable(session, "anna")
    assert log_in(session, "anna", PASSWORD, "", NOW)
    with pytest.raises(UserError, match="no account `bert`"):
        accounts.disable(session, "bert", 5.0)


@pytest.mark.parametrize(
    ("state", "after"), [("available", "offline"), ("away", "offline"), ("on_call", "on_call"), ("wrap_up", "wrap_up")]
)
def test_who_is_disabled_finishes_what_is_under_way_and_nobody_else_is_touched(
    state: str, after: str, session: Session
) -> None:
    rows = [
        AgentRow(name=name, uri=f"sip:{name}@10.0.0.9", state=state, queues=["general"], languages=["zh"])
        for name in ("anna", "bert")
    ]
    session.add_all(rows)
    session.flush()
    accounts.add_account(session, "bert", PASSWORD, Role.AGENT, rows[1], NOW)
    session.scalars(select(AccountRow).where(AccountRow.name == "anna")).one().agent_id = rows[0].id
    token = log_in(session, "bert", PASSWORD, "", NOW)
    accounts.disable(session, "anna", 5.0)
    for row in rows:
        session.refresh(row)
    assert [row.state for row in rows] == [after, state]
    assert token
    assert accounts.viewer_of(session, token, NOW) is not None


def test_a_login_sweeps_away_the_own_sessions_that_are_over_and_no_others(session: Session) -> None:
    accounts.add_account(session, "bert", PASSWORD, Role.AGENT, None, NOW)
    session.flush()
    tokens = [log_in(session, name, PASSWORD, "", NOW) for name in ("anna", "bert")]
    later = NOW + accounts.IDLE_SECONDS - 1
    fresh = log_in(session, "anna", PASSWORD, "", later)
    session.flush()
    assert len(session.scalars(select(SessionRow)).all()) == 3  # the first is still good
    log_in(session, "anna", PASSWORD, "", NOW + accounts.IDLE_SECONDS + 1)
    session.flush()
    left = set(session.scalars(select(SessionRow.token_hash)))
    assert accounts.digest(str(tokens[0])) not in left
    assert {accounts.digest(str(tokens[1])), accounts.digest(str(fresh))} <= left
    for _ in range(13):  # kept awake for longer than a session may last
        later += 3600
        accounts.renew(session, accounts.digest(str(fresh)), later)
    log_in(session, "anna", PASSWORD, "", later)
    session.flush()
    assert accounts.digest(str(fresh)) not in set(session.scalars(select(SessionRow.token_hash)))


@pytest.mark.parametrize(
    ("role", "all_calls", "whole_data", "hears"),
    [
        (Role.AGENT, False, False, False),
        (Role.SUPERVISOR, True, True, True),
        (Role.OPERATIONS, True, False, False),
        (Role.ADMIN, True, True, True),
    ],
)
def test_who_may_see_and_hear_what(role: Role, all_calls: bool, whole_data: bool, hears: bool) -> None:
    viewer = Viewer(1, "x", role, "zh", None, "", "")
    assert (viewer.sees_all_calls, viewer.sees_whole_data, viewer.hears_calls) == (all_calls, whole_data, hears)


@pytest.mark.parametrize("scope", ["calls", "queue", "agents", "events", "metrics", "orders", "service"])
def test_every_scope_can_be_given(scope: str, session: Session) -> None:
    known = accounts.known_token(session, accounts.add_token(session, scope, [scope], NOW), NOW)
    assert known is not None
    assert known.scopes == {scope}


def test_what_was_seen_again_and_again_is_one_line(session: Session) -> None:
    for at, path in ((NOW, "/a"), (NOW + 10, "/a"), (NOW + 20, "/b"), (NOW + 400, "/a")):
        accounts.audit_once(session, "crm", "order_data_read", 300.0, at, path=path)
        session.flush()
    seen = session.scalars(select(AuditRow).where(AuditRow.what == "order_data_read").order_by(AuditRow.id))
    assert [(row.at - NOW, row.details["path"]) for row in seen] == [(0, "/a"), (20, "/b"), (400, "/a")]


def test_commands_of_those_who_let_people_in(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("database: {url: 'sqlite:///hotline.db'}\n", encoding="utf-8")

    def said(command: typer.Typer, *words: str) -> str:
        result = CliRunner().invoke(command, [*words, "--config", str(config)], input=PASSWORD, env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        return result.output

    said(agents, "add", "sue", "--role", "supervisor")
    token = said(agents, "token", "crm", "--scope", "calls").strip()
    assert "never" in said(agents, "list")
    said(agents, "disable", "sue")
    said(agents, "revoke", "crm")
    listed = said(agents, "list")
    assert "(disabled)" in listed
    assert "crm" not in listed
    with Session(open_database(f"sqlite:///{tmp_path / 'hotline.db'}")) as session, session.begin():
        assert accounts.known_token(session, token, NOW) is None
        accounts.audit(session, "sue", "number_revealed", "c-1", NOW, there_was_one=True)
        accounts.audit(session, "[red]bo", "login", None, NOW)
    assert "there_was_one: True" in said(report, "audit", "--call", "c-1")
    assert "[red]bo" in said(report, "audit")
    assert [line["what"] for line in json.loads(said(report, "audit", "--account", "sue", "--json"))] == [
        "number_revealed"
    ]
