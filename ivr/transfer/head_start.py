"""A handoff begun when it is decided, not when the robot has finished saying so: the agent's phone rings meanwhile.

The dialogue answers with "I'll put you through" and `HandOff`; the call says the one and only then does the other. This looks
at what the dialogue answers and begins the handoff at once, muted: it may enter the queue, ring and whisper, but neither speak
to the caller nor put anybody through. `take` hands it over when the call gets that far.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ivr.commands import Command, HandOff, Prompt
from ivr.endpointing import Completeness
from ivr.events import Event, HandoffEnded
from ivr.services import Conversation
from ivr.transfer.conductor import Transfer
from ivr.values import Values

log = structlog.get_logger()


class HeadStart:
    """`services.Conversation` around another one; `begin` makes a muted transfer, or None once it is too late for one."""

    def __init__(self, dialogue: Conversation) -> None:
        self._dialogue, self.version = dialogue, dialogue.version
        self.begin: Callable[[HandOff], Transfer | None] = lambda command: None
        self._begun: Transfer | None = None

    def receive(self, event: Event) -> tuple[Command, ...]:
        """What the dialogue answers; a handoff in it begins as soon as the call has noted the rest of the answer."""
        commands = self._dialogue.receive(event)
        for command in commands:
            if isinstance(command, HandOff):
                asyncio.get_running_loop().call_soon(self._begin, command)
        return commands

    def completeness(self, partial: str) -> Completeness:
        """As the dialogue says."""
        return self._dialogue.completeness(partial)

    def phrase(self, prompt_id: str, values: Values | None = None) -> Prompt:
        """As the dialogue says."""
        return self._dialogue.phrase(prompt_id, values)

    def about(self, matter: str) -> str:
        """As the dialogue says."""
        return self._dialogue.about(matter)

    def take(self, on_ended: Callable[[HandoffEnded], None]) -> Transfer | None:
        """The transfer begun before, speaking from now on; None where there is none."""
        begun, self._begun = self._begun, None
        if begun:
            begun.go_on(on_ended)
        return begun

    def close(self) -> None:
        """The caller is gone before the call got that far."""
        begun, self._begun = self._begun, None
        if begun:
            begun.close()

    def _begin(self, command: HandOff) -> None:
        try:
            self._begun = self._begun or self.begin(command)
        except Exception:
            # The call will begin it itself when the robot has spoken.
            log.exception("transfer.no_head_start", queue=command.queue)
