"""A helper process for CPU work: requests and replies over pipes, each a JSON head and a block of bytes.

Synthesis and recognition run in children, so that the process that paces the packets does nothing else, and a crash in a
foreign library costs a reply and not the calls.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from ivr.errors import ComponentError

SIZES = struct.Struct("!II")
Reply = tuple[dict[str, Any], bytes]
Handler = Callable[[dict[str, Any], bytes], Reply]


class ChildFailed(ComponentError):
    """The helper process died or refused."""


class Child:
    """One helper process, `python -m MODULE`, started with the first request."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, head: dict[str, Any], block: bytes = b"") -> Reply:
        """Send a request and return the reply; requests are served one after another. Raises ChildFailed."""
        async with self._turn:
            try:
                process = self._process or await self._start()
                assert process.stdin
                assert process.stdout
                process.stdin.write(_packed(head, block))
                await process.stdin.drain()
                sizes = SIZES.unpack(await process.stdout.readexactly(SIZES.size))
                reply = json.loads(await process.stdout.readexactly(sizes[0]))
                return reply, await process.stdout.readexactly(sizes[1])
            except (OSError, asyncio.IncompleteReadError) as fault:
                self._process = None
                raise ChildFailed(f"{self._module} died: {fault}") from None

    async def stop(self) -> None:
        """End the process; it ends by itself once its input is closed."""
        process, self._process = self._process, None
        if process and process.stdin:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 3)
            except TimeoutError:
                process.kill()

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", self._module)
        self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 24)
        return self._process


def serve(handler: Handler) -> None:
    """The child's side: answer requests until the input ends. What a library prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: BinaryIO = sys.stdin.buffer
    while len(sizes := requests.read(SIZES.size)) == SIZES.size:
        head_size, block_size = SIZES.unpack(sizes)
        head = json.loads(requests.read(head_size))
        reply, block = handler(head, requests.read(block_size))
        replies.write(_packed(reply, block))
        replies.flush()


def _packed(head: dict[str, Any], block: bytes) -> bytes:
    text = json.dumps(head, ensure_ascii=False).encode()
    return SIZES.pack(len(text), len(block)) + text + block
