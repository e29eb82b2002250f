"""Caller and agent joined in this process: they hear each other, and what they say is written down speaker by speaker."""

from __future__ import annotations

from ivr.events import Hypothesis
from ivr.stenographer import Stenographer
from ivr.transfer.handed_call import HandedCall


class Bridge:
    """The two ends of one conversation; `agent` is the agent's leg while they are joined."""

    def __init__(self, call: HandedCall, stenographer: Stenographer) -> None:
        self._call, self._stenographer = call, stenographer
        self._phone, self._records = call.services.phone, call.services.records
        self._agent: int | None = None

    def join(self, agent: int, name: str) -> None:
        """Let them hear each other."""
        self._agent = agent
        self._phone.join(self._call.leg, agent)
        for leg, speaker in ((self._call.leg, "caller"), (agent, "agent")):
            self._phone.listen(leg, True)
            self._stenographer.follow(leg, speaker, self._talked)
        self._records.event(self._call.call_id, "connected", {"agent": name})

    def separate(self) -> None:
        """Neither hears the other any more; who is not joined is left alone."""
        self._stenographer.stop()
        if self._agent is not None:
            self._phone.separate(self._call.leg, self._agent)
            self._agent = None

    def _talked(self, speaker: str, heard: Hypothesis) -> None:
        details = {"confidence": round(heard.confidence, 3), "step": "talk"}
        self._records.line(self._call.call_id, speaker, heard.text, self._call.seconds, details)
