"""G.711 by tables: PCM to µ-law and A-law and back, and how loud a payload is (ITU-T G.711)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
RATE = 8000
FRAME = 160
SILENCE = np.zeros(FRAME, np.int16)


class Codec(Protocol):
    """Audio at 8 kHz to payload bytes and back; one instance per direction of a stream, as codecs may keep state."""

    name: str
    payload_type: int

    def encode(self, samples: Samples) -> bytes: ...

    def decode(self, payload: bytes) -> Samples: ...


def _ulaw_table() -> Samples:
    """All 256 µ-law codes as PCM."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = ((mantissa.astype(np.int32) << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Samples:
    """All 256 A-law codes as PCM."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = ((code >> 4) & 7).astype(np.int32), (code & 15).astype(np.int32)
    low = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, low, (low + 0x100) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _encode_table(decode: Samples) -> npt.NDArray[np.uint8]:
    """For each of the 65,536 PCM values (as uint16) the code whose PCM is nearest."""
    order = np.argsort(decode, kind="stable")
    levels = decode[order].astype(np.int32)
    values = np.arange(-32768, 32768, dtype=np.int32)
    right = np.clip(np.searchsorted(levels, values), 1, 255)
    nearest = np.where(values - levels[right - 1] <= levels[right] - values, right - 1, right)
    table = np.empty(65536, dtype=np.uint8)
    table[values.astype(np.uint16)] = order[nearest]
    return table


class Companding:
    """One of the two G.711 laws; without state, so one instance serves all streams."""

    def __init__(self, name: str, payload_type: int, table: Samples) -> None:
        self.name, self.payload_type = name, payload_type
        self._decode, self._encode = table, _encode_table(table)

    def encode(self, samples: Samples) -> bytes:
        return self._encode[samples.view(np.uint16)].tobytes()

    def decode(self, payload: bytes) -> Samples:
        return self._decode[np.frombuffer(payload, np.uint8)]


PCMU = Companding("PCMU", 0, _ulaw_table())
PCMA = Companding("PCMA", 8, _alaw_table())


def companding(name: str) -> Companding:
    """The law of an SDP name; raises KeyError for one that is not G.711."""
    return {"PCMU": PCMU, "PCMA": PCMA}[name]


def rms(samples: Samples) -> float:
    """Root mean square, 0 to 32768."""
    if not len(samples):
        return 0.0
    wide = samples.astype(np.float32)
    return float(np.sqrt(np.dot(wide, wide) / len(wide)))
