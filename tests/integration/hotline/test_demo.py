"""The README's main job: every story of the demo ends as it should, with files to show for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.alone, pytest.mark.timeout(900)]


def test_the_demo_ends_well(tmp_path: Path) -> None:
    outcome = tmp_path / "outcome.json"
    command = [sys.executable, "-m", "ivr", "demo", "--folder", str(tmp_path / "demo"), "--json", str(outcome)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=840, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    started = (tmp_path / "demo" / "hotline.log").read_text(encoding="utf-8", errors="replace")
    assert '"child": "worker 1"' in started
    assert '"child": "edge"' not in started, "a fresh machine has no Kamailio"
    calls = json.loads(outcome.read_text(encoding="utf-8"))
    assert {call["name"][0] for call in calls} == set("abcde")
    for call in calls:
        assert call["ok"], call["faults"]
        names = [Path(file).name for file in call["files"]]
        assert [name.rsplit(".", 1)[-1] for name in names] == ["wav", "txt", "json"]
        assert all(Path(file).stat().st_size > 500 for file in call["files"])
