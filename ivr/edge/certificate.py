"""Whether a certificate and its key can serve TLS: told at the start, for a phone would only hang up.

Files that are none keep the hotline from starting: somebody has just written them. A certificate that has run out doesn't: the
machine may have been started anew at night, and all who call without TLS would be lost with those who call by it.
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

from ivr.errors import ConfigError

BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
# The validity of RFC 5280 §4.1.2.5: two times one after the other, UTCTime or GeneralizedTime in DER.
VALIDITY = re.compile(rb"(?:\x17\x0d(\d{12})|\x18\x0f(\d{14}))Z(?:\x17\x0d(\d{12})|\x18\x0f(\d{14}))Z")


def check_certificate(certificate: Path, key: Path) -> None:
    """Raises ConfigError with key, file and fix for what can't be read or doesn't fit together."""
    for name, file in (("certificate", certificate), ("key", key)):
        try:
            file.read_bytes()
        except OSError as fault:
            what = f"`sip.tls.{name}`: {file} can't be read: {fault.strerror}"
            raise ConfigError(what, "give a PEM file that exists") from None
    try:
        # A password would be asked for on the terminal; the edge could not be given one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError) as fault:
        if "KEY_VALUES_MISMATCH" in str(fault):
            what = f"`sip.tls`: {key} is not the key of {certificate}"
            raise ConfigError(what, "give the two that belong together") from None
        what = f"`sip.tls`: {certificate} and {key} are no certificate with its key"
        raise ConfigError(what, "give PEM files, the key without a password") from None


def not_valid_now(certificate: Path, now: datetime) -> str:
    """Why phones will refuse it today; empty where they won't."""
    begins, ends = _validity(certificate)
    if ends < now:
        return f"{certificate} was valid until {ends:%Y-%m-%d}: renew it, then restart"
    if begins > now:
        return f"{certificate} is valid from {begins:%Y-%m-%d %H:%M} UTC: wait until then, or set this machine's clock"
    return ""


def seconds_left(certificate: Path, now: datetime) -> float:
    """How long it is still valid; below 0 where it has run out. Raises OSError where it can't be read."""
    return (_validity(certificate)[1] - now).total_seconds()


def _validity(certificate: Path) -> tuple[datetime, datetime]:
    """From when until when the file's first certificate, which is the server's own, is valid."""
    block = BLOCK.search(certificate.read_text(encoding="ascii", errors="replace"))
    found = VALIDITY.search(ssl.PEM_cert_to_DER_cert(block[0])) if block else None
    if found is None:
        return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    first, second = found[1] or found[2], found[3] or found[4]
    return _moment(first.decode()), _moment(second.decode())


def _moment(digits: str) -> datetime:
    """Of two digits for the year those below 50 are of this century (RFC 5280 §4.1.2.5.1)."""
    century = "" if len(digits) == 14 else "20" if digits < "50" else "19"
    return datetime.strptime(century + digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
