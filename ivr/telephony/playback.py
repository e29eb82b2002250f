"""One WAV played natively, from an offset, once or in a loop."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import pjsua2 as pj
import structlog

from ivr.errors import AudioFormatError
from ivr.telephony.ear import RATE_HZ

log = structlog.get_logger(__name__)

# pjmedia refuses to open a WAV shorter than one of its frames (20 ms).
SHORTEST_SAMPLES = RATE_HZ // 50


def samples(wav: Path) -> int:
    """How many samples a WAV holds; raises AudioFormatError unless it is 8 kHz, mono, 16-bit PCM."""
    try:
        with wave.open(str(wav), "rb") as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            count = file.getnframes()
    except (OSError, EOFError, wave.Error) as fault:
        raise AudioFormatError(f"{wav}: can't be played: {fault}", "give an 8 kHz mono 16-bit PCM WAV") from None
    if shape != (RATE_HZ, 1, 2):
        what = f"{wav}: {shape[0]} Hz, {shape[1]} channel(s), {shape[2] * 8}-bit"
        raise AudioFormatError(what, f"convert it: sox in.wav -r {RATE_HZ} -c 1 -b 16 out.wav")
    return count


class Playback(pj.AudioMediaPlayer):  # type: ignore[misc]
    """A native player; `finished` is called once on one of pj's threads when a playback that does not loop ends."""

    def __init__(self, leg: int, wav: Path, from_sample: int, loop: bool, finished: Callable[[], None]) -> None:
        super().__init__()
        self.leg, self._loop, self._finished = leg, loop, finished
        self.createPlayer(str(wav), 0 if loop else pj.PJMEDIA_FILE_NO_LOOP)
        # A position beyond the end is an assertion, and so the end of the process.
        if 0 < from_sample < self.getInfo().sizeSamples:
            self.setPos(from_sample)

    def onEof2(self) -> None:
        """The last sample has been read."""
        try:
            if not self._loop:
                self._finished()
        except Exception:
            log.exception("end of a playback lost")
