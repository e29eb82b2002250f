"""Wrong passwords are counted where they come from, so that a stranger's guesses don't keep somebody out of their own desk.

How it works. Every attempt is counted before its password is looked at, so that many at once gain nothing, and taken back when it
was right. There are three counts (OWASP, Blocking Brute Force Attacks and Device Cookies):

- by account and device: a browser that has logged in to the account before shows a cookie that only we can have made. Its own wrong
  passwords count, nobody else's do;
- by account and address, for all other browsers: the fifth wrong password makes this address wait 5 s, then 10, 20 … up to 15 minutes;
- by account alone, for all other browsers together: whatever address they come from, after a first few there is one attempt in
  three minutes, which is the wall for guessing from many addresses.

The cookie is signed with the account's password hash: a new password, and nothing else, makes strangers of all devices.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from ivr.records.staff import AccountRow, GuessRow

FREE_FAILURES = 4
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 5.0, 900.0
# Of all strangers together: so many at once, and then one in so many seconds.
STRANGERS_AT_ONCE, STRANGER_EVERY_SECONDS = 30, 180.0
DEVICE_SECONDS = 180 * 86_400.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to log in that was counted: `account` is None where there is none, or it is disabled."""

    account: int | None
    password_hash: str
    admitted: bool
    known_device: bool
    key: str = ""


def device_for(name: str, password_hash: str, now: float) -> str:
    """What a browser is to keep, so that it is known again."""
    made = f"{int(now)}.{secrets.token_urlsafe(18)}"
    return f"{made}.{_signature(name, password_hash, made)}"


def is_known(session: Session, name: str, device: str, now: float) -> bool:
    """Whether a browser has logged in to this account before; only read."""
    password_hash = session.scalar(select(AccountRow.password_hash).where(AccountRow.name == name[:64]))
    return password_hash is not None and _is_ours(name[:64], password_hash, device, now)


def attempt(session: Session, name: str, address: str, device: str, now: float) -> Attempt:
    """Count an attempt, and say whether its password may be looked at.

    The first statement writes: on both databases attempts on one account follow one another from there on.
    """
    counted = update(AccountRow).where(AccountRow.name == name[:64], AccountRow.disabled.is_(False))
    counted = counted.values(failures=AccountRow.failures + 1).returning(AccountRow.id, AccountRow.password_hash)
    found = session.execute(counted.execution_options(synchronize_session=False)).first()
    if found is None:
        return Attempt(None, "", admitted=True, known_device=False)
    account, password_hash = found.id, found.password_hash
    known = _is_ours(name[:64], password_hash, device, now)
    key = _key(account, f"device {device}" if known else f"address {_network(address)}")
    before = session.get(GuessRow, key)
    admitted = before is None or before.locked_until <= now
    admitted = admitted and (known or _strangers_count(session, account, now))
    if admitted:  # what is refused is not kept: however many addresses there are, they fill no table
        _count(session, before or GuessRow(key=key, account_id=account, failures=0, locked_until=0.0), now)
    return Attempt(account, password_hash, admitted, known, key)


def right(session: Session, made: Attempt) -> None:
    """The password was right: its own count starts anew, and the strangers' takes this one back."""
    session.execute(delete(GuessRow).where(GuessRow.key == made.key))
    given_back = 0.0 if made.known_device else STRANGER_EVERY_SECONDS
    values = {"failures": 0, "locked_until": AccountRow.locked_until - given_back}
    session.execute(update(AccountRow).where(AccountRow.id == made.account).values(**values))


def forget_all(session: Session, account: int) -> None:
    """Nobody has guessed yet: after a new password, or when an admin lets somebody in again."""
    session.execute(delete(GuessRow).where(GuessRow.account_id == account))
    session.execute(update(AccountRow).where(AccountRow.id == account).values(failures=0, locked_until=0.0))


def _count(session: Session, row: GuessRow, now: float) -> None:
    """Count for a device or an address; after a few it has to wait."""
    row.failures, row.at = row.failures + 1, now
    if row.failures > FREE_FAILURES:
        wait = FIRST_WAIT_SECONDS * 2.0 ** min(row.failures - FREE_FAILURES - 1, 20)
        row.locked_until = now + min(LONGEST_WAIT_SECONDS, wait)
    session.add(row)
    session.flush()


def _strangers_count(session: Session, account: int, now: float) -> bool:
    """Count for all strangers together, a leaky bucket (ITU-T I.371's GCRA); False while they have to wait."""
    row = AccountRow
    full_at = now - STRANGERS_AT_ONCE * STRANGER_EVERY_SECONDS
    later = case((row.locked_until > full_at, row.locked_until), else_=full_at) + STRANGER_EVERY_SECONDS
    free = update(row).where(row.id == account, row.locked_until <= now).values(locked_until=later).returning(row.id)
    return session.execute(free.execution_options(synchronize_session=False)).first() is not None


def _network(address: str) -> str:
    """Whoever has one address of IPv6 has the other 2^64 of its network as well."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))


def _key(account: int, whose: str) -> str:
    return hashlib.sha256(f"{account} {whose}".encode()).hexdigest()


def _is_ours(name: str, password_hash: str, device: str, now: float) -> bool:
    made, _, signature = device.rpartition(".")
    at = made.partition(".")[0]
    if not at.isascii() or not at.isdecimal() or len(device) > 200 or int(at) < now - DEVICE_SECONDS:
        return False
    return hmac.compare_digest(signature.encode(), _signature(name, password_hash, made).encode())


def _signature(name: str, password_hash: str, made: str) -> str:
    return hmac.new(password_hash.encode(), f"device {name} {made}".encode(), hashlib.sha256).hexdigest()
