"""What happens on a leg: the phone's own vocabulary, below the dialogue's (a leg is what SIP calls a dialog, RFC 3261 §12).

Legs are known by small integers that are never used twice in a process. Audio is always 8 kHz, 16-bit, mono PCM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CallOffered:
    """An INVITE arrived and waits for `answer` or `reject`; all strings are an attacker's text."""

    leg: int
    caller: str
    called: str
    source: str
    call_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The phone we dialled rings (18x)."""

    leg: int


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """Media flows; both directions are usable."""

    leg: int
    codec: str = ""


@dataclass(frozen=True, slots=True)
class AudioHeard:
    """One frame from the leg's far end; `seconds` is the monotonic clock when the frame was complete."""

    leg: int
    pcm: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class DigitHeard:
    """A DTMF key began (RFC 4733 event or SIP INFO)."""

    leg: int
    key: str


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """A playback came to its end by itself."""

    leg: int
    playback: int


@dataclass(frozen=True, slots=True)
class LegHeld:
    """The far end put us on hold; nothing we play is heard."""

    leg: int


@dataclass(frozen=True, slots=True)
class LegResumed:
    """The far end is back from hold."""

    leg: int


@dataclass(frozen=True, slots=True)
class MediaLost:
    """Neither RTP nor RTCP came for `silent_seconds` while the leg was not on hold; told again after each further such time."""

    leg: int
    silent_seconds: float


@dataclass(frozen=True, slots=True)
class TransferProgressed:
    """NOTIFY for our REFER: the SIP status of the new call (RFC 3515)."""

    leg: int
    status: int


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone: final SIP status (200 after a normal BYE) and who ended it."""

    leg: int
    status: int
    reason: str = ""
    by_far_end: bool = True


@dataclass(frozen=True, slots=True)
class RecordingFinished:
    """The stereo recording of a leg is complete; it comes after LegEnded unless the recording was ended early."""

    leg: int
    wav: Path


LegEvent = (
    CallOffered
    | LegRinging
    | LegAnswered
    | AudioHeard
    | DigitHeard
    | PlaybackFinished
    | LegHeld
    | LegResumed
    | MediaLost
    | TransferProgressed
    | LegEnded
    | RecordingFinished
)
