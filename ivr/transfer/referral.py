"""Caller and agent sent to each other by REFER (RFC 3515), with Replaces where the agent is on the line already (RFC 3891).

The conversation is out of our hands afterwards: once NOTIFY says 200, `release` ends what legs of ours are left.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.transfer.agent_leg import AgentLeg
from ivr.transfer.handed_call import HandedCall


class Referral:
    """The caller's phone asked to call the agent's."""

    def __init__(self, call: HandedCall, agent: AgentLeg) -> None:
        self._call, self._agent = call, agent
        self._phone, self._records = call.services.phone, call.services.records

    def attended(self) -> None:
        """In place of our leg to the agent, who knows what it is about."""
        if self._agent.number is None:
            raise LookupError("the agent's leg is gone")
        self._phone.transfer_attended(self._call.leg, self._agent.number)
        self._noted("attended")

    def blind(self, agent: str, uri: str, headers: Mapping[str, str]) -> None:
        """Without a word to the agent before; the case goes along in the headers of the Refer-To URI."""
        self._agent.agent = agent
        self._phone.transfer(self._call.leg, uri, headers)
        self._noted("blind")

    def release(self) -> None:
        """The two talk to each other: end our legs."""
        self._agent.hang_up()
        self._phone.hang_up(self._call.leg)
        self._records.event(self._call.call_id, "transferred", {"agent": self._agent.agent})

    def _noted(self, how: str) -> None:
        self._records.event(self._call.call_id, "referred", {"agent": self._agent.agent, "how": how})
