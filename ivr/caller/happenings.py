"""What happens in a synthetic call, told live in the past tense, for those who watch.

`seconds` counts from the INVITE of the scenario's caller; `who` is `caller` or the agent's name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialled:
    """The INVITE went out, or for an agent came in."""

    who: str
    seconds: float
    uri: str


@dataclass(frozen=True, slots=True)
class Rang:
    """It rings at the far end, or this phone rings."""

    who: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up."""

    who: str
    seconds: float
    codec: str


@dataclass(frozen=True, slots=True)
class Said:
    """A line, a file or a tone began to be spoken; `over` when the far end was speaking."""

    who: str
    seconds: float
    text: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Keyed:
    """Keys were pressed."""

    who: str
    seconds: float
    keys: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The far end spoke from `start_seconds` to `end_seconds`; words that are none of the expected are `[unk]`."""

    who: str
    seconds: float
    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Replied:
    """The far end began to speak after this party had finished: the reply gap, measured on the wire."""

    who: str
    seconds: float
    gap_ms: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The far end fell silent after it was spoken over: the barge-in stop, measured on the wire."""

    who: str
    seconds: float
    stop_ms: float


@dataclass(frozen=True, slots=True)
class Checked:
    """An expectation was looked at."""

    who: str
    seconds: float
    what: str
    met: bool
    found: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The far end was put on hold, or taken back."""

    who: str
    seconds: float
    on: bool


@dataclass(frozen=True, slots=True)
class Transferred:
    """The far end sent this party on to another phone, and it went (RFC 3515), or another took its place (RFC 3891).

    `ours` and `theirs` are where the audio goes from now on, as `host:port`.
    """

    who: str
    seconds: float
    uri: str
    ours: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over."""

    who: str
    seconds: float
    status: int
    by_far_end: bool


Happening = Dialled | Rang | Answered | Said | Keyed | Heard | Replied | Stopped | Checked | Held | Transferred | Ended
