"""A trained network made wider without changing what it answers, so that it can learn on from where it was.

New units hear with weights drawn at random and say nothing yet: their outgoing weights are zero (after Net2Net, Chen,
Goodfellow and Shlens 2016, with zeros in place of copies).
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.network import Network


@torch.no_grad()
def widen(state: dict[str, Tensor], network: Network) -> dict[str, Tensor]:
    """The weights of a narrower network of the same outputs, as those of `network`, whose own fill the new units.

    ValueError where a layer of the old network is wider than the new one's.
    """
    wide = {name: value.clone() for name, value in network.state_dict().items()}
    for name, old in state.items():
        new = wide[name]
        if any(a > b for a, b in zip(old.shape, new.shape, strict=True)):
            raise ValueError(f"{name}: {tuple(old.shape)} does not fit into {tuple(new.shape)}")
        if old.dim() < 2:
            new[tuple(map(slice, old.shape))] = old
            continue
        new[: len(old), old.shape[1] :] = 0  # what the old units hear of the new ones: nothing yet
        new[: len(old), : old.shape[1]] = old
    return wide
