"""What systemd is told, through a socket as systemd opens it; and the unit that comes with the hotline."""

from __future__ import annotations

import asyncio
import configparser
import socket
import time
from pathlib import Path

import pytest

from ivr.config import Settings
from ivr.config_sip import SipSettings
from ivr.notifying import tell
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


async def test_it_says_that_it_lives_each_time_it_has_looked_after_its_processes(
    told: socket.socket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not from a task of its own, which would go on when nobody is looked after any more."""
    monkeypatch.setattr("ivr.serve.LOOK_SECONDS", 0.1)
    supervisor = Supervisor(Settings(), tmp_path / "config.yaml")
    looked: list[float] = []
    monkeypatch.setattr(supervisor, "_look", looked.append)
    watching = asyncio.create_task(supervisor.watch())
    for _ in range(3):
        assert await asyncio.to_thread(told.recv, 1000) == b"WATCHDOG=1"
    assert len(looked) >= 3
    watching.cancel()


async def test_time_in_which_it_did_not_run_is_told_to_the_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ivr.serve.LOOK_SECONDS", 0.1)
    supervisor = Supervisor(Settings(), tmp_path / "config.yaml")
    away: list[float] = []
    monkeypatch.setattr(supervisor, "_look", away.append)
    watching = asyncio.create_task(supervisor.watch())
    await asyncio.sleep(0.35)
    time.sleep(1.0)  # noqa: ASYNC251 the whole supervisor stands still
    await asyncio.sleep(0.35)
    watching.cancel()
    assert max(away) > 0.8
    assert sum(each > 0.5 for each in away) == 1


def test_the_unit_leaves_time_to_drain_and_signals_the_supervisor_alone() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["KillMode"] == "mixed"  # SIGTERM to all would end recogniser and edge under the calls
    assert int(service["TimeoutStopSec"]) > SipSettings().drain_seconds + 15
    assert service["OOMPolicy"] == "continue"  # else one large process costs all calls
