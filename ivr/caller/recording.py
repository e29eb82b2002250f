"""A call as a stereo WAV: left what the phone said, right what it heard, each packet at its time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ivr.caller.codec import FRAME, RATE, Codec, Samples
from ivr.caller.rtp import Stream
from ivr.caller.sound import write_wav

# A packet this far from where its forerunner ends begins a new stretch; less is jitter of arrival.
JUMP_SAMPLES = 4 * FRAME


def record(stream: Stream, file: Path) -> None:
    """Write a finished stream; nothing is written when nothing flowed."""
    heard = [(item.seconds, item.samples) for item in stream.arrivals if item.samples is not None]
    said = list(decoded(stream.sent, stream.codec)) if stream.codec else []
    times = [seconds for seconds, _ in (*heard[:1], *said[:1])]
    if times:
        write_wav(file, line(said, min(times)), line(heard, min(times)))


def decoded(sent: Iterable[tuple[float, bytes]], codec: Codec) -> Iterable[tuple[float, Samples]]:
    """Packets sent, back to sound."""
    return ((seconds, codec.decode(payload)) for seconds, payload in sent)


def line(packets: list[tuple[float, Samples]], start: float) -> Samples:
    """Packets on a line of time; gaps are silence."""
    pieces: list[Samples] = []
    length = 0
    for seconds, samples in packets:
        place = round((seconds - start) * RATE)
        if place - length > JUMP_SAMPLES:
            pieces.append(np.zeros(place - length, np.int16))
            length = place
        pieces.append(samples)
        length += len(samples)
    return np.concatenate(pieces) if pieces else np.zeros(FRAME, np.int16)
