"""Decoding test audio with stock vosk, as the recogniser of the product does: 20 ms at a time, one result at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import vosk

from training.utterances import RATE_HZ, Samples

CHUNK = RATE_HZ // 50 * 5


@dataclass(frozen=True, slots=True)
class Heard:
    """What vosk made of an utterance: words, vosk's confidence in each (0…1), and the seconds it took."""

    words: tuple[str, ...]
    confidences: tuple[float, ...]
    seconds: float


class Decoder:
    """A model folder, opened."""

    def __init__(self, folder: Path) -> None:
        vosk.SetLogLevel(-1)
        self._model = vosk.Model(str(folder))

    def knows(self, word: str) -> bool:
        """Whether a grammar may use the word."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def hear(self, samples: Samples, grammar: Sequence[str] | None) -> Heard:
        """Decodes 8 kHz samples with a limited grammar, or freely for None."""
        if grammar is None:
            recogniser = vosk.KaldiRecognizer(self._model, RATE_HZ)
        else:
            recogniser = vosk.KaldiRecognizer(self._model, RATE_HZ, json.dumps(list(grammar), ensure_ascii=False))
        recogniser.SetWords(True)
        began = time.process_time()
        results = []
        for at in range(0, len(samples), CHUNK):
            if recogniser.AcceptWaveform(samples[at : at + CHUNK].tobytes()):
                results.append(json.loads(recogniser.Result()))
        results.append(json.loads(recogniser.FinalResult()))
        seconds = time.process_time() - began
        words = [w for r in results for w in r.get("result", [])]
        return Heard(tuple(w["word"] for w in words), tuple(float(w["conf"]) for w in words), seconds)


def alignment(wanted: Sequence[str], heard: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs (wanted, heard) of a shortest edit; an empty one is a deletion or an insertion."""
    table = [list(range(len(heard) + 1))]
    for i, want in enumerate(wanted, 1):
        row = [i]
        for j, got in enumerate(heard, 1):
            row.append(min(table[i - 1][j] + 1, row[j - 1] + 1, table[i - 1][j - 1] + (want != got)))
        table.append(row)
    pairs: list[tuple[str, str]] = []
    i, j = len(wanted), len(heard)
    while i or j:
        if i and j and table[i][j] == table[i - 1][j - 1] + (wanted[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((wanted[i], heard[j]))
        elif i and table[i][j] == table[i - 1][j] + 1:
            i -= 1
            pairs.append((wanted[i], ""))
        else:
            j -= 1
            pairs.append(("", heard[j]))
    return pairs[::-1]


def edits(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, deletions and insertions between two word lists (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, want in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (want != got))
    return row[-1]
