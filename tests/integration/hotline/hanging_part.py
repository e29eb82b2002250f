"""Put into a hotline's processes as their `sitecustomize`: signals that make one hang for real, as no test from outside could."""

import gc
import signal
import sys
import time
from typing import Any

HANG_LOOP, HANG_PHONE = signal.SIGUSR2, signal.SIGRTMIN
FOR_EVER = 10_000


def _hang_loop(*_: object) -> None:
    """In the thread that runs the loop."""
    time.sleep(FOR_EVER)


def _hang_phone(*_: object) -> None:
    """In the phone's own thread; the loop goes on."""
    gc.unfreeze()  # what a process starts with is not among its objects else
    found: list[Any] = []
    while not found:  # while the phone's thread sweeps, objects are in no list
        found = [each for each in gc.get_objects() if type(each).__name__ == "Engine" and hasattr(each, "post")]
        time.sleep(0.01)
    found[0].post(lambda *_: time.sleep(FOR_EVER))


if "part" in sys.orig_argv:
    signal.signal(HANG_LOOP, _hang_loop)
    signal.signal(HANG_PHONE, _hang_phone)
