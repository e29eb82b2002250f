"""Logs: a line that can't be written is lost, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
import structlog

from ivr import logs


@pytest.fixture(autouse=True)
def settings_of_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    structlog.contextvars.unbind_contextvars("process")


@pytest.mark.parametrize("readable", [False, True])
def test_a_reader_that_is_gone_stops_no_work(monkeypatch: pytest.MonkeyPatch, readable: bool) -> None:
    """`ivr serve | head`, or a supervisor killed with -9: the worker must still answer, drain and end."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up("worker-0", readable)
    log = structlog.get_logger()
    log.info("worker.draining", calls=0)
    log.error("worker.event_failed", text="x" * 100_000)
    with pytest.raises(BrokenPipeError):
        stream.close()


def test_lines_are_written_where_somebody_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("worker-0")
    structlog.get_logger().info("call.offered", caller="a\nforged")
    assert '"event": "call.offered"' in capsys.readouterr().err
