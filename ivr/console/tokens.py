"""What the API token of a request may; that it was used is written down behind the request, which doesn't wait for it."""

from __future__ import annotations

from ivr.accounts import digest, known_token, token_used
from ivr.console.house import House


async def scopes_of(house: House, token: str) -> frozenset[str] | None:
    """The scopes of a token; None when it is unknown."""
    known = await house.read(lambda session, now: known_token(session, token, now))
    if known is None:
        return None
    if not known.used_lately:
        house.write_later(f"token {digest(token)}", lambda session, now: token_used(session, token, now))
    return known.scopes
