"""Audio formats: what is read, what is refused and how, and the codings of G.711."""

from __future__ import annotations

import struct
import wave
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.errors import AudioFormatError
from ivr.speech.audio import (
    AudioFormat,
    StreamResampler,
    from_alaw,
    from_ulaw,
    level_dbfs,
    read_wav,
    resample,
    to_alaw,
    to_ulaw,
    wav_bytes,
    write_wav,
)


def sine(hertz: float, seconds: float = 0.5, rate: int = 8000, level: float = 0.5) -> np.ndarray:
    times = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * times) * level * 32767).astype(np.int16)


def riff(coding: int, rate: int, width: int, channels: int, data: bytes) -> bytes:
    header = struct.pack("<HHIIHH", coding, channels, rate, rate * width * channels, width * channels, width * 8)
    chunks = b"fmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def test_what_is_written_is_read(tmp_path: Path) -> None:
    pcm = sine(440).tobytes()
    write_wav(tmp_path / "a.wav", pcm)
    assert read_wav(tmp_path / "a.wav") == pcm
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
    assert [each.name for each in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a WAV file"),
        (b"ID3\x03 an mp3", "is not a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "without sound"),
        (riff(1, 16000, 2, 1, b"\0" * 64), "is 16 kHz, 16 bit, mono; 8 kHz, 16 bit, mono is needed"),
        (riff(1, 8000, 2, 2, b"\0" * 64), "stereo"),
        (riff(7, 8000, 1, 1, b"\xff" * 64), "µ-law"),
        (riff(1, 0, 2, 1, b""), "makes no sense"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "bad.wav"
    file.write_bytes(content)
    with pytest.raises(AudioFormatError) as fault:
        read_wav(file)
    assert says in str(fault.value)
    assert "bad.wav" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFormatError, match=r"gone\.wav.*No such file"):
        read_wav(tmp_path / "gone.wav")


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_garbage_is_never_more_than_an_error(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "garbage.wav"
    file.write_bytes(b"RIFF\0\0\0\0WAVEfmt " + garbage)
    with suppress(AudioFormatError):
        assert len(read_wav(file, convert=True)) % 2 == 0


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_width_is_converted(tmp_path: Path, width: int) -> None:
    tone = sine(440).astype(np.int32)
    data = {
        1: ((tone >> 8) + 128).astype(np.uint8).tobytes(),
        2: tone.astype("<i2").tobytes(),
        3: b"".join(struct.pack("<i", int(each) << 8)[:3] for each in tone),
        4: (tone << 16).astype("<i4").tobytes(),
    }[width]
    file = tmp_path / "wide.wav"
    file.write_bytes(riff(1, 8000, width, 1, data))
    heard = np.frombuffer(read_wav(file, convert=True), np.int16).astype(int)
    assert np.max(np.abs(heard - tone)) <= (256 if width == 1 else 0)


def test_stereo_and_another_rate_are_converted(tmp_path: Path) -> None:
    tone = sine(440, rate=44100)
    file = tmp_path / "cd.wav"
    file.write_bytes(wav_bytes(np.stack([tone, tone], axis=1).tobytes(), AudioFormat(44100, 2, 2)))
    heard = np.frombuffer(read_wav(file, convert=True), np.int16)
    assert len(heard) == pytest.approx(4000, abs=2)
    assert abs(level_dbfs(heard[400:-400]) - level_dbfs(tone)) < 0.2


def test_resampling_leaves_no_image_above_the_new_band() -> None:
    assert level_dbfs(resample(sine(6000, rate=22050), 22050, 8000)[200:-200]) < -70


def test_a_stream_is_resampled_like_the_whole() -> None:
    tone, stream = sine(440), StreamResampler(8000, 16000)
    pieces = [stream(tone[at : at + 480].tobytes()) for at in range(0, len(tone), 480)]
    heard = np.frombuffer(b"".join([*pieces, stream.flush()]), np.int16)
    assert len(heard) == pytest.approx(8000, abs=2)
    assert abs(level_dbfs(heard) - level_dbfs(tone)) < 0.2


@pytest.mark.parametrize(("encode", "decode"), [(to_ulaw, from_ulaw), (to_alaw, from_alaw)])
def test_g711_is_close_and_stable(encode, decode) -> None:
    samples = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    coded = encode(samples.tobytes())
    heard = np.frombuffer(decode(coded), np.int16).astype(np.int32)
    assert np.all(np.abs(heard - samples) <= np.maximum(8, np.abs(samples.astype(np.int32)) // 16))
    assert encode(decode(coded)) == encode(decode(encode(decode(coded))))


def test_g711_agrees_with_the_standard() -> None:
    assert to_ulaw(struct.pack("<h", 0)) == b"\xff"
    assert to_alaw(struct.pack("<h", 8)) == b"\xd5"
    assert struct.unpack("<2h", from_ulaw(b"\x00\x80")) == (-32124, 32124)
    assert struct.unpack("<2h", from_alaw(b"\x2a\xaa")) == (-32256, 32256)


def test_levels() -> None:
    assert level_dbfs(np.zeros(100, np.int16)) == -100
    assert level_dbfs(sine(440, level=1.0)) == pytest.approx(-3.0, abs=0.1)
