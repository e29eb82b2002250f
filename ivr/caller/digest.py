"""Digest authentication, the client's half (RFC 3261 §22, RFC 7616; MD5 and SHA-256)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

ALGORITHMS = {"md5": hashlib.md5, "sha-256": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are at a registrar or proxy."""

    user: str
    password: str


def answer(challenges: Sequence[str], who: Credentials, method: str, uri: str, body: bytes = b"") -> str | None:
    """The (Proxy-)Authorization value for the first challenge we can meet, or None."""
    for challenge in challenges:
        scheme, _, rest = challenge.strip().partition(" ")
        given = {
            key.lower(): quoted or bare for key, quoted, bare in re.findall(r'([\w-]+)=(?:"([^"]*)"|([^,\s]*))', rest)
        }
        algorithm = given.get("algorithm", "MD5")
        if scheme.lower() == "digest" and algorithm.lower().removesuffix("-sess") in ALGORITHMS and "nonce" in given:
            return _authorization(given, algorithm, who, method, uri, body)
    return None


def _authorization(given: dict[str, str], algorithm: str, who: Credentials, method: str, uri: str, body: bytes) -> str:
    digest = ALGORITHMS[algorithm.lower().removesuffix("-sess")]

    def hashed(text: str) -> str:
        return digest(text.encode()).hexdigest()

    realm, nonce, cnonce = given.get("realm", ""), given["nonce"], secrets.token_hex(8)
    secret = hashed(f"{who.user}:{realm}:{who.password}")
    if algorithm.lower().endswith("-sess"):
        secret = hashed(f"{secret}:{nonce}:{cnonce}")
    offered = [item.strip() for item in given.get("qop", "").split(",") if item.strip()]
    fields = [
        f'username="{who.user}"',
        f'realm="{realm}"',
        f'nonce="{nonce}"',
        f'uri="{uri}"',
        f"algorithm={algorithm}",
    ]
    if offered:
        qop = "auth" if "auth" in offered else "auth-int"
        entity = f":{digest(body).hexdigest()}" if qop == "auth-int" else ""
        request = hashed(f"{method}:{uri}{entity}")
        fields += [f"qop={qop}", "nc=00000001", f'cnonce="{cnonce}"']
        response = hashed(f"{secret}:{nonce}:00000001:{cnonce}:{qop}:{request}")
    else:
        response = hashed(f"{secret}:{nonce}:{hashed(f'{method}:{uri}')}")
    if "opaque" in given:
        fields.append(f'opaque="{given["opaque"]}"')
    return "Digest " + ", ".join([*fields, f'response="{response}"'])
