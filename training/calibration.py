"""The stage `calibrate`: what vosk's confidence means, measured on the dev set.

vosk's figure is a posterior within its own lattice: a grammar with few entries makes nearly everything look certain. For each
kind of grammar a small rising table maps it to the share of words that were right (pool-adjacent-violators); between its
points the reader interpolates.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Sequence
from pathlib import Path

from training.evaluation import UNKNOWN, Evaluation, condition, digit_grammar, digit_values, known
from training.scripts import step_grammars

Pair = tuple[float, bool]
Table = list[list[float]]
CONDITIONS = ("clean", "telephone", "snr10", "snr5")
POINTS = 8


def matched(said: Sequence[str], heard: Sequence[str]) -> list[bool]:
    """For each heard word whether it stands in a best alignment with the same said word (longest common subsequence)."""
    length = [[0] * (len(heard) + 1) for _ in range(len(said) + 1)]
    for i in range(len(said) - 1, -1, -1):
        for j in range(len(heard) - 1, -1, -1):
            same = length[i + 1][j + 1] + 1 if said[i] == heard[j] else 0
            length[i][j] = max(same, length[i + 1][j], length[i][j + 1])
    right = [False] * len(heard)
    i = j = 0
    while i < len(said) and j < len(heard):
        if said[i] == heard[j] and length[i][j] == length[i + 1][j + 1] + 1:
            right[j] = True
            i, j = i + 1, j + 1
        elif length[i + 1][j] >= length[i][j + 1]:
            i += 1
        else:
            j += 1
    return right


def rising(pairs: Sequence[Pair], points: int = POINTS) -> Table:
    """The share of right words over raw confidence, never falling: groups of like size, neighbours merged where it falls."""
    if not pairs:
        return [[0.0, 0.5], [1.0, 0.5]]
    ordered = sorted(pairs)
    size = max(1, len(ordered) // points)
    groups: list[list[float]] = []  # sum of raw, sum of right, count
    for at in range(0, len(ordered), size):
        part = ordered[at : at + size]
        groups.append([sum(p for p, _ in part), float(sum(right for _, right in part)), float(len(part))])
        while len(groups) > 1 and groups[-2][1] / groups[-2][2] >= groups[-1][1] / groups[-1][2]:
            last = groups.pop()
            groups[-1] = [a + b for a, b in zip(groups[-1], last, strict=True)]
    return [[round(raw / n, 4), round((right + 0.5) / (n + 1), 4)] for raw, right, n in groups]


def look_up(table: Table, raw: float) -> float:
    """The calibrated probability of a raw confidence: linear between points, flat outside of them."""
    at = bisect.bisect_left([x for x, _ in table], raw)
    if at == 0:
        return table[0][1]
    if at == len(table):
        return table[-1][1]
    (x0, y0), (x1, y1) = table[at - 1], table[at]
    return y0 + (y1 - y0) * (raw - x0) / (x1 - x0) if x1 > x0 else y1


def collect(evaluation: Evaluation) -> dict[str, list[Pair]]:
    """Confidence and truth of every word heard on the material, by kind of grammar."""
    pairs: dict[str, list[Pair]] = {"limited": [], "open": [], "digits": []}
    speaks, decoder = evaluation.speaks, evaluation.decoder
    steps = {k: [*known(decoder, v), UNKNOWN] for k, v in step_grammars(speaks.code).items()}
    for number, recording in enumerate(evaluation.chosen(lambda engine, _: True)):
        kind = recording.script.kind
        samples = condition(CONDITIONS[number % len(CONDITIONS)], recording.samples, number)
        said = list(recording.script.words)
        if kind in ("digits", "isolated"):
            heard = evaluation.hear(samples, digit_grammar(speaks))
            name, said = "digits", digit_values(said)
            words = (
                digit_values(heard.words) if len(digit_values(heard.words)) == len(heard.words) else list(heard.words)
            )
        elif kind == "sentence":
            heard, name = evaluation.hear(samples, None), "open"
            words = list(heard.words)
        else:
            grammar = steps.get(kind.removeprefix("step:"), list(steps.values())[number % len(steps)])
            heard, name = evaluation.hear(samples, grammar), "limited"
            words = list(heard.words)
            said = said if kind.startswith("step:") else []
        right = matched(said, words)
        pairs[name] += [(c, r) for w, c, r in zip(words, heard.confidences, right, strict=True) if w != UNKNOWN]
    return pairs


def reliability(pairs: Sequence[Pair], table: Table) -> list[tuple[float, float, int]]:
    """Mean calibrated probability, share right and count in five bands of the calibrated probability."""
    bands: list[list[Pair]] = [[] for _ in range(5)]
    for raw, right in pairs:
        probability = look_up(table, raw)
        bands[min(4, int(probability * 5))].append((probability, right))
    return [(sum(p for p, _ in b) / len(b), sum(r for _, r in b) / len(b), len(b)) for b in bands if b]


def write(path: Path, tables: dict[str, Table]) -> None:
    """calibration.json of a model folder."""
    path.write_text(json.dumps({"version": 1, **tables}, indent=1) + "\n", "utf-8")
