"""A network read back from am/final.mdl, so that training goes on from a committed model when its checkpoint is gone.

Kaldi's file has the batch norms folded into the weights. Unfolded they would do nothing, and a network learns badly so:
each norm is given the mean and variance that its layer has on a sample of the material, and the answers stay the same.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training import corpus
from training.kaldi_model import token
from training.languages import language
from training.lattice_free import count_bigram
from training.network import LAYERS, Affine, Network
from training.profile import Profile
from training.train import read_features, stack, untrained, write

WEIGHTS, BIAS = token("<LinearParams>") + token("CM"), token("<BiasParams>") + token("FV")
Matrix = NDArray[np.float64]


def read_layers(path: Path) -> list[Affine]:
    """The layers of a final.mdl that `kaldi_model.write` wrote; ValueError for any other."""
    layers = [Affine(weights, bias, (0,), False) for weights, bias in _layers(path.read_bytes(), path)]
    if len(layers) != len(LAYERS) + 1:
        raise ValueError(f"{path}: {len(layers)} layers with weights in bytes, {len(LAYERS) + 1} are needed")
    return [Affine(a.weights, a.bias, o, True) for a, o in zip(layers, LAYERS, strict=False)] + layers[-1:]


def _layers(content: bytes, path: Path) -> Iterator[tuple[Matrix, Matrix]]:
    at = content.find(WEIGHTS)
    while at >= 0:
        weights, at = _matrix(content, at + len(WEIGHTS))
        if not content.startswith(BIAS, at):
            raise ValueError(f"{path}: no bias after the weights of a layer")
        (count,) = struct.unpack_from("<xi", content, at + len(BIAS))
        at += len(BIAS) + 5
        yield weights, np.frombuffer(content, "<f4", count, at).astype(np.float64)
        at = content.find(WEIGHTS, at + 4 * count)


def _matrix(content: bytes, at: int) -> tuple[Matrix, int]:
    """A matrix in bytes, as `kaldi_model.matrix` describes it, and where it ends."""
    low, span, rows, columns = struct.unpack_from("<ffii", content, at)
    at += 16
    marks = low + np.frombuffer(content, "<u2", 4 * columns, at).reshape(columns, 4) / 65535 * span
    at += 8 * columns
    levels = np.frombuffer(content, "u1", rows * columns, at).reshape(columns, rows)
    values = [np.interp(column, (0, 64, 192, 255), points) for column, points in zip(levels, marks, strict=True)]
    return np.stack(values, axis=1), at + rows * columns


@torch.no_grad()
def unfold(layers: Sequence[Affine], network: Network) -> None:
    """Gives `network` the weights of its own size, so that it answers as `layers` do; its norms do nothing yet."""
    for number, (layer, offsets) in enumerate(zip(layers[:-1], LAYERS, strict=True)):
        weights = torch.from_numpy(layer.weights).unflatten(1, (len(offsets), -1)).permute(0, 2, 1)
        bias = torch.from_numpy(layer.bias)
        if number == 0:  # features come in scaled
            bias = bias + (weights * network.mean.double()[None, :, None]).sum((1, 2))
            weights = weights * network.deviation.double()[None, :, None]
        norm = network.norms[number]
        network.convolutions[number].weight.copy_(weights)
        norm.weight.fill_(1)
        norm.bias.copy_(bias)
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
    network.output.weight.copy_(torch.from_numpy(layers[-1].weights)[:, :, None])
    network.output.bias.copy_(torch.from_numpy(layers[-1].bias))


@torch.no_grad()
def settle(network: Network, features: Tensor) -> None:
    """Gives each norm what its layer makes of `features` [batch, frames, 40]; the network's answers stay the same."""

    def settled(norm: nn.BatchNorm1d, inputs: tuple[Tensor]) -> None:
        mean, variance = inputs[0].mean(0), inputs[0].var(0, unbiased=False)
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        norm.bias.add_((mean - norm.running_mean) * gain)
        norm.weight.copy_(gain * torch.sqrt(variance + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)

    hooks = [norm.register_forward_pre_hook(settled) for norm in network.norms]
    network.eval()
    network(features)
    for hook in hooks:
        hook.remove()


def reread(profile: Profile, work: Path, model: Path, checkpoint: Path) -> None:
    """Writes the network of a final.mdl as `train --parent` and `average` take it; some shards of features must be there."""
    shards = [s for s in corpus.shards(profile) if s.part.split == "train"]
    random.Random(profile.seed).shuffle(shards)
    files = [f for s in shards if (f := work / profile.language / "features" / f"{s.name}.npz").exists()][:30]
    if not files:
        raise FileNotFoundError(
            f"no features in {work / profile.language / 'features'}: run the stages speech and features"
        )
    examples = [e for file in files for e in list(read_features(file))[:60]]
    random.Random(profile.seed).shuffle(examples)
    layers = read_layers(model)
    phones = len(language(profile.language).phones) + 1
    if len(layers[-1].bias) != 2 * phones:
        raise ValueError(
            f"{model} has {len(layers[-1].bias)} outputs, the phones of {profile.language} want {2 * phones}"
        )
    network = untrained(2 * phones, len(layers[0].bias), examples)
    unfold(layers, network)
    settle(network, stack(sorted(examples, key=lambda e: e.frames)[:300:3], network.context)[0])
    bigram = count_bigram([e.words for e in examples], phones, profile.seed)
    write(checkpoint, {"network": network.state_dict(), "start": bigram.start, "after": bigram.after})
