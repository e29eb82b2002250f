"""The settings of a training run, read from profiles/<name>.yaml."""

from __future__ import annotations

import yaml
from pydantic import BaseModel, ConfigDict, Field

from training.places import places


class Frozen(BaseModel):
    """Settings are read once, complete and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(Frozen):
    """One part of the corpus: who speaks (engine and voices), how much, and for which split."""

    name: str
    engine: str
    utterances: int
    split: str = "train"
    voices: tuple[str, ...] = ()
    mix: dict[str, float] | None = None
    copies: int = 0
    weight: int = Field(default=2, description="augmented copies of each utterance in the features")
    heard: int = Field(default=1, description="how many times an epoch hears it")


class Training(Frozen):
    """The network and how long it learns."""

    width: int
    epochs: float
    learning_rate: float
    l2: float = 1e-4
    frames_per_batch: int = 12_000
    no_speech_share: float = 0.05
    minutes: float = Field(default=60, description="the learning rate reaches its end after so long, whatever was seen")


class Decoding(Frozen):
    """Costs of the graph, in nats (natural logarithms of probabilities)."""

    word_bonus: float = 2.0
    unknown_per_phone: float = -1.0
    unknown_enter: float = 0.0


class Profile(Frozen):
    """One language's recipe in numbers."""

    language: str
    version: str
    seed: int
    shard_size: int = 1000
    mix: dict[str, float]
    speech: tuple[Part, ...]
    held_out: dict[str, list[str]] = {}
    held_share: float = 0.0
    training: Training
    decoding: Decoding = Decoding()
    no_speech_minutes: float = Field(default=10, description="how much noise, music and tones the evaluation decodes")


def load(name: str) -> Profile:
    """The profile `profiles/<name>.yaml`."""
    return Profile.model_validate(yaml.safe_load((places().profiles / f"{name}.yaml").read_text("utf-8")))
