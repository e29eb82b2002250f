"""The speech detector stays silent for what is no voice, and cheap for what is no sound. (Voices: integration tests.)"""

from __future__ import annotations

import numpy as np
import pytest

from ivr.endpointing import Endpointer, SpeechStarted
from ivr.speech.audio import from_ulaw, to_ulaw
from ivr.speech.vad import CHUNK_SECONDS, SpeechDetector

RATE = 8000


def noise(seconds: float, dbfs: float, brown: bool = False) -> np.ndarray:
    sound = np.random.default_rng(7).standard_normal(int(seconds * RATE))
    if brown:
        sound = np.cumsum(sound)
        sound -= np.convolve(sound, np.ones(400) / 400, "same")
    return sound / np.sqrt(np.mean(sound**2)) * 10 ** (dbfs / 20) * 32768


def tone(seconds: float, hertz: tuple[int, ...], dbfs: float) -> np.ndarray:
    times = np.arange(int(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * each * times) for each in hertz)
    return sound / np.sqrt(np.mean(sound**2)) * 10 ** (dbfs / 20) * 32768


def pulses(hertz: list[tuple[int, ...]], on: float, off: float, dbfs: float) -> np.ndarray:
    silence = np.zeros(int(off * RATE))
    return np.concatenate([np.zeros(RATE), *(np.concatenate([tone(on, each, dbfs), silence]) for each in hertz)])


def starts(sound: np.ndarray) -> int:
    """How often speech is believed to begin, through a µ-law line in frames of 60 ms."""
    pcm = from_ulaw(to_ulaw(np.clip(sound, -32768, 32767).astype(np.int16).tobytes()))
    detector, endpointer, begun = SpeechDetector(), Endpointer(), 0
    for at in range(0, len(pcm), 960):
        for seconds, probability in detector.hear(pcm[at : at + 960], (at + 960) / 16000):
            begun += isinstance(endpointer.frame(seconds, probability, "complete"), SpeechStarted)
    return begun


@pytest.mark.parametrize("dbfs", [-60, -40, -30])
@pytest.mark.parametrize("brown", [False, True])
def test_noise_is_no_speech(dbfs: float, brown: bool) -> None:
    assert starts(noise(4, dbfs, brown)) == 0


@pytest.mark.parametrize("on", [0.05, 0.1, 0.25])
def test_keys_are_no_speech(on: float) -> None:
    low, high = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    keys = [(one, other) for one in low for other in high]
    assert starts(pulses(keys, on, 0.1, -12)) == 0
    assert (
        starts(pulses(keys, on, 0.1, -12) + noise(1 + 16 * (on + 0.1), -45)[: int((1 + 16 * (on + 0.1)) * RATE)]) == 0
    )


@pytest.mark.parametrize("hertz", [(450,), (440, 480), (400, 450), (1000,)])
def test_ringback_and_beeps_are_no_speech(hertz: tuple[int, ...]) -> None:
    assert starts(pulses([hertz] * 3, 1.0, 1.0, -15)) == 0


def test_a_silent_line_costs_next_to_nothing() -> None:
    detector = SpeechDetector()
    detector.hear(np.clip(noise(10, -60), -32768, 32767).astype(np.int16).tobytes(), 10.0)
    assert detector.chunks == int(10 / CHUNK_SECONDS)
    assert detector.confirmed_chunks == 0


def test_frames_of_any_size_give_the_same_chunks() -> None:
    pcm = np.clip(noise(1, -30), -32768, 32767).astype(np.int16).tobytes()
    whole = SpeechDetector().hear(pcm, 1.0)
    detector, pieces = SpeechDetector(), []
    for at in range(0, len(pcm), 322):
        end = min(len(pcm), at + 322)
        pieces += detector.hear(pcm[at:end], end / 16000)
    assert [probability for _, probability in pieces] == pytest.approx([probability for _, probability in whole])
    assert [seconds for seconds, _ in pieces] == pytest.approx([seconds for seconds, _ in whole])


def test_times_never_run_backwards_when_the_clock_jitters() -> None:
    detector, times = SpeechDetector(), []
    for index in range(50):
        jitter = 0.02 if index % 3 else 0.0
        times += [seconds for seconds, _ in detector.hear(bytes(960), 0.06 * (index + 1) + jitter)]
    assert times == sorted(times)
