"""What a person can get wrong before the first call: one clear line, exit status 2, never a traceback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ivr.demo.stage import ROOT, free_ports

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline]


def config(folder: Path, **changes: object) -> Path:
    sip, speech, voice, console = free_ports(4)
    written: dict[str, object] = {
        "workers": 1,
        "sip": {"port": sip},
        "speech": {"port": speech, "models": str(ROOT / "models")},
        "voice": {"port": voice},
        "console": {"port": console, "enabled": False},
        "dialplan": {"folder": str(ROOT / "dialplans"), "prompts": str(ROOT / "prompts")},
    }
    for key, value in changes.items():
        known = written.get(key)
        written[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    return file


def serve(file: Path) -> tuple[int, str]:
    """Start the hotline, which ought to refuse; its exit status and what it said."""
    command = [sys.executable, "-m", "ivr", "serve", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stderr


def refused(file: Path, *words: str, before_anything: bool = True) -> None:
    status, said = serve(file)
    assert status == 2, said
    assert "Traceback" not in said
    assert not (before_anything and "child.started" in said), said
    for word in words:
        assert word in said


def test_an_unreadable_config(tmp_path: Path) -> None:
    refused(tmp_path / "no.yaml", "no.yaml", "can't be read")


def test_an_unknown_key(tmp_path: Path) -> None:
    refused(config(tmp_path, sip={"prot": "5060"}), "unknown key `prot`", "did you mean `port`?")


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        refused(config(tmp_path, sip={"port": taken.getsockname()[1]}), "`sip.port`", "can't be used")


def test_no_model(tmp_path: Path) -> None:
    refused(config(tmp_path, speech={"zh": "no-such-model"}), "no-such-model")


def test_a_corrupt_model(tmp_path: Path) -> None:
    broken = tmp_path / "models" / "zh-small" / "am"
    broken.mkdir(parents=True)
    (broken / "final.mdl").write_bytes(b"\0B not a model")
    refused(config(tmp_path, speech={"models": str(tmp_path / "models")}), "zh-small", before_anything=False)


def test_a_database_that_does_not_open(tmp_path: Path) -> None:
    (tmp_path / "hotline.db").write_bytes(b"this is not a database" * 100)
    refused(config(tmp_path, database={"url": "sqlite:///hotline.db"}), "database")


def test_a_database_url_that_is_none(tmp_path: Path) -> None:
    refused(config(tmp_path, database={"url": "hotline"}), "`database.url`")


def test_a_broken_dialplan(tmp_path: Path) -> None:
    folder = tmp_path / "dialplans"
    shutil.copytree(ROOT / "dialplans", folder)
    hotline = folder / "hotline.yaml"
    hotline.write_text(hotline.read_text(encoding="utf-8").replace("\nsteps:", "\nstepz:"), encoding="utf-8")
    refused(
        config(tmp_path, dialplan={"folder": str(folder)}),
        "hotline.yaml",
        "unknown key `stepz`",
        "`steps`",
        before_anything=False,
    )


def test_a_wish_that_the_order_desk_has_no_rules_for(tmp_path: Path) -> None:
    """Every call about it would end with an apology."""
    shutil.copytree(ROOT / "dialplans", tmp_path / "dialplans")
    hotline = tmp_path / "dialplans" / "hotline.yaml"
    text = hotline.read_text(encoding="utf-8")
    hotline.write_text(text.replace("\n  invoice: case", "\n  invoices: case\n  invoice: case"), encoding="utf-8")
    file = config(tmp_path, dialplan={"folder": str(tmp_path / "dialplans")})
    refused(file, "settle.yaml", "no rules for `invoices`", "did you mean `invoice`?", before_anything=False)


def test_tls_without_an_edge(tmp_path: Path) -> None:
    refused(config(tmp_path, sip={"tls": {"certificate": "c.pem", "key": "k.pem"}}), "`sip.tls`", "`workers` to 2")


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    workers = config(tmp_path, workers=2, sip={"tls": {"certificate": "c.pem", "key": "k.pem"}})
    refused(workers, "`sip.tls.certificate`", "c.pem can't be read")
