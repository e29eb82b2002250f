"""Codecs, levels, noise, tones, WAV files, and the line of time that a recording is."""

from __future__ import annotations

import struct
import warnings
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.caller import sound
from ivr.caller.codec import FRAME, PCMA, PCMU, rms
from ivr.caller.g722 import Wideband
from ivr.caller.recording import line
from ivr.caller.speaker import spoken
from ivr.errors import AudioFormatError
from ivr.values import Language

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop


def test_the_laws_are_those_of_the_standard() -> None:
    """Python's own G.711 is the reference."""
    codes = bytes(range(256))
    assert PCMU.decode(codes).tobytes() == audioop.ulaw2lin(codes, 2)
    assert PCMA.decode(codes).tobytes() == audioop.alaw2lin(codes, 2)


def test_encoding_takes_the_nearest_level() -> None:
    samples = np.arange(-32768, 32767, 7).astype(np.int16)
    for law in (PCMU, PCMA):
        levels = np.sort(law.decode(bytes(range(256))).astype(int))
        nearest = np.abs(levels[:, None] - samples[None, ::50].astype(int)).min(axis=0)
        error = np.abs(law.decode(law.encode(samples[::50])).astype(int) - samples[::50])
        assert (error == nearest).all()


def test_g722_keeps_a_tone() -> None:
    tone = sound.tone(440, 0.5)
    back = Wideband().decode(Wideband().encode(tone))
    assert len(back) == len(tone)
    assert sound.tonality(back[800:], 440) > 0.9


@pytest.mark.parametrize("kind", ["white", "babble"])
def test_noise_lies_as_far_below_speech_as_asked(kind: sound.Noise) -> None:
    assert 20 * np.log10(sound.SPEECH_RMS / rms(sound.noise(kind, 12))) == pytest.approx(12, abs=0.2)


def test_frames_know_voice_even_under_noise() -> None:
    samples = np.concatenate([sound.tone(300, 0.1), np.zeros(4 * FRAME, np.int16), sound.tone(300, 0.05)])
    frames = sound.frames(samples, PCMU, sound.noise("white", 5))
    assert [frame.voiced for frame in frames] == [True] * 5 + [False] * 4 + [True] * 3
    assert all(len(frame.payload) == FRAME for frame in frames)


def test_levelling_cuts_silence_and_sets_the_level() -> None:
    quiet = np.concatenate([np.zeros(4000, np.int16), (sound.tone(300, 1) // 4), np.zeros(2000, np.int16)])
    level = sound.levelled(quiet)
    assert len(level) == pytest.approx(8000, abs=2 * FRAME)
    assert rms(level) == pytest.approx(sound.SPEECH_RMS, rel=0.03)


def test_a_tone_is_told_from_another() -> None:
    assert sound.tonality(sound.tone(440, 0.5), 440) > 0.95
    assert sound.tonality(sound.tone(480, 0.5), 440) < 0.05


def test_a_wav_file_of_the_wrong_kind_says_how_to_mend_it(tmp_path: Path) -> None:
    file = tmp_path / "wide.wav"
    with wave.open(str(file), "wb") as wav:
        wav.setparams((2, 2, 16000, 0, "NONE", ""))
        wav.writeframes(struct.pack("<4h", 1, 2, 3, 4))
    with pytest.raises(AudioFormatError, match=r"wide\.wav.*16000 Hz, 2 channels.*ffmpeg"):
        sound.read_wav(file)
    with pytest.raises(AudioFormatError, match=r"none\.wav"):
        sound.read_wav(tmp_path / "none.wav")


def test_a_recording_keeps_gaps_and_forgives_jitter() -> None:
    one = np.ones(FRAME, np.int16)
    track = line([(0.0, one), (0.025, one), (0.5, one)], 0.0)
    assert track[:320].all()
    assert not track[320:4000].any()
    assert track[4000:4160].all()


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("订单13856092", "zh", "订单幺 三 八 五，六 零 九 二"),
        ("退20块", "zh", "退20块"),
        ("order 90210", "en", "order nine zero two one, zero"),
    ],
)
def test_long_numbers_are_read_digit_by_digit(text: str, language: Language, said: str) -> None:
    assert spoken(text, language) == said
