"""What agents did on their desks, taken from the database and handed to the calls of this worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog
from sqlalchemy import Engine

from ivr.ports import AgentCommand
from ivr.records.agent_commands import take_commands

log = structlog.get_logger()
LOOK_SECONDS = 0.2


class Commanded(Protocol):
    """A handoff, or an agent's own call."""

    @property
    def finished(self) -> bool:
        """Whether nobody can be told anything any more."""

    def on_agent_command(self, command: AgentCommand) -> None:
        """The agent did something in the browser."""


class DeskCommands:
    """By call, whoever carries out what its agent does; `more` are those that somebody else keeps."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock
        self.of: dict[str, Commanded] = {}
        self.more: Mapping[str, Commanded] = {}

    async def run(self) -> None:
        """Hand over what agents did, five times a second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            handed = {call_id: each for call_id, each in {**self.of, **self.more}.items() if not each.finished}
            if not handed:
                continue
            try:
                commands = await asyncio.to_thread(take_commands, self._engine, list(handed), self._clock())
            except Exception as fault:
                log.warning("worker.database_unreachable", fault=str(fault))
                continue
            for command in commands:
                try:
                    handed[command.call_id].on_agent_command(command)
                except Exception:  # of one call; all others wait for their agents' clicks, too
                    log.exception("desk.command_failed", command=command.command, call_id=command.call_id)
