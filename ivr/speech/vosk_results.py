"""What vosk says about an utterance, as hypotheses (pure).

vosk answers in two shapes: with one reading, its words with confidences; with N-best, each reading with a score (a log
likelihood, good only to compare readings of the same sound) and words without confidence. A reading's *raw confidence* is its
share of the N-best's likelihood, less the share of time that was `[unk]`; a model's calibration turns it into a probability.
A long utterance may come in several results; they are joined, best with best first.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from ivr.events import Hypothesis, Word

UNKNOWN = "[unk]"
# How Mandarin is cut into words makes no other reading: 我的外卖 还没到, 我的 外卖 还没到.
_BETWEEN_CHARACTERS = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
Calibrate = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Segment:
    """One result of an utterance: its readings, best first; their confidences add up to at most 1."""

    readings: tuple[Hypothesis, ...]


def segment(result: str) -> Segment:
    """The readings in a vosk result, alike ones merged, those without a known word left out."""
    data = json.loads(result)
    if "hypotheses" in data:  # our own server has done all this already, with its model's calibration
        return Segment(tuple(_hypothesis(each) for each in data["hypotheses"]))
    if "alternatives" in data:
        return _n_best([each for each in data["alternatives"] if isinstance(each, dict)])
    words = tuple(_word(each) for each in data.get("result", ()))
    certainty = sum(word.confidence for word in words) / len(words) if words else float(bool(data.get("text")))
    return Segment(tuple(_known(str(data.get("text", "")), words, certainty)))


def _n_best(alternatives: list[Mapping[str, Any]]) -> Segment:
    scores = [float(each.get("confidence", 0.0)) for each in alternatives]
    best = max(scores, default=0.0)
    total = sum(math.exp(score - best) for score in scores)
    merged: dict[str, Hypothesis] = {}
    for score, each in zip(scores, alternatives, strict=True):
        words = tuple(_word(word) for word in each.get("result", ()))
        share = math.exp(score - best) / total
        for reading in _known(str(each.get("text", "")), words, share):
            said = uncut(reading.text)
            known = merged.get(said)
            merged[said] = _with(known, known.confidence + reading.confidence) if known else reading
    return Segment(tuple(merged.values()))


def uncut(text: str) -> str:
    """The text without the spaces between Mandarin words, by which readings are compared."""
    return _BETWEEN_CHARACTERS.sub("", text)


def written(readings: tuple[Hypothesis, ...]) -> list[dict[str, Any]]:
    """Readings as our server adds them to vosk's own result, under `hypotheses`."""
    return [
        {
            "text": reading.text,
            "probability": round(reading.confidence, 4),
            "words": [[word.text, word.start_seconds, word.end_seconds, word.confidence] for word in reading.words],
        }
        for reading in readings
    ]


def _hypothesis(each: Mapping[str, Any]) -> Hypothesis:
    words = tuple(Word(str(text), float(start), float(end), float(sure)) for text, start, end, sure in each["words"])
    return _with(Hypothesis(str(each["text"]), 0.0, words), float(each["probability"]))


def _word(each: Mapping[str, Any]) -> Word:
    return Word(str(each["word"]), float(each["start"]), float(each["end"]), float(each.get("conf", 1.0)))


def _known(text: str, words: tuple[Word, ...], share: float) -> Iterable[Hypothesis]:
    """The reading without `[unk]`, or nothing when there is no other word."""
    known = tuple(word for word in words if word.text != UNKNOWN)
    spoken = " ".join(token for token in text.split() if token != UNKNOWN)
    if spoken:
        of_time = _duration(known) / _duration(words) if words and _duration(words) > 0 else 1.0
        yield _with(Hypothesis(spoken, 0.0, known), share * of_time)


def _duration(words: tuple[Word, ...]) -> float:
    return sum(word.end_seconds - word.start_seconds for word in words)


def _with(reading: Hypothesis, confidence: float) -> Hypothesis:
    return replace(reading, confidence=min(1.0, max(0.0, confidence)))


def joined(segments: Iterable[Segment], most: int) -> tuple[Hypothesis, ...]:
    """The N-best of a whole utterance from its segments' N-best; a segment without words is a pause."""
    spoken = [each.readings for each in segments if each.readings]
    if not spoken:
        return ()
    if len(spoken) == 1:
        return tuple(sorted(spoken[0], key=lambda reading: -reading.confidence)[:most])
    # Few per segment: five segments of five readings would be 3,125 combinations, and the tail is worth nothing.
    each = max(2, min(most, round(256 ** (1 / min(8, len(spoken))))))
    choices = [readings[: each if index < 8 else 1] for index, readings in enumerate(spoken)]
    combined = (_chain(parts) for parts in product(*choices))
    return tuple(sorted(combined, key=lambda reading: -reading.confidence)[:most])


def _chain(parts: tuple[Hypothesis, ...]) -> Hypothesis:
    words = tuple(word for part in parts for word in part.words)
    return Hypothesis(" ".join(part.text for part in parts), math.prod(part.confidence for part in parts), words)


def calibrated(readings: tuple[Hypothesis, ...], calibrate: Calibrate) -> tuple[Hypothesis, ...]:
    """The same readings with their raw confidence made a probability; the words share it."""
    return tuple(
        replace(
            reading,
            confidence=calibrate(reading.confidence),
            words=tuple(replace(word, confidence=calibrate(reading.confidence)) for word in reading.words),
        )
        for reading in readings
    )
