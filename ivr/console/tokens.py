"""Whose API token a request has; that it was used is written down behind the request, which doesn't wait for it."""

from __future__ import annotations

from ivr.accounts import Token, digest, known_token, token_used
from ivr.console.house import House


async def token_of(house: House, token: str) -> Token | None:
    """The token and what it may; None when it is unknown."""
    known = await house.read(lambda session, now: known_token(session, token, now))
    if known is not None and not known.used_lately:
        house.write_later(f"token {digest(token)}", lambda session, now: token_used(session, token, now))
    return known
