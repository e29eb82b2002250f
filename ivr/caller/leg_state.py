"""Where a SIP dialog of the synthetic phone stands, and when it got there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """The states of `leg.py`'s picture."""

    DIALLING = "dialling"
    OFFERED = "offered"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


@dataclass(slots=True)
class Moments:
    """When things happened, in seconds of the monotonic clock."""

    began: float
    rang: float | None = None
    answered: float | None = None
    ended: float | None = None
