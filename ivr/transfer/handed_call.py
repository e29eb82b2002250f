"""The call as a handoff sees it: `ivr.call.Call`, or a fake in a test."""

from __future__ import annotations

from typing import Protocol

from ivr.legs import CallOffered
from ivr.services import Conversation, Services
from ivr.values import Language


class HandedCall(Protocol):
    """Whose call it is, what is known of it, and what it is carried out with."""

    offered: CallOffered
    call_id: str
    leg: int
    language: Language
    over: bool
    dialogue: Conversation
    services: Services

    @property
    def case(self) -> dict[str, object]:
        """What is known so far."""

    @property
    def seconds(self) -> float:
        """Call time."""
