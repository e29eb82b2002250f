"""What a process does when it has started."""

from __future__ import annotations

import subprocess
import sys


def test_who_serves_looks_for_garbage_again_but_not_in_what_it_started_with() -> None:
    code = "import gc; from ivr.pulse import announce; gc.disable(); announce(); print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ready", "True", "True"]


def test_calls_that_are_over_are_garbage_soon_however_much_the_process_started_with() -> None:
    """Each had 6 MB of a voice detector's network, of which garbage collection knows nothing: 2 MB a call were kept."""
    code = """
import collections, gc, weakref
from ivr.pulse import announce
start = [[number] for number in range(1_500_000)]
gc.disable()
announce()
class Call: pass
kept, under_way, most = weakref.WeakSet(), collections.deque(maxlen=20), 0
for _ in range(400):
    call = Call()
    call.parts = [[call] for _ in range(1000)]
    kept.add(call), under_way.append(call)
    most = max(most, len(kept))
print(most)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 150
