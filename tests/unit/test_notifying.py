"""What systemd is told, through a socket as systemd opens it; and the unit that comes with the hotline."""

from __future__ import annotations

import asyncio
import configparser
import socket
from pathlib import Path

import pytest

from ivr.config import Settings, SipSettings
from ivr.notifying import keep_telling, tell
from ivr.serve import Supervisor

UNIT = Path(__file__).parents[2] / "docs" / "hotline.service"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    address = str(tmp_path / "notify")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(address)
    listening.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    return listening


def test_lines_reach_who_asked_for_them(told: socket.socket) -> None:
    tell("READY=1", "STATUS=serves")
    assert told.recv(1000) == b"READY=1\nSTATUS=serves"


def test_nobody_asked_or_whoever_did_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    tell("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    tell("READY=1")


async def test_a_longer_drain_asks_for_the_time_it_takes(told: socket.socket, tmp_path: Path) -> None:
    """Else `TimeoutStopSec=` of the unit would end calls in the middle."""
    settings = Settings(sip=SipSettings(drain_seconds=900))
    await Supervisor(settings, tmp_path / "config.yaml").stop()
    stopping, extended = told.recv(1000).decode().splitlines()
    assert stopping == "STOPPING=1"
    assert int(extended.removeprefix("EXTEND_TIMEOUT_USEC=")) > 900_000_000


async def test_it_says_that_it_lives_in_time(told: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    telling = asyncio.create_task(keep_telling())
    for _ in range(3):
        assert await asyncio.to_thread(told.recv, 1000) == b"WATCHDOG=1"
    telling.cancel()


def test_the_unit_leaves_time_to_drain_and_signals_the_supervisor_alone() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["KillMode"] == "mixed"  # SIGTERM to all would end recogniser and edge under the calls
    assert int(service["TimeoutStopSec"]) > SipSettings().drain_seconds + 15
    assert service["OOMPolicy"] == "continue"  # else one large process costs all calls
