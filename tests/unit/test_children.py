"""What a process does when it has started."""

from __future__ import annotations

import subprocess
import sys


def test_who_serves_looks_for_garbage_again_but_not_in_what_it_started_with() -> None:
    code = "import gc; from ivr.children import announce; gc.disable(); announce(); print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ready", "True", "True"]
