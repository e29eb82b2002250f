"""Vosk in a helper process of `ear`: audio and a limited grammar to words."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from vosk import KaldiRecognizer, Model, SetLogLevel

from ivr.caller.child import Reply, serve
from ivr.caller.codec import RATE

# The model decides better about words at the edges when there is silence around them.
EDGE_SECONDS = 0.3


@lru_cache(maxsize=4)
def model(folder: str) -> tuple[Model, int]:
    """A speech model and the sampling rate that its features ask for."""
    conf = Path(folder, "conf", "mfcc.conf").read_text(encoding="utf-8")
    rates = [line.partition("=")[2] for line in conf.splitlines() if line.startswith("--sample-frequency")]
    return Model(folder), int(float(rates[0])) if rates else 16_000


def recognised(head: dict[str, Any], block: bytes) -> Reply:
    """Answer a request {model, grammar} with {text}; an empty grammar decodes freely."""
    found, rate = model(head["model"])
    samples = np.frombuffer(block, np.int16)
    if rate == 2 * RATE:
        # Vosk never upsamples: double the rate by the midpoints.
        between = np.append((samples[:-1].astype(np.int32) + samples[1:]) // 2, 0).astype(np.int16)
        samples = np.stack([samples, between], axis=1).reshape(-1)
    used = rate if rate == 2 * RATE else RATE
    grammar = [json.dumps(head["grammar"], ensure_ascii=False)] if head["grammar"] else []
    recogniser = KaldiRecognizer(found, used, *grammar)
    edge = bytes(2 * int(EDGE_SECONDS * used))
    recogniser.AcceptWaveform(edge + samples.tobytes() + edge)
    return {"text": json.loads(recogniser.FinalResult())["text"]}, b""


if __name__ == "__main__":
    SetLogLevel(-1)
    serve(recognised)
