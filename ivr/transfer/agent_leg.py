"""The agent's telephone during one handoff: rung, whispered to, hung up; one attempt after another."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ivr.commands import Prompt
from ivr.handoff import commands as do
from ivr.mouth import Mouth
from ivr.transfer.handed_call import HandedCall

log = structlog.get_logger()


class AgentLeg:
    """The leg to the agent being tried or talked to; `number` is None while there is none."""

    def __init__(self, call: HandedCall, claim: Callable[[int], None], on_whispered: Callable[[int], None]) -> None:
        self._call, self._claim, self._on_whispered = call, claim, on_whispered
        self._phone, self._records = call.services.phone, call.services.records
        self.number: int | None = None
        self.agent, self.attempt = "", 0
        self._mouth: Mouth | None = None

    def ring(self, command: do.RingAgent) -> None:
        """Dial; raises PhoneError for a URI or headers that must not be sent."""
        self.attempt, self.agent, self.number = command.attempt, command.agent, None
        self.number = self._phone.dial(command.uri, command.headers, self._call.offered.caller)
        self._claim(self.number)
        self._records.event(self._call.call_id, "agent_ringing", {"agent": command.agent})

    def whisper(self, command: do.Whisper) -> None:
        """Say it to the agent alone; told when it is out, or could not be said."""
        if self.number is None:
            return
        services, attempt = self._call.services, command.attempt

        def ended() -> None:
            self._on_whispered(attempt)

        self._mouth = Mouth(services.phone, services.voice, self.number, lambda _: None, ended, self._not_spoken)
        self._mouth.say((Prompt("handoff.whisper", command.text, command.language, recordable=False, sensitive=True),))
        self._records.line(self._call.call_id, "note", command.text, self._call.seconds, {"whisper": self.agent})

    def hush(self) -> None:
        """Say no more."""
        if self._mouth:
            self._mouth.drop()

    def hang_up(self) -> None:
        """End the leg, ringing or answered; one that is gone is no error."""
        self.hush()
        self._mouth = None
        if self.number is not None:
            self._phone.hang_up(self.number)

    def ended(self) -> None:
        """The leg is gone, in the middle of a whisper perhaps, whose sound is not to be kept."""
        self.hush()
        self.number = None

    def _not_spoken(self, fault: Exception) -> None:
        log.error("transfer.not_whispered", call_id=self._call.call_id, fault=str(fault))

    def playback_finished(self, playback: int) -> None:
        """The phone says that a playback came to its end."""
        if self._mouth:
            self._mouth.playback_finished(playback)
