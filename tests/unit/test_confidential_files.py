"""What is kept of customers is for the hotline's own user alone, whatever the shell's umask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_database_is_nobody_else_s(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("database: {url: 'sqlite:///var/hotline.db'}\n", encoding="utf-8")
    command = [sys.executable, "-m", "ivr", "report", "calls", "--config", str(tmp_path / "config.yaml")]
    subprocess.run(command, check=True, capture_output=True, umask=0o022, timeout=60)
    made = [tmp_path / "var", *(tmp_path / "var").iterdir()]
    assert len(made) > 1
    assert [path.name for path in made if path.stat().st_mode & 0o077] == []
