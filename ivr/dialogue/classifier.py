"""A linear classifier over sentence features, read from the small file that `ivr learn` writes (pure but for reading it)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE_NAME = "learned.npz"


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights by feature and class; `vocabulary` are the words it was taught, `source` names the sentences it learnt from."""

    classes: tuple[str, ...]
    index: dict[str, int]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    vocabulary: frozenset[str]
    source: str

    def probabilities(self, features: Sequence[str]) -> NDArray[np.float32]:
        """The probability of each class; features never seen in training say nothing."""
        rows = [self.index[feature] for feature in features if feature in self.index]
        logits = self.bias.copy()
        if rows:
            logits += self.weights[rows].sum(axis=0) * np.float32(len(rows) ** -0.5)
        powers = np.exp(logits - logits.max())
        result: NDArray[np.float32] = powers / powers.sum()
        return result

    def save(self, file: Path) -> None:
        """Write the file: weights in 8 bits with one scale per class (the loss of accuracy is below what can be measured)."""
        scale = np.maximum(np.abs(self.weights).max(axis=0), 1e-6) / 127
        np.savez_compressed(
            file,
            classes=_packed(self.classes),
            features=_packed(list(self.index)),
            vocabulary=_packed(sorted(self.vocabulary)),
            weights=np.round(self.weights / scale).astype(np.int8),
            scale=scale.astype(np.float32),
            bias=self.bias,
            source=_packed([self.source]),
        )


def load(file: Path) -> Classifier | None:
    """The classifier of a file; None where there is none or it can't be read (understanding then goes by sentences alone)."""
    try:
        with np.load(file, allow_pickle=False) as data:
            weights = data["weights"].astype(np.float32) * data["scale"]
            features = _unpacked(data["features"])
            return Classifier(
                _unpacked(data["classes"]),
                {feature: row for row, feature in enumerate(features)},
                weights,
                data["bias"],
                frozenset(_unpacked(data["vocabulary"])),
                _unpacked(data["source"])[0],
            )
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _packed(words: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def _unpacked(blob: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(blob.tobytes().decode().split("\n"))
