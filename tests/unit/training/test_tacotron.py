"""Weights are read from a package's pickled networks without its code."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from training.engines.tacotron import Tree, read_network, speaker_vector  # noqa: E402


def test_a_pickled_network_becomes_a_tree_of_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = types.ModuleType("strange_package")
    source = """
import torch
class Voice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = torch.nn.Linear(3, 1)
        self.layers = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Tanh())
    def forward(self, x):
        raise RuntimeError("none of its code runs")
"""
    exec(source, package.__dict__)
    package.Voice.__module__ = "strange_package"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "strange_package", package)
    voice = package.Voice()  # type: ignore[attr-defined]
    torch.save(voice, tmp_path / "voice.pt")
    monkeypatch.delitem(sys.modules, "strange_package")

    tree = read_network(tmp_path / "voice.pt")

    assert isinstance(tree, Tree)
    given = torch.randn(4, 3)
    assert torch.equal(tree.gate(given), voice.gate(given))
    assert not tree.layers[0].training


def test_a_speaker_is_the_digest_of_a_name() -> None:
    vector = speaker_vector("Aijia")
    assert vector.shape == (32,)
    assert float(vector.min()) >= -0.7
    assert float(vector.max()) <= 0.8001
    assert not torch.equal(vector, speaker_vector("Aida"))
