"""Weights in bytes come back as Kaldi's CompressedMatrix reads them."""

from __future__ import annotations

import struct

import pytest

pytest.importorskip("torch", reason="the training extra is not installed")

import numpy as np
from numpy.typing import NDArray

from training.kaldi_model import matrix


def read(written: bytes) -> NDArray[np.float64]:
    """The matrix as Kaldi computes it from the three formulas of its one-byte format with column headers."""
    assert written[:3] == b"CM "
    low, span, rows, columns = struct.unpack("<ffii", written[3:19])
    marks = np.frombuffer(written[19 : 19 + 8 * columns], "<u2").reshape(columns, 4)
    levels = np.frombuffer(written[19 + 8 * columns :], "u1").reshape(columns, rows)
    made = np.zeros((rows, columns))
    for column, (bottom, first, third, top) in enumerate(low + span * marks / 65535):
        for row, level in enumerate(levels[column].astype(float)):
            if level <= 64:
                made[row, column] = bottom + (first - bottom) * level / 64
            elif level <= 192:
                made[row, column] = first + (third - first) * (level - 64) / 128
            else:
                made[row, column] = third + (top - third) * (level - 192) / 63
    return made


@pytest.mark.parametrize("shape", [(256, 40), (3, 5), (1, 4)])
def test_weights_come_back_to_a_hundredth_of_their_spread(shape: tuple[int, int]) -> None:
    weights = np.random.default_rng(1).normal(0, 0.3, shape)
    assert np.abs(read(matrix(weights)) - weights).max() < 0.012
    assert np.sqrt(np.mean((read(matrix(weights)) - weights) ** 2)) < 0.005


def test_a_column_of_one_value_stays_that_value() -> None:
    weights = np.stack([np.full(6, 0.25), np.linspace(-1, 1, 6)], axis=1)
    assert np.abs(read(matrix(weights)) - weights).max() < 0.01
