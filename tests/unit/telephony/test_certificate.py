"""Certificates of the edge: what can't serve TLS today is told with key, file and fix."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.edge.certificate import check_certificate, not_valid_now, seconds_left
from ivr.errors import ConfigError

NOW = datetime.now(UTC) + timedelta(minutes=10)  # later than what is made below


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that is valid for thirty days, and its key."""
    return make(tmp_path_factory.mktemp("tls"), "30")


def make(folder: Path, days: str) -> tuple[Path, Path]:
    certificate, key = folder / "c.pem", folder / "k.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, "-subj", "/CN=hotline.example"]
    subprocess.run([*words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def test_one_that_is_valid_is_taken(made: tuple[Path, Path]) -> None:
    check_certificate(*made)
    assert not_valid_now(made[0], NOW) == ""
    assert 29 * 86_400 < seconds_left(made[0], NOW) < 30 * 86_400


def test_one_of_the_next_century_is_taken(tmp_path: Path) -> None:
    """From 2050 on times are written with four digits of the year (RFC 5280 §4.1.2.5)."""
    certificate, _ = make(tmp_path, "36500")
    assert not_valid_now(certificate, datetime(2100, 1, 1, tzinfo=UTC)) == ""


def test_one_that_has_run_out_is_told_with_its_day_and_keeps_nobody_from_calling(made: tuple[Path, Path]) -> None:
    """A machine that was started anew the night after didn't answer at all."""
    ended = f"{NOW + timedelta(days=30):%Y-%m-%d}"
    assert f"c.pem was valid until {ended}: renew it" in not_valid_now(made[0], NOW + timedelta(days=31))
    assert seconds_left(made[0], NOW + timedelta(days=31)) < 0


def test_one_of_tomorrow_is_told(made: tuple[Path, Path]) -> None:
    assert "clock" in not_valid_now(made[0], NOW - timedelta(days=1))


def test_a_key_of_another_one_is_refused(made: tuple[Path, Path], tmp_path: Path) -> None:
    _, other = make(tmp_path, "30")
    with pytest.raises(ConfigError, match=r"k\.pem is not the key of .*c\.pem"):
        check_certificate(made[0], other)


@pytest.mark.parametrize("written", ["", "no certificate\n"])
def test_what_is_no_certificate_is_refused(made: tuple[Path, Path], tmp_path: Path, written: str) -> None:
    (tmp_path / "x.pem").write_text(written)
    with pytest.raises(ConfigError, match="are no certificate with its key — give PEM files"):
        check_certificate(tmp_path / "x.pem", made[1])
    with pytest.raises(ConfigError, match="are no certificate with its key"):
        check_certificate(made[0], tmp_path / "x.pem")


def test_what_is_not_there_is_named(made: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`sip\.tls\.key`: .*none\.pem can't be read: No such file"):
        check_certificate(made[0], tmp_path / "none.pem")
