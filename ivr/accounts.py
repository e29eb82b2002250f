"""Who may log in and what they may do: argon2 passwords, server-side sessions, API tokens with scopes.

Session and token values are random and kept only as hashes, so a stolen database opens no session. A login always makes a new
session (no fixation); wrong passwords make whoever sends them wait ever longer (`guesses.py`), and an unknown name costs as much time
as a known one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ivr import guesses
from ivr.errors import UserError
from ivr.guesses import Attempt
from ivr.records.agent_states import came_into
from ivr.records.staff import AccountRow, AuditRow, SessionRow, TokenRow
from ivr.records.tables import AgentRow

IDLE_SECONDS = 2 * 3600.0
LONGEST_SECONDS = 12 * 3600.0
SEEN_EVERY_SECONDS = 30.0
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
SCOPES = ("calls", "queue", "agents", "events", "metrics", "orders", "service")


class Role(StrEnum):
    """What somebody is here for."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPERATIONS = "operations"
    ADMIN = "admin"


ALL_CALLS = frozenset({Role.SUPERVISOR, Role.OPERATIONS, Role.ADMIN})
MAY_REVEAL_ALL = frozenset({Role.SUPERVISOR, Role.ADMIN})
# What is heard of a call is not masked: names, numbers and addresses are said in it.
MAY_HEAR = MAY_REVEAL_ALL


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is logged in."""

    account: int
    name: str
    role: Role
    language: str
    agent: int | None
    session: str
    csrf: str

    @property
    def sees_all_calls(self) -> bool:
        """Whether other people's calls are open to them."""
        return self.role in ALL_CALLS

    @property
    def sees_whole_data(self) -> bool:
        """Whether anybody's name, number and address are open to them, in the audit each time."""
        return self.role in MAY_REVEAL_ALL

    @property
    def hears_calls(self) -> bool:
        """Whether they may listen in, and hear recordings."""
        return self.role in MAY_HEAR


@dataclass(frozen=True, slots=True)
class Login:
    """What a browser gets: the session's token, and the device's, which outlives it."""

    token: str
    device: str


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _dummy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def digest(token: str) -> str:
    """What is kept of a random token; SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_account(session: Session, name: str, password: str, role: Role, agent: AgentRow | None, now: float) -> None:
    """Add somebody; raises UserError for a name that is taken or a password that is too short."""
    if session.scalar(select(AccountRow.id).where(AccountRow.name == name)):
        raise UserError(f"there is an account `{name}` already", "`ivr agents password` changes its password")
    row = AccountRow(name=name, role=role.value, password_hash=_hashed(password), created_at=now)
    row.agent_id = agent.id if agent else None
    session.add(row)


def any_account(session: Session) -> bool:
    """Whether anybody can log in at the console."""
    return session.scalar(select(AccountRow.id).where(~AccountRow.disabled).limit(1)) is not None


def set_password(session: Session, name: str, password: str) -> None:
    """Change a password, unlock the account and end its sessions; raises UserError for an unknown name."""
    row = session.scalar(select(AccountRow).where(AccountRow.name == name))
    if row is None:
        raise UserError(f"there is no account `{name}`", f"`ivr agents add {name}` makes one")
    row.password_hash = _hashed(password)
    guesses.forget_all(session, row.id)
    session.execute(delete(SessionRow).where(SessionRow.account_id == row.id))


def disable(session: Session, name: str, now: float) -> None:
    """Let somebody in no more: their sessions end now, and their telephone is not rung; raises UserError for an unknown name."""
    row = _account(session, name)
    row.disabled = True
    session.execute(delete(SessionRow).where(SessionRow.account_id == row.id))
    # Who talks or wraps up is let finish; who is away is not rung.
    idle = (AgentRow.id == row.agent_id, AgentRow.state.in_(("available", "away")))
    off_duty = update(AgentRow).where(*idle).values(state="offline", since=now).returning(AgentRow.id)
    for agent in session.scalars(off_duty.execution_options(synchronize_session=False)).all():
        came_into(session, agent, "offline", now)


def enable(session: Session, name: str) -> None:
    """Let somebody in again, with the password they had; raises UserError for an unknown name."""
    row = _account(session, name)
    row.disabled = False
    guesses.forget_all(session, row.id)


def revoke(session: Session, token: str) -> None:
    """Take a token back, by its name; raises UserError when there is none such."""
    if session.scalar(delete(TokenRow).where(TokenRow.name == token).returning(TokenRow.name)) is None:
        raise UserError(f"there is no token `{token}`", "`ivr agents list` shows them")


def _account(session: Session, name: str) -> AccountRow:
    row = session.scalar(select(AccountRow).where(AccountRow.name == name))
    if row is None:
        raise UserError(f"there is no account `{name}`", "`ivr agents list` shows them")
    return row


def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise UserError("the password is too short", f"take {SHORTEST_PASSWORD} characters or more")
    if len(password) > LONGEST_PASSWORD:
        raise UserError("the password is too long", f"take {LONGEST_PASSWORD} characters or fewer")
    return _hasher().hash(password)


def is_right(made: Attempt, password: str) -> bool:
    """Whether the password is the account's; takes as long where there is no account. No database is held meanwhile."""
    right = _matches(made.password_hash or _dummy_hash(), password[:LONGEST_PASSWORD])
    return right and made.admitted and made.account is not None


