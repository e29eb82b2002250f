"""Structured logs: one JSON line an event on standard error, or readable lines where a person watches."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from typing import Any, TextIO, cast

import structlog

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]|[\r\n]")


class _Lines:
    """A stream whose reader may be gone, or whose disk may be full: a line is lost then, never the call that it was about."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def set_up(process: str, readable: bool = False) -> None:
    """Configure structlog and the standard library's logging for this process."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_control_characters,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Lines(sys.stderr))),
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _without_control_characters(_logger: object, _method: str, event: Any) -> Any:
    """What callers and their phones send can't forge a log line (CWE-117); tracebacks keep their line ends."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = _CONTROL.sub("�", value)
    return event
