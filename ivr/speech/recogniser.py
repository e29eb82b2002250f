"""vosk, with its traps fenced in; only the trial of models imports it besides.

Fenced: no model path (it would download), an empty grammar (it ends the process), words the model lacks (dropped in silence),
16 kHz models fed with 8 kHz sound (resampled here), an odd number of bytes, logs on stderr, and its own end-pointing, which is
not ours: what it thinks are ends of speech are passed over, so that a pause inside a number costs no context, until an
utterance grows so long that its lattice would.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import vosk

from ivr.errors import ModelError, Place
from ivr.events import Hypothesis
from ivr.speech.audio import StreamResampler
from ivr.speech.models import SpeechModel, inspect
from ivr.speech.phrases import fitted
from ivr.speech.vosk_results import Segment, calibrated, joined, segment

Kind = Literal["open", "limited", "digits"]

_LONG_UTTERANCE_SECONDS = 20.0

vosk.SetLogLevel(-1)


class Recogniser:
    """A loaded model; makes utterances. Safe to share between threads."""

    def __init__(self, model: SpeechModel | Path) -> None:
        self.model = inspect(model) if isinstance(model, Path) else model
        try:
            self.handle = vosk.Model(str(self.model.folder))
        except Exception as fault:
            raise ModelError(
                f"vosk can't load it: {fault}", "fetch or build it again", Place(self.model.folder)
            ) from None

    def utterance(
        self,
        phrases: Sequence[str] = (),
        kind: Kind | None = None,
        rate: int = 8000,
        alternatives: int = 5,
        segments: bool = False,
    ) -> Utterance:
        """Begin to listen: for `phrases`, or for anything where there are none. `kind` picks the calibration."""
        return Utterance(self, tuple(phrases), kind or ("limited" if phrases else "open"), rate, alternatives, segments)


class Utterance:
    """One utterance being decoded; a few milliseconds of work per 100 ms of sound, during which the GIL is free.

    With `segments`, `result` gives vosk's results at the pauses vosk sees, as vosk-server does.
    """

    def __init__(
        self, owner: Recogniser, phrases: tuple[str, ...], kind: Kind, rate: int, alternatives: int, segments: bool
    ) -> None:
        model = owner.model
        self._resampler = StreamResampler(rate, model.rate) if rate != model.rate else None
        self._alternatives, self._segments_wanted, self._kind = alternatives, segments, kind
        self._calibration = model.calibration
        self.lacking: tuple[str, ...] = ()
        if phrases and model.grammars:
            listed = fitted(phrases, model.words)
            self.lacking = listed.lacking
            grammar = json.dumps(listed.phrases, ensure_ascii=False)
            self._decoder = vosk.KaldiRecognizer(owner.handle, float(model.rate), grammar)
        else:
            self._decoder = vosk.KaldiRecognizer(owner.handle, float(model.rate))
        self._decoder.SetWords(True)
        self._decoder.SetMaxAlternatives(max(0, alternatives))
        self._bytes_per_second = 2 * model.rate
        self._unread = b""
        self._in_segment = 0
        self._done: list[Segment] = []

    def feed(self, pcm: bytes) -> str | None:
        """Decode sound; returns vosk's result where it ends a segment (see `segments`), else None."""
        pcm, self._unread = _whole_samples(self._unread + pcm)
        if self._resampler:
            pcm = self._resampler(pcm)
        if not pcm:
            return None
        self._in_segment += len(pcm)
        pause = bool(self._decoder.AcceptWaveform(pcm))
        long = self._in_segment > _LONG_UTTERANCE_SECONDS * self._bytes_per_second
        return self._cut(self._decoder.Result()) if pause and (self._segments_wanted or long) else None

    def _cut(self, result: str) -> str:
        self._in_segment = 0
        self._done.append(segment(result))
        return result

    @property
    def partial(self) -> str:
        """The words of the present segment so far."""
        return str(json.loads(self._decoder.PartialResult()).get("partial", ""))

    def last_result(self) -> str:
        """End the utterance and return vosk's result for its last segment."""
        rest = self._resampler.flush() if self._resampler else b""
        if rest:
            self._decoder.AcceptWaveform(rest)
        self._resampler = None
        return self._cut(self._decoder.FinalResult())

    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The N-best of all segments so far, with raw confidences."""
        return joined(self._done, max(1, self._alternatives))

    def probable(self, readings: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
        """Readings with the model's calibration applied."""
        return calibrated(readings, lambda raw: self._calibration(self._kind, raw))

    def finish(self) -> tuple[Hypothesis, ...]:
        """End the utterance: its N-best, best first, with calibrated confidences; empty when there were no words."""
        self.last_result()
        return self.probable(self.hypotheses())


def _whole_samples(pcm: bytes) -> tuple[bytes, bytes]:
    whole = len(pcm) // 2 * 2
    return pcm[:whole], pcm[whole:]
