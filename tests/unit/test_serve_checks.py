"""Ports, addresses and folders are tried before anything starts, and what is wrong with them is told by its key."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from ivr.config import ConsoleSettings, OrderSettings, Settings, SpeechSettings, VoiceSettings
from ivr.config_sip import SipSettings
from ivr.errors import ConfigError
from ivr.orders import check_orders
from ivr.serve import check_folders, check_ports


@pytest.fixture
def free() -> list[int]:
    """Ports that nobody else holds, on UDP and TCP."""
    found: list[int] = []
    for port in range(20_011, 20_400):
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        found.append(port)
        if len(found) == 5:
            break
    return found


def settings(free: list[int], sip: dict[str, Any] | None = None, **changes: Any) -> Settings:
    first, second, third, fourth, _ = free
    whole: dict[str, Any] = {
        "workers": 1,
        "sip": SipSettings(**{"port": first, "worker_ports": 40_000, **(sip or {})}),
        "speech": SpeechSettings(port=second),
        "voice": VoiceSettings(port=third),
        "console": ConsoleSettings(port=fourth),
    }
    return Settings(**{**whole, **changes})


def test_free_ports_are_fine(free: list[int]) -> None:
    check_ports(settings(free))


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_somebody_holds_is_named(free: list[int], kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", free[0]))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        with pytest.raises(ConfigError, match=rf"`sip.port`: 127.0.0.1:{free[0]} can't be used"):
            check_ports(settings(free))


@pytest.mark.parametrize("address", ["198.51.100.7", "no.such.host.invalid", "::1", "a..b", '""'])
def test_an_address_that_is_not_ours_is_told_as_the_address(free: list[int], address: str) -> None:
    with pytest.raises(ConfigError, match=r"`sip.address`: .* can't be listened on.*IPv4 address of this machine"):
        check_ports(settings(free, {"address": address}))
    with pytest.raises(ConfigError, match=r"`console.address`: .* can't be listened on"):
        check_ports(settings(free, console=ConsoleSettings(address=address, port=free[3])))


def test_two_keys_that_want_one_port_are_both_named(free: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"`console.port` and `voice.port` both want port"):
        check_ports(settings(free, console=ConsoleSettings(port=free[2])))
    with pytest.raises(ConfigError, match=r"`sip.worker_ports` and `sip.port` both want port"):
        check_ports(settings(free, {"worker_ports": free[0]}, workers=2))


def test_ports_beyond_the_last_one_are_told(free: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"`sip.worker_ports`: 65536 would be needed.*begin lower"):
        check_ports(settings(free, {"worker_ports": 65_535}, workers=2))
    with pytest.raises(ConfigError, match=r"`sip.rtp_ports`: up to 65599 would be needed"):
        check_ports(settings(free, {"rtp_ports": 65_500}))


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """A folder with everything config.yaml's defaults name."""
    for folder in ("dialplans", "prompts", "models/zh-small", "models/en-small"):
        (tmp_path / folder).mkdir(parents=True)
    return Settings(folder=tmp_path)


@pytest.mark.parametrize(
    ("gone", "key"),
    [
        ("dialplans", "dialplan.folder"),
        ("prompts", "dialplan.prompts"),
        ("models/zh-small", "speech.zh"),
        ("models/en-small", "speech.en"),
    ],
)
def test_a_folder_that_is_not_there_is_named_by_its_key(shop: Settings, gone: str, key: str) -> None:
    check_folders(shop)
    (shop.folder / gone).rmdir()
    with pytest.raises(ConfigError, match=rf"`{key}`: there is no folder .*{gone} — "):
        check_folders(shop)


def test_a_folder_of_somebody_elses_is_told_before_calls_go_unrecorded(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = shop.folder / "var" / "recordings"
    recordings.mkdir(parents=True)
    check_folders(shop)
    monkeypatch.setattr(os, "access", lambda path, mode: path != recordings)  # root may write everywhere
    with pytest.raises(ConfigError, match=r"`records.recordings`: .*recordings can't be written"):
        check_folders(shop)


def test_a_model_behind_a_url_needs_no_folder(shop: Settings) -> None:
    (shop.folder / "models" / "zh-small").rmdir()
    check_folders(shop.model_copy(update={"speech": SpeechSettings(zh="ws://127.0.0.1:2700")}))


@pytest.mark.parametrize(
    ("orders", "text", "told"),
    [
        ({"policies": "rules"}, "refund: {limit: much}", r"`orders.policies`: .*policies.yaml:1"),
        ({"system": "http", "mapping": "rules/policies.yaml"}, "backend: [", r"`orders.mapping`: .*policies.yaml:1"),
        ({"system": "http", "mapping": "other.yaml"}, "", r"`orders.mapping`: .*other.yaml"),
        ({"system": "http"}, "", r"`orders.mapping` is missing"),
    ],
)
def test_a_mistake_in_the_rules_for_orders_is_told_by_key_and_file(
    shop: Settings, orders: dict[str, Any], text: str, told: str
) -> None:
    check_orders(shop)
    (shop.folder / "rules").mkdir()
    (shop.folder / "rules" / "policies.yaml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        check_orders(shop.model_copy(update={"orders": OrderSettings(**orders)}))
