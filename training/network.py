"""The acoustic network: a time-delay network that vosk can run, in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.features import DIMENSION

LAYERS = ((-2, -1, 0, 1, 2), (-1, 0, 1), (-3, 0, 3), (-3, 0, 3), (-3, 0, 3), (-6, 0, 6), (-6, 0, 6))
"""Frames each layer sees, relative to its own; the second layer keeps one frame in three, as vosk's decoder does."""
SUBSAMPLED_LAYER, SUBSAMPLING = 1, 3


@dataclass(frozen=True, slots=True)
class Affine:
    """One affine layer as Kaldi writes it: `weights` [out, offsets · in] with offsets outermost, and a ReLU or not."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    offsets: tuple[int, ...]
    relu: bool


class Network(nn.Module):
    """Features [batch, frames, 40] padded by `context` on both sides → logits [batch, frames / 3, outputs]."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, outputs: int, width: int, mean: Tensor | None = None, deviation: Tensor | None = None) -> None:
        super().__init__()
        sizes = [DIMENSION] + [width] * len(LAYERS)
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for number, offsets in enumerate(LAYERS):
            dilation = 1 if number <= SUBSAMPLED_LAYER else (offsets[1] - offsets[0]) // SUBSAMPLING
            step = SUBSAMPLING if number == SUBSAMPLED_LAYER else 1
            self.convolutions.append(
                nn.Conv1d(sizes[number], width, len(offsets), stride=step, dilation=dilation, bias=False)
            )
            self.norms.append(nn.BatchNorm1d(width, momentum=0.05))
        self.output = nn.Conv1d(width, outputs, 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self.dropout = nn.Dropout(0.1)
        self.register_buffer("mean", torch.zeros(DIMENSION) if mean is None else mean)
        self.register_buffer("deviation", torch.ones(DIMENSION) if deviation is None else deviation)

    @property
    def context(self) -> int:
        """Frames of padding needed on each side."""
        return sum(offsets[-1] for offsets in LAYERS)

    def forward(self, features: Tensor) -> Tensor:
        """Convolutions as matrix products over neighbouring frames: half the time of PyTorch's own on a processor."""
        hidden = (features - self.mean) / self.deviation
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            (taps,), (dilation,), (step,) = convolution.kernel_size, convolution.dilation, convolution.stride
            span = hidden.shape[1] - (taps - 1) * dilation
            seen = torch.cat([hidden[:, n * dilation : n * dilation + span : step] for n in range(taps)], 2)
            rows = functional.linear(seen, convolution.weight.permute(0, 2, 1).flatten(1))
            hidden = torch.relu(norm(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]))
            hidden = hidden * self.dropout(torch.ones_like(hidden[:, :1]))  # a unit is missing for a whole utterance
        logits: Tensor = functional.linear(hidden, self.output.weight[:, :, 0], self.output.bias)
        return logits

    @torch.no_grad()
    def affines(self) -> list[Affine]:
        """The layers with input scaling and batch norm folded in."""
        layers = []
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            weights = convolution.weight.double()
            gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).double()
            bias = norm.bias.double() - norm.running_mean.double() * gain
            weights = weights * gain[:, None, None]
            if number == 0:
                weights = weights / self.deviation.double()[None, :, None]
                bias = bias - (weights * self.mean.double()[None, :, None]).sum((1, 2))
            flat = weights.permute(0, 2, 1).reshape(weights.shape[0], -1)
            layers.append(Affine(flat.cpu().numpy(), bias.cpu().numpy(), LAYERS[number], True))
        last = self.output.weight[:, :, 0].double().cpu().numpy()
        return [*layers, Affine(last, self.output.bias.double().cpu().numpy(), (0,), False)]
