"""Sound as 16-bit PCM of a known format: reading, writing and resampling WAV, and the two telephone codings of G.711.

Inside the hotline all sound is `TELEPHONE`: 8 kHz, 16 bit, mono. A file of another format is refused with a line that says
what it is and how to convert it, unless the caller of a function asks for conversion.
"""

from __future__ import annotations

import io
import math
import os
import struct
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from ivr.errors import AudioFormatError, Place

Samples = npt.NDArray[np.int16]

_PCM, _ALAW, _MULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Samples per second, bytes per sample, channels."""

    rate: int = 8000
    width: int = 2
    channels: int = 1

    def __str__(self) -> str:
        named = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.rate / 1000:g} kHz, {self.width * 8} bit, {named}"

    @property
    def bytes_per_second(self) -> int:
        """The size of a second of sound."""
        return self.rate * self.width * self.channels

    def seconds(self, pcm: bytes) -> float:
        """How long a piece of sound lasts."""
        return len(pcm) / self.bytes_per_second


TELEPHONE = AudioFormat()


def read_wav(file: Path, wanted: AudioFormat = TELEPHONE, convert: bool = False) -> bytes:
    """The PCM of a WAV file in the wanted format; `convert` mixes channels, resamples and decodes G.711, else those are refused."""
    coding, found, data = _chunks(file)
    if not convert and (coding != _PCM or found != wanted):
        kind = {_ALAW: "A-law, ", _MULAW: "µ-law, "}.get(coding, "")
        raise AudioFormatError(f"is {kind}{found}; {wanted} is needed", _how_to_convert(file, wanted), Place(file))
    samples = _decoded(file, coding, found, data)
    if found.channels > 1:
        samples = samples[: len(samples) // found.channels * found.channels]
        samples = samples.reshape(-1, found.channels).mean(axis=1).astype(np.int16)
    return resample(samples, found.rate, wanted.rate).tobytes()


def _chunks(file: Path) -> tuple[int, AudioFormat, bytes]:
    """The coding, format and data of a RIFF WAVE file; unlike the `wave` module it takes G.711 and extensible headers too."""
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise AudioFormatError(f"can't be read: {fault.strerror}", "check the file's name", Place(file)) from None
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise AudioFormatError("is not a WAV file", _how_to_convert(file, TELEPHONE), Place(file))
    at, header, data = 12, b"", None
    while at + 8 <= len(content) and data is None:
        name, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            header = body
        elif name == b"data":
            data = body
        at += 8 + size + size % 2
    if len(header) < 16 or data is None:
        raise AudioFormatError("is a WAV file without sound", "record or convert it again", Place(file))
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", header)
    if coding == _EXTENSIBLE and len(header) >= 26:
        coding = struct.unpack_from("<H", header, 24)[0]
    if not channels or not rate or bits % 8 or not bits:
        raise AudioFormatError("has a header that makes no sense", "record or convert it again", Place(file))
    return coding, AudioFormat(rate, bits // 8, channels), data


def _decoded(file: Path, coding: int, found: AudioFormat, data: bytes) -> Samples:
    match coding, found.width:
        case (1, 1):
            return np.asarray((np.frombuffer(data, np.uint8).astype(np.int16) - 128) * 256, np.int16)
        case (1, 2):
            return np.frombuffer(data[: len(data) // 2 * 2], np.int16)
        case (1, 3):
            triples = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3)
            return np.frombuffer(triples[:, 1:].tobytes(), np.int16)
        case (1, 4):
            return np.asarray(np.frombuffer(data[: len(data) // 4 * 4], np.int32) >> 16, np.int16)
        case (3, 4):
            floats = np.nan_to_num(np.frombuffer(data[: len(data) // 4 * 4], "<f4"))
            return np.asarray(np.clip(floats, -1, 1) * 32767, np.int16)
        case (6, 1):
            return np.frombuffer(from_alaw(data), np.int16)
        case (7, 1):
            return np.frombuffer(from_ulaw(data), np.int16)
    what = f"has a coding ({coding}, {found.width * 8} bit) this program does not read"
    raise AudioFormatError(what, _how_to_convert(file, TELEPHONE), Place(file))


def _how_to_convert(file: Path, wanted: AudioFormat) -> str:
    bits = wanted.width * 8
    return f"convert it: sox {file.name} -r {wanted.rate} -b {bits} -c {wanted.channels} new.wav"


def wav_bytes(pcm: bytes, form: AudioFormat = TELEPHONE) -> bytes:
    """A WAV file's content."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(form.channels)
        out.setsampwidth(form.width)
        out.setframerate(form.rate)
        out.writeframes(pcm)
    return buffer.getvalue()