def log_in(session: Session, made: Attempt, password: str, address: str, now: float) -> Login:
    """A new session after the right password; its token, and what lets the browser be known again."""
    row = session.get_one(AccountRow, made.account)
    guesses.right(session, made)
    if _hasher().check_needs_rehash(row.password_hash):
        row.password_hash = _hasher().hash(password)
    token = secrets.token_urlsafe(32)
    csrf = secrets.token_urlsafe(32)
    whose = {"account_id": row.id, "csrf": csrf, "address": address[:64]}
    over = (SessionRow.seen_at < now - IDLE_SECONDS) | (SessionRow.created_at < now - LONGEST_SECONDS)
    session.execute(delete(SessionRow).where(SessionRow.account_id == row.id, over))
    session.add(SessionRow(token_hash=digest(token), created_at=now, seen_at=now, **whose))
    audit(session, row.name, "login", None, now, address=address)
    return Login(token, guesses.device_for(row.name, row.password_hash, now))


def refuse(session: Session, made: Attempt, name: str, address: str, now: float) -> None:
    """Write down a wrong password of an account that there is; of one that has to wait anyway, its attempts are not looked at."""
    if made.account is not None and made.admitted:
        audit(session, name, "login_failed", None, now, address=address)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def viewer_of(session: Session, token: str, now: float) -> Viewer | None:
    """Whose session it is, only read: who reads goes on while nothing can be written. None when it is unknown or over."""
    found = session.execute(
        select(SessionRow, AccountRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .where(SessionRow.token_hash == digest(token), AccountRow.disabled.is_(False))
    ).first()
    if found is None:
        return None
    row, account = found
    if row.seen_at < now - IDLE_SECONDS or row.created_at < now - LONGEST_SECONDS:
        return None
    return Viewer(
        account.id, account.name, Role(account.role), account.language, account.agent_id, row.token_hash, row.csrf
    )


def still_logged_in(session: Session, token_hash: str, now: float) -> bool:
    """Whether the session goes on, only read."""
    row = session.get(SessionRow, token_hash)
    return row is not None and row.seen_at >= now - IDLE_SECONDS and row.created_at >= now - LONGEST_SECONDS


def is_logged_in(session: Session, account: int, now: float) -> bool:
    """Whether the account has a session that goes on, in whichever browser."""
    goes_on = (SessionRow.seen_at >= now - IDLE_SECONDS, SessionRow.created_at >= now - LONGEST_SECONDS)
    theirs = select(SessionRow.token_hash).where(SessionRow.account_id == account, *goes_on)
    return session.scalar(theirs.limit(1)) is not None


def renew(session: Session, token_hash: str, now: float) -> None:
    """The session's owner has done something: it goes on from now. One that has ended meanwhile stays ended."""
    mine = (SessionRow.token_hash == token_hash, SessionRow.seen_at < now - SEEN_EVERY_SECONDS)
    session.execute(update(SessionRow).where(*mine, SessionRow.seen_at >= now - IDLE_SECONDS).values(seen_at=now))


def log_out(session: Session, token_hash: str) -> None:
    """End a session."""
    session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


def add_token(session: Session, name: str, scopes: list[str], now: float) -> str:
    """A new API token, shown once; raises UserError for an unknown scope or a name that is taken."""
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise UserError(f"there is no scope `{unknown[0]}`", f"allowed: {', '.join(SCOPES)}")
    if session.scalar(select(TokenRow.name).where(TokenRow.name == name)):
        raise UserError(f"there is a token `{name}` already", "choose another name")
    token = f"ivr_{secrets.token_urlsafe(32)}"
    session.add(TokenRow(token_hash=digest(token), name=name, scopes=sorted(set(scopes)), created_at=now))
    return token


@dataclass(frozen=True, slots=True)
class Token:
    """Whose an API token is and what it may; `used_lately` when its last use is on record already."""

    name: str
    scopes: frozenset[str]
    used_lately: bool


def known_token(session: Session, token: str, now: float) -> Token | None:
    """The token, only read: who asks goes on while nothing can be written. None when it is unknown."""
    row = session.get(TokenRow, digest(token))
    if row is None:
        return None
    used_lately = row.used_at is not None and row.used_at >= now - SEEN_EVERY_SECONDS
    return Token(row.name, frozenset(row.scopes), used_lately)


def token_used(session: Session, token: str, now: float) -> None:
    """Write down that the token was used now."""
    session.execute(update(TokenRow).where(TokenRow.token_hash == digest(token)).values(used_at=now))


def audit(session: Session, account: str, what: str, call_id: str | None, now: float, **details: object) -> None:
    """Write down who did or saw what."""
    session.add(AuditRow(at=now, account=account[:64], what=what, call_id=call_id, details=dict(details)))


def audit_once(
    session: Session, account: str, what: str, seconds: float, now: float, call_id: str | None = None, **details: object
) -> None:
    """Write down what somebody sees, unless they saw just that so many seconds ago: programs look again and again."""
    lately = (AuditRow.account == account[:64], AuditRow.what == what, AuditRow.at > now - seconds)
    seen = select(AuditRow.details).where(*lately, AuditRow.call_id.is_not_distinct_from(call_id))
    if dict(details) not in session.scalars(seen).all():
        audit(session, account, what, call_id, now, **details)
