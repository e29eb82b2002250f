"""vosk, with its traps fenced in; only the trial of models imports it besides.

Fenced: no model path (it would download), an empty grammar (it ends the process), words the model lacks (dropped in silence),
16 kHz models fed with 8 kHz sound (resampled here), an odd number of bytes, logs on stderr, and its own end-pointing, which is
not ours: what it thinks are ends of speech are passed over, so that a pause inside a number costs no context, until an
utterance grows so long that its lattice would. What a limited grammar left doubtful is heard again (`rehearing`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import structlog
import vosk

from ivr.errors import ModelError, Place
from ivr.events import Hypothesis
from ivr.speech import rehearing, static_graph
from ivr.speech.audio import StreamResampler
from ivr.speech.models import SpeechModel, inspect
from ivr.speech.name_sounds import name_sounds
from ivr.speech.phrases import fitted
from ivr.speech.vosk_results import Segment, calibrated, joined, segment

Kind = Literal["open", "limited", "digits", "names"]

_LONG_UTTERANCE_SECONDS = 20.0

log = structlog.get_logger(__name__)

vosk.SetLogLevel(-1)


class Recogniser:
    """A loaded model; makes utterances. Safe to share between threads.

    A model with run-time grammars is loaded twice, for free speech with a static graph where one can be made (`static_graph`).
    """

    def __init__(self, model: SpeechModel | Path) -> None:
        self.model = inspect(model) if isinstance(model, Path) else model
        self.handle = self._loaded(self.model.folder)
        self.free_handle = self._static() or self.handle

    def _loaded(self, folder: Path) -> vosk.Model:
        try:
            return vosk.Model(str(folder))
        except Exception as fault:
            raise ModelError(
                f"vosk can't load it: {fault}", "fetch or build it again", Place(self.model.folder)
            ) from None

    def _static(self) -> vosk.Model | None:
        """The model with its graphs composed, or None where vosk has to do it utterance by utterance."""
        if not self.model.grammars:
            return None
        try:
            return self._composed()
        except (ModelError, OSError, ValueError, IndexError, struct.error) as fault:
            log.warning("graph_not_composed", model=self.model.name, reason=str(fault), effect="free speech costs more")
            return None

    def _composed(self) -> vosk.Model:
        whole = self.model.folder
        graphs = [self.model.graph_folder / name for name in ("HCLr.fst", "Gr.fst")]
        composed = static_graph.compose(*map(static_graph.read, graphs))
        with TemporaryDirectory(prefix="ivr-graph-") as made:
            folder = Path(made)
            for file in (each for each in whole.rglob("*") if each.is_file() and each not in graphs):
                target = folder / file.relative_to(whole)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(file.resolve())
            static_graph.write(folder / graphs[0].relative_to(whole).with_name("HCLG.fst"), composed)
            return self._loaded(folder)

    def utterance(
        self,
        phrases: Sequence[str] = (),
        kind: Kind | None = None,
        rate: int = 8000,
        alternatives: int = 5,
        segments: bool = False,
    ) -> Utterance:
        """Begin to listen: for `phrases`, or for anything where there are none. `kind` picks the calibration.

        For `names` the model's sounds are listened for as well, each as one of its words.
        """
        if kind == "names" and self.model.grammars:
            phrases = (*name_sounds(self.model.words), *phrases)
        return Utterance(self, tuple(phrases), kind or ("limited" if phrases else "open"), rate, alternatives, segments)


class Utterance:
    """One utterance being decoded; a few milliseconds of work per 100 ms of sound, during which the GIL is free.

    With `segments`, `result` gives vosk's results at the pauses vosk sees, as vosk-server does.
    """

    def __init__(
        self, owner: Recogniser, phrases: tuple[str, ...], kind: Kind, rate: int, alternatives: int, segments: bool
    ) -> None:
        model = owner.model
        self._owner, self._phrases, self.rate = owner, phrases if model.grammars else (), model.rate
        self._resampler = StreamResampler(rate, model.rate) if rate != model.rate else None
        self._alternatives, self._segments_wanted, self._kind = alternatives, segments, kind
        self._calibration = model.calibration
        self.lacking: tuple[str, ...] = ()
        if self._phrases:
            listed = fitted(self._phrases, model.words)
            self.lacking = listed.lacking
            grammar = json.dumps(listed.phrases, ensure_ascii=False)
            self._decoder = vosk.KaldiRecognizer(owner.handle, float(model.rate), grammar)
        else:
            self._decoder = vosk.KaldiRecognizer(owner.free_handle, float(model.rate))
        self._decoder.SetWords(True)
        self._decoder.SetMaxAlternatives(max(0, alternatives))
        self._bytes_per_second = 2 * model.rate
        self._unread = b""
        self._sound = bytearray()
        self._in_segment = 0
        self._done: list[Segment] = []

    def feed(self, pcm: bytes) -> str | None:
        """Decode sound; returns vosk's result where it ends a segment (see `segments`), else None."""
        pcm, self._unread = _whole_samples(self._unread + pcm)
        if self._resampler:
            pcm = self._resampler(pcm)
        if not pcm:
            return None
        self._keep(pcm)
        pause = bool(self._decoder.AcceptWaveform(pcm))
        long = self._in_segment > _LONG_UTTERANCE_SECONDS * self._bytes_per_second
        return self._cut(self._decoder.Result()) if pause and (self._segments_wanted or long) else None

    def _keep(self, pcm: bytes) -> None:
        self._in_segment += len(pcm)
        if self._phrases and self._in_segment <= rehearing.LONGEST_SECONDS * self._bytes_per_second:
            self._sound += pcm
        else:
            self._sound.clear()

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
            self._keep(rest)
            self._decoder.AcceptWaveform(rest)
        self._resampler = None
        return self._cut(self._decoder.FinalResult())

    def copies(self) -> list[Copy]:
        """What to hear once more at other speeds before `settle`; nothing unless the last result is doubtful."""
        if not self._sound or not rehearing.doubtful(self.last_readings):
            return []
        sound, self._sound = bytes(self._sound), bytearray()
        return [self._copy(sound, speed) for speed in rehearing.SPEEDS]

    def _copy(self, sound: bytes, speed: float) -> Copy:
        played = StreamResampler(self.rate, round(self.rate * speed))
        again = Utterance(self._owner, self._phrases, self._kind, self.rate, self._alternatives, segments=False)
        return Copy(again, speed, played(sound) + played.flush())

    def settle(self, copies: Sequence[Copy]) -> None:
        """Put what the copies heard (fed, and ended) together with the last result."""
        if copies:
            hearings = [(1.0, self.last_readings), *((each.speed, each.utterance.last_readings) for each in copies)]
            self._done[-1] = Segment(rehearing.combined(hearings, max(1, self._alternatives)))

    @property
    def last_readings(self) -> tuple[Hypothesis, ...]:
        """The readings of the last segment, best first, with raw confidences."""
        return self._done[-1].readings if self._done else ()

    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The N-best of all segments so far, with raw confidences."""
        return joined(self._done, max(1, self._alternatives))

    def probable(self, readings: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
        """Readings with the model's calibration applied."""
        return calibrated(readings, lambda raw: self._calibration(self._kind, raw))

    def finish(self) -> tuple[Hypothesis, ...]:
        """End the utterance: its N-best, best first, with calibrated confidences; empty when there were no words."""
        self.last_result()
        copies = self.copies()
        for each in copies:
            each.utterance.feed(each.pcm)
            each.utterance.last_result()
        self.settle(copies)
        return self.probable(self.hypotheses())


@dataclass(frozen=True, slots=True)
class Copy:
    """An utterance that is to hear the same sound at another speed: 0.85 is quicker and higher than it was said."""

    utterance: Utterance
    speed: float
    pcm: bytes


def _whole_samples(pcm: bytes) -> tuple[bytes, bytes]:
    whole = len(pcm) // 2 * 2
    return pcm[:whole], pcm[whole:]
