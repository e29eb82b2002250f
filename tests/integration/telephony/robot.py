"""A phone in a process of its own, as in a worker: commands as JSON lines on stdin, leg events as JSON lines on stdout.

A command is `[method, arguments…]`. With `answer` in the first line's settings every offered call is answered at once;
`retry_seconds` is how soon a registration that failed is tried again, `poll_ms` how long pj may wait unless it is woken.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import structlog

from ivr.config_sip import SipSettings
from ivr.errors import HotlineError
from ivr.legs import AudioHeard, CallOffered
from ivr.telephony import account, engine
from ivr.telephony.phone import Pjsua2Phone, leave


def tell(kind: str, **values: Any) -> None:
    """Write one line, whole."""
    line = (json.dumps({"event": kind, "at": time.monotonic(), **values}, default=str) + "\n").encode()
    while line:
        line = line[os.write(1, line) :]


async def events(phone: Pjsua2Phone, answer: bool) -> None:
    """Write every event, and answer calls where told to."""
    while True:
        event = await phone.events.get()
        values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
        if isinstance(event, AudioHeard):
            values["pcm"] = event.pcm.hex()
        tell(type(event).__name__, **values)
        if isinstance(event, CallOffered) and answer:
            phone.answer(event.leg)


async def commands(phone: Pjsua2Phone, reader: asyncio.StreamReader) -> None:
    """Carry out commands until stdin ends."""
    while line := await reader.readline():
        method, *arguments = json.loads(line)
        if method in ("play", "record"):
            arguments[1] = Path(arguments[1])
        try:
            tell("Returned", method=method, value=getattr(phone, method)(*arguments))
        except HotlineError as fault:
            tell("Raised", method=method, error=type(fault).__name__, what=str(fault))


async def main() -> None:
    """Serve until stdin ends, then close by the book."""
    options = json.loads(sys.argv[1])
    answer, port, rtp = options.pop("answer", True), options.pop("port"), options.pop("rtp_port")
    callers, register = options.pop("callers", 4), options.pop("register", True)
    account.RETRY_SECONDS = options.pop("retry_seconds", account.RETRY_SECONDS)
    engine.POLL_MS = options.pop("poll_ms", engine.POLL_MS)
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        phone = Pjsua2Phone(SipSettings(**options), port, rtp, callers=callers, register=register)
        phone.start()
    except HotlineError as fault:
        tell("Raised", method="start", error=type(fault).__name__, what=str(fault))
        leave(2)
    tell("Started")
    watching = asyncio.create_task(events(phone, answer))
    await commands(phone, reader)
    await phone.close()
    await asyncio.sleep(0.05)
    watching.cancel()
    tell("Closed")
    leave()


# The log must not fall into the middle of an event.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
asyncio.run(main())
