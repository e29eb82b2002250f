"""Kaldi's binary am/final.mdl from PyTorch weights: a transition model and an nnet3 network, as vosk reads them.

Written from the formats of Kaldi's `kaldi-io`, `transition-model`, `nnet3` and `compressed-matrix` sources; numbers are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from training.features import DIMENSION
from training.network import Affine


def token(text: str) -> bytes:
    return text.encode() + b" "


def integer(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def single(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def double(value: float) -> bytes:
    return b"\x08" + struct.pack("<d", value)


def integers(values: Sequence[int]) -> bytes:
    """An integer vector: element size, count, elements."""
    return b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, dtype="<i4").tobytes()


def vector(values: ArrayLike) -> bytes:
    """A float vector."""
    array = np.asarray(values, dtype="<f4")
    return token("FV") + integer(len(array)) + array.tobytes()


def matrix(values: ArrayLike) -> bytes:
    """A matrix as bytes, column by column (`CM`): a quarter of the size of floats.

    Each column has four marks, its quartiles without the middle one, as 16-bit levels between the matrix' extremes; a byte
    tells the place below the first inner mark (0–64), between the two (64–192) or above (192–255).
    """
    array = np.asarray(values, dtype=np.float64)
    low, span = float(array.min()), max(float(array.max() - array.min()), 1e-9)
    marks = np.round((np.quantile(array, (0, 0.25, 0.75, 1), axis=0) - low) / span * 65535)
    for upper in (1, 2, 3):
        marks[upper] = np.maximum(marks[upper], marks[upper - 1] + 1)
    marks -= np.maximum(marks[3] - 65535, 0)
    at = low + marks / 65535 * span
    places = [np.interp(column, points, (0, 64, 192, 255)) for column, points in zip(array.T, at.T, strict=True)]
    levels = np.round(np.stack(places)).astype("u1")
    return (
        token("CM") + struct.pack("<ffii", low, span, *array.shape) + marks.T.astype("<u2").tobytes() + levels.tobytes()
    )


def first_frame_id(phone: int) -> int:
    """The transition id that leaves the phone's state after its first frame or any later one."""
    return 2 * phone


def loop_id(phone: int) -> int:
    """The transition id of staying in the phone."""
    return 2 * phone - 1


def transition_model(outputs: Sequence[tuple[int, int]]) -> bytes:
    """One state per phone with the chain topology; `outputs` gives each phone's output for its first and further frames."""
    count = len(outputs)
    topology = integers(range(1, count + 1)) + integers([-1] + [0] * count)
    topology += integer(-1)  # not a plain HMM: forward and self-loop have outputs of their own
    topology += integer(1) + integer(2)
    topology += integer(0) + integer(1) + integer(2) + integer(0) + single(0.5) + integer(1) + single(0.5)
    topology += integer(-1) + integer(-1) + integer(0)
    tuples = b"".join(
        integer(phone) + integer(0) + integer(forward) + integer(loop)
        for phone, (forward, loop) in enumerate(outputs, 1)
    )
    logs = vector([0.0] + [float(np.log(0.5))] * (2 * count))
    return (
        token("<TransitionModel>")
        + (token("<Topology>") + topology + token("</Topology>"))
        + (token("<Tuples>") + integer(count) + tuples + token("</Tuples>"))
        + (token("<LogProbs>") + logs + token("</LogProbs>"))
        + token("</TransitionModel>")
    )


def descriptor(source: str, offsets: Sequence[int]) -> str:
    """What a layer sees, in nnet3's notation."""
    parts = [source if offset == 0 else f"Offset({source}, {offset})" for offset in offsets]
    return parts[0] if len(parts) == 1 else f"Append({', '.join(parts)})"


def affine_component(name: str, layer: Affine) -> bytes:
    body = token("<LinearParams>") + matrix(layer.weights) + token("<BiasParams>") + vector(layer.bias)
    return (
        token("<ComponentName>")
        + token(name)
        + token("<FixedAffineComponent>")
        + body
        + token("</FixedAffineComponent>")
    )


def relu_component(name: str, size: int) -> bytes:
    body = token("<Dim>") + integer(size) + token("<ValueAvg>") + vector([]) + token("<DerivAvg>") + vector([])
    body += token("<Count>") + double(0)
    kind = "RectifiedLinearComponent"
    return token("<ComponentName>") + token(name) + token(f"<{kind}>") + body + token(f"</{kind}>")


def network(layers: Sequence[Affine]) -> bytes:
    """The layers as an nnet3 network; raw logits come out (`objective=linear`), priors are empty."""
    lines, components = [f"input-node name=input dim={DIMENSION}"], []
    source = "input"
    for number, layer in enumerate(layers, 1):
        name = "output.affine" if layer is layers[-1] else f"tdnn{number}.affine"
        lines.append(f"component-node name={name} component={name} input={descriptor(source, layer.offsets)}")
        components.append(affine_component(name, layer))
        source = name
        if layer.relu:
            name = f"tdnn{number}.relu"
            lines.append(f"component-node name={name} component={name} input={source}")
            components.append(relu_component(name, len(layer.bias)))
            source = name
    lines.append(f"output-node name=output input={source} objective=linear")
    context = sum(-layer.offsets[0] for layer in layers), sum(layer.offsets[-1] for layer in layers)
    return (
        token("<Nnet3>")
        + b"\n"
        + ("\n".join(lines) + "\n\n").encode()
        + (token("<NumComponents>") + integer(len(components)) + b"".join(components) + token("</Nnet3>"))
        + (token("<LeftContext>") + integer(context[0]) + token("<RightContext>") + integer(context[1]))
        + (token("<Priors>") + vector([]))
    )


def write(path: Path, outputs: Sequence[tuple[int, int]], layers: Sequence[Affine]) -> None:
    """Writes final.mdl."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0B" + transition_model(outputs) + network(layers))
