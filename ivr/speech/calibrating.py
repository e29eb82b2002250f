"""Making confidences mean something: from (raw confidence, was it right?) to a rising curve of probabilities (pure).

Isotonic regression by pooling adjacent violators (Ayer et al. 1955), each pool drawn towards the overall share of right answers
by a few imagined ones, so that ten right answers in a row do not make a certainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_IMAGINED = 2.0
_FEWEST = 30


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose probability fell into a range: how many, what was promised, what was true."""

    answers: int
    promised: float
    true: float


@dataclass(slots=True)
class _Pool:
    raw_sum: float
    right: float
    count: float

    @property
    def share(self) -> float:
        return self.right / self.count


def curve(answers: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """The calibration's points for (raw confidence, right?) pairs; empty when there are too few to say anything."""
    if len(answers) < _FEWEST:
        return []
    overall = sum(right for _, right in answers) / len(answers)
    pools: list[_Pool] = []
    for raw, right in sorted(answers):
        pools.append(_Pool(raw, float(right), 1))
        # Alike raw values belong together whatever their order; a falling share is a violation.
        while len(pools) > 1 and (pools[-2].share >= pools[-1].share or pools[-2].raw_sum / pools[-2].count == raw):
            last = pools.pop()
            pools[-1] = _Pool(
                pools[-1].raw_sum + last.raw_sum, pools[-1].right + last.right, pools[-1].count + last.count
            )
    points = [
        (pool.raw_sum / pool.count, (pool.right + _IMAGINED * overall) / (pool.count + _IMAGINED)) for pool in pools
    ]
    return _rising(points)


def _rising(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Rounded, and never falling (the imagined answers may bend small pools)."""
    risen: list[tuple[float, float]] = []
    for raw, probability in points:
        least = risen[-1][1] if risen else 0.0
        risen.append((round(raw, 4), round(max(least, probability), 4)))
    return risen


def reliability(answers: Sequence[tuple[float, bool]], bins: int = 10) -> list[Bin]:
    """Promised against true shares, over ranges of equal width that hold any answers."""
    ranges: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for probability, right in answers:
        ranges[min(bins - 1, int(probability * bins))].append((probability, right))
    return [
        Bin(len(each), sum(promised for promised, _ in each) / len(each), sum(right for _, right in each) / len(each))
        for each in ranges
        if each
    ]
