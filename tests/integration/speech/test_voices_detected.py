"""The speech detector with voices: they are found, at once and whole, over a telephone line with noise."""

from __future__ import annotations

import numpy as np
import pytest
from speech_processes import Say

from ivr.commands import Endpointing
from ivr.endpointing import Endpointer, SpeechEnded, SpeechStarted
from ivr.speech.audio import from_ulaw, to_ulaw
from ivr.speech.vad import SpeechDetector

pytestmark = pytest.mark.integration

SAID = [
    ("是", "cmn"), ("不是", "cmn+f2"), ("我要退款", "cmn"), ("三八二七", "cmn+m3"), ("转人工", "cmn+f3"),
    ("yes", "en-gb"), ("no", "en-gb+f2"), ("where is my order", "en-us"), ("six", "en-us"), ("agent please", "en-gb+m3"),
]  # fmt: skip


def line(pcm: bytes, level: float, noise_dbfs: float) -> bytes:
    """The sound at a level, with noise, through µ-law."""
    sound = np.frombuffer(pcm, np.int16) * level
    noise = np.random.default_rng(3).standard_normal(len(sound)) * 10 ** (noise_dbfs / 20) * 32768
    return from_ulaw(to_ulaw(np.clip(sound + noise, -32768, 32767).astype(np.int16).tobytes()))


@pytest.mark.parametrize(("level", "noise_dbfs"), [(1.0, -60), (0.5, -45), (0.15, -55), (1.0, -35)])
def test_every_word_is_found_once_and_whole(say: Say, level: float, noise_dbfs: float) -> None:
    delays = []
    for text, name in SAID:
        pcm = say(text, name, 180)
        voiced = np.flatnonzero(np.abs(np.frombuffer(pcm, np.int16)) > 1500)
        begins, ends = 1 + voiced[0] / 8000, 1 + voiced[-1] / 8000
        heard = line(bytes(16000) + pcm + bytes(16000), level, noise_dbfs)
        detector, endpointer, found = SpeechDetector(), Endpointer(Endpointing(complete_seconds=0.45)), []
        for at in range(0, len(heard), 960):
            for seconds, probability in detector.hear(heard[at : at + 960], (at + 960) / 16000):
                found.append(endpointer.frame(seconds, probability, "complete"))
        decisions = [each for each in found if each]
        assert [type(each) for each in decisions] == [SpeechStarted, SpeechEnded], (text, decisions)
        started, ended = decisions
        assert started.audio_from_seconds < begins + 0.02, text
        assert abs(ended.ended_seconds - ends) < 0.35, text
        delays.append(started.seconds - begins)
        assert detector.confirmed_chunks < 0.75 * detector.chunks
    assert np.median(delays) < 0.2
