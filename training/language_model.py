"""The model of free decoding: a trigram of hotline sentences as an acceptor, with back-off over empty arcs.

Discounting is Witten and Bell's: a history gives as much to its back-off as it has seen different words. Trigrams seen
once are left out, so the file stays small.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

START, END = "<s>", "</s>"
History = tuple[str, ...]


class Trigram:
    """Counts of words after histories of two, one and no words."""

    def __init__(self, sentences: Iterable[Sequence[str]], vocabulary: Iterable[str]) -> None:
        self._after: dict[History, Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            line = [START, *sentence, END]
            for at in range(1, len(line)):
                for length in (0, 1, 2):
                    if at - length >= 0:
                        self._after[tuple(line[at - length : at])][line[at]] += 1
        for word in vocabulary:
            self._after[()][word] += 1
        for history in [h for h in self._after if len(h) == 2]:
            kept = Counter({w: n for w, n in self._after[history].items() if n > 1})
            if kept:
                self._after[history] = kept
            else:
                del self._after[history]

    def probability(self, word: str, history: History) -> float:
        """P(word | history), interpolated down to the unigram."""
        while history and history not in self._after:
            history = history[1:]
        counts = self._after[history]
        total, kinds = sum(counts.values()), len(counts)
        if not history:
            return counts[word] / total
        return (counts[word] + kinds * self.probability(word, history[1:])) / (total + kinds)

    def _state_after(self, history: History, word: str) -> History:
        longer = (*history, word)[-2:]
        while longer not in self._after:
            longer = longer[1:]
        return longer

    def acceptor(self, numbers: Mapping[str, int]) -> str:
        """AT&T text: a state per history, the start first; an empty arc leads to the shorter history."""
        first = (START,)
        names = {h: n for n, h in enumerate([first, *(h for h in sorted(self._after) if h != first)])}
        lines: list[str] = []
        for history, name in names.items():
            counts = self._after[history]
            for word in sorted(counts):
                cost = -math.log(self.probability(word, history))
                if word == END:
                    lines.append(f"{name} {cost:.4f}")
                elif word in numbers:
                    lines.append(f"{name} {names[self._state_after(history, word)]} {numbers[word]} {cost:.4f}")
            if history:
                kinds = len(counts)
                backoff = -math.log(kinds / (sum(counts.values()) + kinds))
                lines.append(f"{name} {names[self._longest_suffix(history)]} 0 {backoff:.4f}")
        return "\n".join(lines) + "\n"

    def _longest_suffix(self, history: History) -> History:
        shorter = history[1:]
        while shorter not in self._after:
            shorter = shorter[1:]
        return shorter
