"""What is sent of two growing tracks to whoever listens in (pure): stereo, from about a second ago on, as it comes.

Both tracks begin with the same sample, so one position serves for both. What both have is sent. A track that falls behind is waited
for, half a second at most, then filled up with silence. Who did not read for long (a player that was paused) goes on at now.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ivr.tracks import HEADER_BYTES, SAMPLE_BYTES, TRACK_RATE_HZ

BEHIND_SAMPLES = TRACK_RATE_HZ
PATIENCE_SAMPLES = TRACK_RATE_HZ // 2
OLDEST_SAMPLES = 10 * TRACK_RATE_HZ
LONGEST_SAMPLES = TRACK_RATE_HZ
CHANNELS = 2
# The largest length that a WAV can name; readers take it for "until it ends".
ENDLESS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of both tracks, in samples from their beginning."""

    at: int
    samples: int


def samples_in(file_bytes: int) -> int:
    """How many whole samples a track of this size has."""
    return max(0, file_bytes - HEADER_BYTES) // SAMPLE_BYTES


def offset_of(sample: int) -> int:
    """Where a sample lies in a track, in bytes."""
    return HEADER_BYTES + sample * SAMPLE_BYTES


def beginning(left: int, right: int) -> int:
    """Where to begin in tracks of these lengths: about a second ago."""
    return max(0, min(left, right) - BEHIND_SAMPLES)


def next_piece(position: int, left: int, right: int, over: bool) -> Piece:
    """What to send next from tracks of these lengths, perhaps nothing; of tracks that are `over`, all that is left."""
    shorter, longer = sorted((left, right))
    end = longer if over else max(shorter, longer - PATIENCE_SAMPLES)
    if end - position > OLDEST_SAMPLES:
        position = end - BEHIND_SAMPLES
    return Piece(position, min(max(0, end - position), LONGEST_SAMPLES))


def stereo(left: bytes, right: bytes, samples: int) -> bytes:
    """So many samples of two tracks side by side; what one of them lacks is silence."""
    both = np.zeros((samples, CHANNELS), dtype="<i2")
    for column, track in enumerate((left, right)):
        heard = np.frombuffer(track[: len(track) // SAMPLE_BYTES * SAMPLE_BYTES], dtype="<i2")[:samples]
        both[: len(heard), column] = heard
    return both.tobytes()


def endless_header() -> bytes:
    """The header of a WAV whose length nobody knows."""
    frame_bytes = CHANNELS * SAMPLE_BYTES
    sound = struct.pack(
        "<HHIIHH", 1, CHANNELS, TRACK_RATE_HZ, TRACK_RATE_HZ * frame_bytes, frame_bytes, 8 * SAMPLE_BYTES
    )
    parts = (b"RIFF", ENDLESS, b"WAVE", b"fmt ", len(sound), sound, b"data", ENDLESS)
    return struct.pack("<4sI4s4sI16s4sI", *parts)
