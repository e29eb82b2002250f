"""G.722 by libg722, driven at 8 kHz: the upper band stays empty, as it would on a call that crossed the old network."""

from __future__ import annotations

import numpy as np
from G722 import G722

from ivr.caller.codec import RATE, Samples

BITS_PER_SECOND = 64_000


class Wideband:
    """One direction each of encoding and decoding; both keep state, so every stream has its own."""

    name, payload_type = "G722", 9

    def __init__(self) -> None:
        self._encoder, self._decoder = G722(RATE, BITS_PER_SECOND), G722(RATE, BITS_PER_SECOND)

    def encode(self, samples: Samples) -> bytes:
        return bytes(self._encoder.encode(samples))

    def decode(self, payload: bytes) -> Samples:
        return np.array(self._decoder.decode(payload), dtype=np.int16)
