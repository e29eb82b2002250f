"""The clock that all hosts of one database share: PostgreSQL's own. Theirs may be seconds apart, or minutes.

Who holds what is told by times that one host writes and another one judges (`holding.LEASE_SECONDS`): by its own clock, a host
that is ten seconds ahead would take all calls of the others for dead. A SQLite file has one host, and its clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine, extract, func, select
from sqlalchemy.orm import Session

log = structlog.get_logger()
# An answer that took longer says too little about the moment in which it was given.
SLOWEST_SECONDS = 1.0
# What is told to a person, who may have forgotten to set the clock by the network.
DIFFERS_SECONDS = 2.0


class DatabaseClock:
    """Seconds since 1970 by the database's clock, as it was when last looked at; `look` is due every few seconds."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._shared = clock, engine.dialect.name == "postgresql"
        self._ahead_seconds = 0.0
        with Session(engine) as session:
            self.look(session)

    def __call__(self) -> float:
        """Now."""
        return self._clock() + self._ahead_seconds

    def look(self, session: Session) -> None:
        """Compare the two clocks."""
        if not self._shared:
            return
        asked = self._clock()
        theirs = float(session.scalar(select(extract("epoch", func.clock_timestamp()))) or asked)
        answered = self._clock()
        if not 0 <= answered - asked < SLOWEST_SECONDS:
            return
        ahead_seconds = theirs - (asked + answered) / 2
        if abs(ahead_seconds) > DIFFERS_SECONDS and abs(ahead_seconds - self._ahead_seconds) > DIFFERS_SECONDS:
            log.warning("clock.differs", database_ahead_seconds=round(ahead_seconds, 1))
        self._ahead_seconds = ahead_seconds
