"""A child process that can't be started: it is tried again, and nothing is left of it meanwhile."""

from __future__ import annotations

import contextlib
import socket

import pytest

from ivr.children import Child


async def test_what_is_told_to_a_child_that_could_not_be_started_reaches_nobody_else() -> None:
    """Its standard input was closed, and the number of that file is given to whoever opens the next one."""
    child = Child("console", ["/nowhere/python"], informed=True)
    assert await child._run_once() is None
    with contextlib.ExitStack() as opened:
        others = [opened.enter_context(each) for _ in range(4) for each in socket.socketpair()]
        child.tell(b"all serve")
        for each in others:
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.recv(100)
