"""Garbage goes on the phone's own thread: a pj object in it, freed by another, aborts the process with its calls."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ivr.demo.stage import free_ports

pytestmark = pytest.mark.integration
PROGRAM = """
import asyncio, gc, sys, threading
from ivr.config_sip import SipSettings
from ivr.telephony import engine
from ivr.telephony.phone import Pjsua2Phone, leave

engine.SWEEP_SECONDS = 0.3

swept = threading.Event()

class Left:
    def __del__(self):
        print("swept by", threading.current_thread().name, flush=True)
        swept.set()

async def main():
    phone = Pjsua2Phone(SipSettings(), int(sys.argv[1]), int(sys.argv[2]))
    gc.disable()
    phone.start()
    left = Left()
    left.me = left
    del left
    print("while it served:", await asyncio.to_thread(swept.wait, 10), flush=True)  # at its end it sweeps anyway
    await phone.close()

asyncio.run(main())
leave(0)
"""


def test_it_is_swept_by_the_phone() -> None:
    ports = [str(port) for port in free_ports(2)]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *ports], capture_output=True, text=True, timeout=60)
    told = [line for line in done.stdout.splitlines() if line.startswith(("swept", "while"))]
    assert (done.returncode, told) == (0, ["swept by phone", "while it served: True"]), done.stderr


ENDING = """
import asyncio, sys
import pjsua2 as pj
from ivr.config_sip import SipSettings
from ivr.telephony.phone import Pjsua2Phone, leave

pj.Endpoint.libDestroy = lambda self, *_: print("destroyed", flush=True)

async def main():
    phone = Pjsua2Phone(SipSettings(), int(sys.argv[1]), int(sys.argv[2]))
    phone.start()
    await phone.close()

asyncio.run(main())
print("ended", flush=True)
leave(0)
"""


def test_at_the_end_nothing_is_destroyed_under_the_running_clock() -> None:
    """One worker in ten that ended under calls crashed before it had written how they ended; their callers were called back."""
    ports = [str(port) for port in free_ports(2)]
    done = subprocess.run([sys.executable, "-c", ENDING, *ports], capture_output=True, text=True, timeout=60)
    told = [line for line in done.stdout.splitlines() if line in ("destroyed", "ended")]
    assert (done.returncode, told) == (0, ["ended"]), done.stderr