def write_wav(file: Path, pcm: bytes, form: AudioFormat = TELEPHONE, mode: int = 0o644) -> None:
    """Write a WAV file so that it is there whole or not at all; raises OSError (disk full, not allowed)."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(wav_bytes(pcm, form))
        os.chmod(name, mode)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def resample(samples: Samples, rate: int, wanted_rate: int) -> Samples:
    """The same sound at another rate (band-limited, no images above the old band)."""
    if rate == wanted_rate or not len(samples):
        return samples
    return np.asarray(soxr.resample(samples, rate, wanted_rate, quality="HQ"), dtype=np.int16)


class StreamResampler:
    """Resamples sound that comes piece by piece; a few milliseconds stay inside until `flush`."""

    def __init__(self, rate: int, wanted_rate: int) -> None:
        self._stream = soxr.ResampleStream(rate, wanted_rate, 1, dtype="int16", quality="MQ")

    def __call__(self, pcm: bytes) -> bytes:
        return bytes(self._stream.resample_chunk(np.frombuffer(pcm, np.int16)).tobytes())

    def flush(self) -> bytes:
        """What is left inside; the stream can't be used afterwards."""
        return bytes(self._stream.resample_chunk(np.zeros(0, np.int16), last=True).tobytes())


def _ulaw_table() -> Samples:
    """The 256 values of µ-law (ITU-T G.711, table 2a), as 16-bit samples."""
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Samples:
    """The 256 values of A-law (ITU-T G.711, table 1a), as 16-bit samples."""
    code = np.arange(256) ^ 0x55
    exponent, step = (code >> 4) & 7, (code & 0x0F) << 4
    magnitude = np.where(exponent == 0, step + 8, (step + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_ULAW, _ALAW_VALUES = _ulaw_table(), _alaw_table()


def _encoder(table: Samples) -> npt.NDArray[np.uint8]:
    """For each 16-bit sample (as unsigned) the code whose value is nearest."""
    order = np.argsort(table, kind="stable")
    values = table[order].astype(np.int32)
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    right = np.clip(np.searchsorted(values, samples, side="right"), 1, len(values) - 1)
    nearer_left = samples - values[right - 1] <= values[right] - samples
    return order[np.where(nearer_left, right - 1, right)].astype(np.uint8)


_TO_ULAW, _TO_ALAW = _encoder(_ULAW), _encoder(_ALAW_VALUES)


def from_ulaw(data: bytes) -> bytes:
    """µ-law to 16-bit PCM."""
    return bytes(_ULAW[np.frombuffer(data, np.uint8)].tobytes())


def from_alaw(data: bytes) -> bytes:
    """A-law to 16-bit PCM."""
    return bytes(_ALAW_VALUES[np.frombuffer(data, np.uint8)].tobytes())


def to_ulaw(pcm: bytes) -> bytes:
    """16-bit PCM to µ-law, nearest value."""
    return bytes(_TO_ULAW[np.frombuffer(pcm, np.uint16)].tobytes())


def to_alaw(pcm: bytes) -> bytes:
    """16-bit PCM to A-law, nearest value."""
    return bytes(_TO_ALAW[np.frombuffer(pcm, np.uint16)].tobytes())


def level_dbfs(samples: Samples) -> float:
    """The level of a piece of sound against a full-scale square wave, in dB; −100 for silence."""
    if not len(samples):
        return -100.0
    sound = samples.astype(np.float32)
    power = float(np.dot(sound, sound)) / len(sound)
    return max(-100.0, 10 * math.log10(power / 32768.0**2 + 1e-12))
