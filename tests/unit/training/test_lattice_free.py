"""The hand-made gradient is the derivative of the objective, and the sums over paths are what brute force gives."""

from __future__ import annotations

import itertools
import math

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from training.lattice_free import (  # noqa: E402
    SILENCE_AT_EDGE,
    PhoneBigram,
    count_bigram,
    denominator,
    lines,
    numerator,
    objective,
)

PHONES = 4


def random_logits(frames: int, batch: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(batch, frames, 2 * PHONES, generator=generator)


def bigram() -> PhoneBigram:
    return count_bigram([[[1, 2], [3]], [[2]], []], PHONES, seed=1)


def test_denominator_sums_all_phone_sequences() -> None:
    logits = random_logits(3, batch=1)
    shift = logits.max(2, keepdim=True)[0]
    first, further = (logits - shift)[..., 0::2], (logits - shift)[..., 1::2]
    model, total = bigram(), 0.0
    for path in itertools.product(range(PHONES), repeat=3):
        for starts in itertools.product([True, False], repeat=2):
            if any(not new and path[t + 1] != path[t] for t, new in enumerate(starts)):
                continue
            weight = float(model.start[path[0]] * first[0, 0, path[0]].exp())
            for t, new in enumerate(starts, 1):
                step = (
                    model.after[path[t - 1], path[t]] * first[0, t, path[t]].exp()
                    if new
                    else further[0, t, path[t]].exp()
                )
                weight *= float(step)
            total += weight
    found, _, _ = denominator(first, further, torch.tensor([3]), model)
    assert float(found) == pytest.approx(math.log(total), abs=1e-4)


def test_numerator_of_one_phone_without_room_for_silence() -> None:
    logits = random_logits(1, batch=1)
    first, further = logits[..., 0::2].contiguous(), logits[..., 1::2].contiguous()
    found, in_first, _ = numerator(first, further, torch.tensor([1]), lines([[[2]]]))
    expected = float(first[0, 0, 2]) + 2 * math.log(1 - SILENCE_AT_EDGE)
    assert float(found) == pytest.approx(expected, abs=1e-4)
    assert float(in_first[0, 0, 2]) == pytest.approx(1.0, abs=1e-4)


def test_occupancies_sum_to_one_per_frame() -> None:
    logits, frames = random_logits(9), torch.tensor([9, 6])
    first, further = logits[..., 0::2].contiguous(), logits[..., 1::2].contiguous()
    for _, a, b in (
        numerator(first, further, frames, lines([[[1, 2], [3]], [[2]]])),
        denominator(first - 9, further - 9, frames, bigram()),
    ):
        sums = (a + b).sum(2)
        assert torch.allclose(sums[0], torch.ones(9), atol=1e-3)
        assert torch.allclose(sums[1, :6], torch.ones(6), atol=1e-3)
        assert float(sums[1, 6:].abs().sum()) == 0


def test_gradient_is_the_derivative_of_the_loss() -> None:
    logits, frames, line = random_logits(8).double().float(), torch.tensor([8, 7]), lines([[[1, 2], [3]], []])
    gradient, _, count = objective(logits, frames, line, bigram(), l2=0.0)
    for place in ((0, 0, 0), (0, 3, 2), (0, 5, 5), (1, 2, 1), (1, 6, 6)):
        step, losses = 1e-2, []
        for sign in (1, -1):
            moved = logits.clone()
            moved[place] += sign * step
            losses.append(objective(moved, frames, line, bigram(), l2=0.0)[1])
        assert float(gradient[place]) == pytest.approx((losses[0] - losses[1]) / (2 * step), abs=2e-3)
    assert count == 15


def test_an_utterance_that_does_not_fit_counts_for_nothing() -> None:
    logits = random_logits(2)
    gradient, _, count = objective(logits, torch.tensor([2, 2]), lines([[[1, 2, 3, 1]], []]), bigram(), l2=0.0)
    assert count == 2
    assert float(gradient[0].abs().sum()) == 0
