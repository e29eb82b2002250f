"""What there is to hear of a call: its recording, or its tracks while it lasts. Files are found by the call's row, never by a request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy.orm import Session

from ivr.accounts import Viewer, audit_once
from ivr.console.house import House
from ivr.records.retention import DAY_SECONDS
from ivr.records.tables import CallRow
from ivr.tracks import tracks

# A player asks for a recording piece by piece: that is one hearing, and one line of the audit.
ONE_HEARING_SECONDS = 300.0


class Sound(StrEnum):
    """What there is to hear; each but `kept` and `live` has a word of its own, `sound.…`."""

    UNKNOWN = "unknown"
    LIVE = "live"
    SILENT = "silent"
    KEPT = "kept"
    MERGING = "merging"
    EXPIRED = "expired"
    NEVER = "never"
    ELSEWHERE = "elsewhere"

    @property
    def gone(self) -> bool:
        """Whether there is nothing to hear, nor will be."""
        return self in (Sound.EXPIRED, Sound.NEVER)


@dataclass(frozen=True, slots=True)
class Heard:
    """What there is, and the recording's file: complete, or to be once the call is over."""

    sound: Sound
    wav: Path


def heard_of(session: Session, house: House, call_id: str, now: float) -> Heard:
    """What there is to hear of a call."""
    row = session.get(CallRow, call_id)
    if row is None:
        return Heard(Sound.UNKNOWN, house.recordings)
    # What was rescued after a worker died has no name in the row, but it always is the call's own.
    wav = house.recordings / Path(row.recording or f"{row.id}.wav").name
    return Heard(_sound(row, wav, house, now), wav)


def _sound(row: CallRow, wav: Path, house: House, now: float) -> Sound:
    tracked = all(track.is_file() for track in tracks(wav))
    if row.ended_at is None and (tracked or not wav.is_file()):
        return Sound.LIVE if tracked else Sound.SILENT
    if wav.is_file() and wav.resolve().is_relative_to(house.recordings.resolve()):
        return Sound.KEPT
    if tracked:
        return Sound.MERGING
    if row.recording:
        return Sound.ELSEWHERE
    expired = row.started_at < now - house.settings.retention.recordings_days * DAY_SECONDS
    return Sound.EXPIRED if expired else Sound.NEVER


def audit_playing(session: Session, viewer: Viewer, call_id: str, now: float) -> None:
    """Write down that somebody hears a recording, once per hearing."""
    audit_once(session, viewer.name, "recording_played", ONE_HEARING_SECONDS, now, call_id)
