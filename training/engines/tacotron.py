"""The Mandarin voices of the package ttskit (MIT): fluent speech, as no concatenation and no formant synthesiser makes it.

A Tacotron 2 with an embedding of the speaker (Shen et al. 2018, Valle et al. 2020) turns phones into a mel spectrogram, and
MelGAN (Kumar et al. 2019) turns that into sound. Only the weights are read from the package; none of its code runs: pickled
objects of its classes become bare trees of PyTorch's own layers (`Tree`), and the two networks are walked through here.

Such a voice now and then swallows a syllable or never comes to an end. The attention tells: an utterance counts as said only
if each syllable was attended to for a plausible time, in order, and the network itself ended it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import pickle
import random
import types
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from training.engines.tacotron_script import complete, symbols
from training.languages import Language
from training.sound import Wave, to_samples, to_telephone_rate
from training.utterances import Recording, Script

RATE_HZ = 22_050
HOP = 256
"""Samples of one frame of the spectrogram."""

LONGEST_FRAMES = 900
END = 0.8
"""How sure the network is of its end before it is believed."""


class Tree:
    """What is left of a pickled network: its layers and settings by name, without the package's code."""

    def __init__(self, *settings: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        for kind in ("_modules", "_parameters", "_buffers"):
            found = self.__dict__.get(kind, {})
            if name in found:
                return found[name]
        raise AttributeError(name)

    def __getitem__(self, index: int) -> Any:
        return self._modules[str(index)]


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ("torch", "collections"):
            return super().find_class(module, name)
        return Tree


def read_network(path: Path) -> Any:
    """The network pickled in a file, as a tree of PyTorch's layers in the mode for inference."""
    reader = types.SimpleNamespace(Unpickler=_Unpickler, load=pickle.load, __name__="pickle")
    tree = torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=False, pickle_module=reader)
    _settle(tree)
    return tree


def _settle(tree: Any) -> None:
    tree.training = False
    for child in tree._modules.values():
        _settle(child)


@cache
def networks() -> tuple[Any, Any]:
    """ttskit's synthesiser and vocoder, from the installed package's folder."""
    found = importlib.util.find_spec("ttskit")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the voices of ttskit are missing: pip install --no-deps ttskit==0.3.8")
    folder = Path(found.submodule_search_locations[0]) / "resource" / "model"
    return read_network(folder / "mellotron.kuangdd-mspk.pt"), read_network(folder / "melgan.kuangdd.pt")


def speaker_vector(name: str) -> torch.Tensor:
    """The speaker's 32 numbers, which ttskit takes from the digest of the name."""
    digits = [int(digit, 16) for digit in hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()]
    return (torch.tensor(digits, dtype=torch.float32) - 7) / 10


class Tacotron:
    """ttskit's voices; in training a third of the utterances is said by a blend of two, and people are larger and smaller."""

    def __init__(self, language: Language, voices: Sequence[str], split: str) -> None:
        if language.code != "zh":
            raise ValueError("the voices of ttskit speak Mandarin only")
        self._voices, self._split = list(voices), split
        self._synthesiser, self._vocoder = networks()

    def say(self, script: Script, random_: random.Random) -> Recording | None:
        """The script by one of the voices; None if the voice lost its way in it."""
        name = random_.choice(self._voices)
        vector, speaker = speaker_vector(name), name
        train = self._split == "train"
        if train and random_.random() < 0.33:
            other = random_.choice(self._voices)
            vector = torch.lerp(vector, speaker_vector(other), random_.uniform(0.25, 0.75))
            speaker = f"{name}+{other}"
        size = random_.uniform(0.82, 1.2) if train else 1.0
        torch.manual_seed(random_.getrandbits(32))
        with torch.inference_mode():
            spectrogram = self._spectrogram(*symbols(script, random_), vector)
            if spectrogram is None:
                return None
            wave = self._wave(spectrogram)
        return Recording(script, f"ttskit/{speaker}", to_telephone_rate(to_samples(wave), RATE_HZ, size))

    def _spectrogram(self, ids: list[int], ends: list[int], speaker: torch.Tensor) -> torch.Tensor | None:
        """Mel frames (1, 80, frames), or nothing if a syllable was swallowed, stuck or said twice."""
        net = self._synthesiser
        text = net.embedding(torch.tensor([ids])).transpose(1, 2)
        for layer in net.encoder.convolutions:
            text = torch.relu(_normed(layer, text))
        memory, _ = net.encoder.lstm(text.transpose(1, 2))
        voice = net.speaker_embedding(speaker[None])[:, None].expand(-1, memory.shape[1], -1)
        frames, path = _decode(net.decoder, torch.cat((memory, voice), 2))
        if frames is None or not complete(path, ends):
            return None
        spectrogram = extra = frames.T[None]
        layers = list(net.postnet.convolutions)
        for number, layer in enumerate(layers):
            extra = _normed(layer, extra)
            extra = extra if number == len(layers) - 1 else torch.tanh(extra)
        return spectrogram + extra

    def _wave(self, spectrogram: torch.Tensor) -> Wave:
        """MelGAN: the spectrogram as sound in ±1."""
        silence = torch.full((1, spectrogram.shape[1], 10), -11.5129)
        x = (torch.cat((spectrogram, silence), 2) + 5) / 5
        for layer in self._vocoder.generator:
            x = layer(x) if isinstance(layer, torch.nn.Module) else _residual(layer, x)
        wave: Wave = x[0, 0, : -10 * HOP].double().numpy()
        return wave


def _normed(layer: Any, x: torch.Tensor) -> torch.Tensor:
    convolution, norm = layer
    return norm(convolution.conv(x))


def _residual(stack: Any, x: torch.Tensor) -> torch.Tensor:
    for block, shortcut in zip(stack.blocks, stack.shortcuts, strict=True):
        x = shortcut(x) + block(x)
    return x


def _decode(decoder: Any, memory: torch.Tensor) -> tuple[torch.Tensor | None, list[int]]:
    """Frame by frame until the network ends it: frames (frames, 80), and the symbol attended to most in each."""
    attention = decoder.attention_layer
    keys = attention.memory_layer.linear_layer(memory)
    length = memory.shape[1]
    weights, total = torch.zeros(1, length), torch.zeros(1, length)
    context = torch.zeros(1, memory.shape[2])
    listening = (torch.zeros(1, 512), torch.zeros(1, 512))
    speaking = (torch.zeros(1, 512), torch.zeros(1, 512))
    frame, frames, path = torch.zeros(1, 80), [], []
    for _ in range(LONGEST_FRAMES):
        x = frame
        for layer in decoder.prenet.layers:
            x = functional.dropout(torch.relu(layer.linear_layer(x)), 0.5, training=True)
        listening = decoder.attention_rnn(torch.cat((x, context), 1), listening)
        location = attention.location_layer.location_conv.conv(torch.stack((weights, total), 1)).transpose(1, 2)
        energy = attention.query_layer.linear_layer(listening[0][:, None]) + keys
        energy = energy + attention.location_layer.location_dense.linear_layer(location)
        weights = torch.softmax(attention.v.linear_layer(torch.tanh(energy))[..., 0], 1)
        total = total + weights
        context = (weights[:, None] @ memory)[:, 0]
        speaking = decoder.decoder_rnn(torch.cat((listening[0], context), 1), speaking)
        state = torch.cat((speaking[0], context), 1)
        frame = decoder.linear_projection.linear_layer(state)
        frames.append(frame[0])
        path.append(int(weights.argmax()))
        if float(torch.sigmoid(decoder.gate_layer.linear_layer(state))) > END:
            return torch.stack(frames), path
    return None, path
