"""How well a model hears: clips decoded as calls are, counted per kind of speech and condition.

Mandarin is compared by characters, English by words; in kinds `digits` and `isolated` telephone names of digits count as the
digits they mean. `oog` (speech outside the grammar) counts what would have been believed at the confidence `accept`; `noise`
counts any word at all.
"""

from __future__ import annotations

import re
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from ivr.commands import Grammar
from ivr.events import Hypothesis
from ivr.speech.audio import TELEPHONE, read_wav
from ivr.speech.clips import Clip, clips_in
from ivr.speech.conditions import condition
from ivr.speech.phrases import wanted
from ivr.speech.recogniser import Kind as GrammarKind
from ivr.speech.recogniser import Recogniser
from ivr.values import Language

ACCEPT = 0.45
_FRAME_BYTES = TELEPHONE.bytes_per_second // 10
_SAME_DIGIT = {
    "幺": "一", "洞": "零", "〇": "零", "两": "二", "拐": "七", "oh": "zero", "o": "zero",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3}


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip, under a condition, and what the model made of it; `raw_confidence` is the best reading's before calibration."""

    clip: Clip
    condition: str
    hypotheses: tuple[Hypothesis, ...]
    raw_confidence: float
    grammar_kind: GrammarKind
    cpu_seconds: float
    audio_seconds: float

    @property
    def said(self) -> list[str]:
        """What was said, in units of comparison."""
        return units(self.clip.text, self.clip.kind in ("digits", "isolated"))

    @property
    def text(self) -> list[str]:
        """What was heard, likewise."""
        best = self.hypotheses[0].text if self.hypotheses else ""
        return units(best, self.clip.kind in ("digits", "isolated"))

    @property
    def right(self) -> bool:
        """Whether the whole utterance was heard as said."""
        return self.said == self.text


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; accuracies and rates are shares from 0 to 1, None where they mean nothing."""

    kind: str
    condition: str
    clips: int
    units: int
    unit_accuracy: float | None
    utterance_accuracy: float | None
    false_accept: float | None
    real_time_factor: float


def units(text: str, digits: bool = False) -> list[str]:
    """Text as what is compared: single characters of Han text, words of the rest; digits by their meaning."""
    words = re.findall(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W_\u3400-\u4dbf\u4e00-\u9fff]+(?:'\w+)?", text.lower())
    if not digits:
        return words
    spoken: list[str] = []
    times = 1
    for word in words:
        if word in _TIMES:
            times = _TIMES[word]
            continue
        spoken += [_SAME_DIGIT.get(word, word)] * times
        times = 1
    return spoken


def hear(recogniser: Recogniser, clip: Clip, as_if: str, phrases: Sequence[str]) -> Heard:
    """Decode a clip under a condition, 100 ms at a time as in a call."""
    sound = np.frombuffer(read_wav(clip.file, convert=True), np.int16)
    pcm = condition(as_if)(sound, zlib.crc32(clip.file.name.encode())).tobytes()
    grammar = _grammar(clip, phrases)
    kind: GrammarKind = "digits" if grammar.digits != "none" else grammar.kind
    began = time.thread_time()
    utterance = recogniser.utterance(wanted(language_of(recogniser), grammar), kind)
    for at in range(0, len(pcm), _FRAME_BYTES):
        utterance.feed(pcm[at : at + _FRAME_BYTES])
        _ = utterance.partial
    hypotheses = utterance.finish()
    spent = time.thread_time() - began
    raw = utterance.hypotheses()
    name = as_if if clip.condition == "clean" else clip.condition if as_if == "clean" else f"{clip.condition}+{as_if}"
    return Heard(clip, name, hypotheses, raw[0].confidence if raw else 0.0, kind, spent, TELEPHONE.seconds(pcm))


def language_of(recogniser: Recogniser) -> Language:
    """The language of a model, by the digits it knows."""
    return "zh" if "三" in recogniser.model.words else "en"


def _grammar(clip: Clip, phrases: Sequence[str]) -> Grammar:
    match clip.kind:
        case "digits" | "isolated":
            return Grammar("limited", (), digits="string" if clip.kind == "digits" else "single")
        case "phrase" | "oog":
            return Grammar("limited", clip.grammar or tuple(phrases))
        case "sentence" | "noise":
            return Grammar("limited", clip.grammar) if clip.grammar else Grammar("open")


def evaluate(
    recogniser: Recogniser,
    clips: Sequence[Clip],
    conditions: Sequence[str] = ("clean",),
    progress: Callable[[], None] = lambda: None,
) -> list[Heard]:
    """Every clip under every condition; phrases without a grammar of their own share one."""
    phrases = list(dict.fromkeys(clip.text for clip in clips if clip.kind == "phrase"))
    heard = []
    for as_if in conditions:
        for clip in clips:
            heard.append(hear(recogniser, clip, as_if, phrases))
            progress()
    return heard


def table(heard: Iterable[Heard], accept: float = ACCEPT) -> list[Row]:
    """The results per kind and condition, in the order of appearance."""
    groups: dict[tuple[str, str], list[Heard]] = defaultdict(list)
    for each in heard:
        groups[each.clip.kind, each.condition].append(each)
    return [_row(kind, name, group, accept) for (kind, name), group in groups.items()]


def _row(kind: str, name: str, group: Sequence[Heard], accept: float) -> Row:
    speed = sum(each.cpu_seconds for each in group) / max(1e-9, sum(each.audio_seconds for each in group))
    if kind in ("oog", "noise"):
        least = accept if kind == "oog" else 0.0
        believed = sum(any(reading.confidence >= least for reading in each.hypotheses[:1]) for each in group)
        return Row(kind, name, len(group), 0, None, None, believed / len(group), speed)
    count = sum(len(each.said) for each in group)
    errors = sum(Levenshtein.distance(each.said, each.text) for each in group)
    right = sum(each.right for each in group) / len(group)
    return Row(kind, name, len(group), count, 1 - errors / max(1, count), right, None, speed)


def real_time_factor(model: Path, clips: Path) -> float:
    """Seconds of one core per second of speech, over a folder of clips."""
    heard = evaluate(Recogniser(model), clips_in([clips]))
    return sum(each.cpu_seconds for each in heard) / sum(each.audio_seconds for each in heard)
