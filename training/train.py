"""The stages `features` and `train`: recordings into augmented features, features into a network."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training import corpus
from training.features import Features, mfcc
from training.languages import language
from training.lattice_free import PhoneBigram, count_bigram, lines, objective
from training.network import SUBSAMPLING, Network
from training.profile import Profile
from training.telephone import augment, no_speech


@dataclass(frozen=True, slots=True)
class Example:
    """Features of one augmented utterance and the phones of its words (1-based; 0 is silence)."""

    features: Features
    words: tuple[tuple[int, ...], ...]

    @property
    def frames(self) -> int:
        """Frames after subsampling."""
        return -(-len(self.features) // SUBSAMPLING)


def make_features(profile: Profile, shard: corpus.Shard, work: Path) -> Path:
    """The augmented features of a shard, with no-speech between them; made unless they exist."""
    target = work / profile.language / "features" / f"{shard.name}.npz"
    if target.exists():
        return target
    numbers = {p: i for i, p in enumerate(language(profile.language).phones, 1)}
    recordings = corpus.read(work / profile.language / "speech" / f"{shard.name}.npz")
    draw = random.Random(corpus.seed_of(profile, "features " + shard.name))
    others = [r.samples for r in recordings]
    features: list[Features] = []
    words: list[str] = []
    for recording in recordings:
        for _ in range(shard.part.weight):
            quiet = not recording.script.words
            features.append(mfcc(recording.samples if quiet else augment(draw, recording.samples, others)))
            words.append(" ".join("-".join(str(numbers[p]) for p in w) for w in recording.script.phones))
        if draw.random() < profile.training.no_speech_share * shard.part.weight:
            features.append(mfcc(no_speech(draw)))
            words.append("")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial.npz")
    ends = np.cumsum([len(f) for f in features])
    np.savez(partial, features=np.concatenate(features), ends=ends, words=np.array("\n".join(words)))
    partial.rename(target)
    return target


def read_features(path: Path) -> Iterator[Example]:
    """The examples of a shard that are long enough for what they say and short enough for a batch."""
    with np.load(path) as file:
        pieces = np.split(file["features"], file["ends"][:-1])
        said = str(file["words"]).split("\n")
    for piece, line in zip(pieces, said, strict=True):
        example = Example(piece, tuple(tuple(map(int, w.split("-"))) for w in line.split()))
        if 12 <= len(piece) < 1400 and example.frames > sum(map(len, example.words)):
            yield example


def batches(examples: Sequence[Example], frames_per_batch: int) -> list[list[Example]]:
    """Examples of like length together, each batch about the same number of frames."""
    result: list[list[Example]] = []
    current: list[Example] = []
    for example in sorted(examples, key=lambda e: len(e.features)):
        current.append(example)
        if len(current) * len(example.features) > frames_per_batch or len(current) >= 128:
            result.append(current)
            current = []
    return [*result, current] if current else result


def stack(batch: Sequence[Example], context: int) -> tuple[Tensor, Tensor]:
    """Features padded with their own edges [batch, frames, 40], and the subsampled lengths [batch]."""
    longest = max(len(e.features) for e in batch)
    rows = [np.pad(e.features, ((context, longest - len(e.features) + context), (0, 0)), "edge") for e in batch]
    return torch.from_numpy(np.stack(rows).astype(np.float32)), torch.tensor([e.frames for e in batch])


@dataclass(slots=True)
class Trainer:
    """A network in training, with what it needs to go on after an interruption."""

    profile: Profile
    network: Network
    bigram: PhoneBigram
    device: torch.device

    def gradient_step(self, batch: Sequence[Example], *, learn: bool) -> tuple[float, int]:
        """Loss per frame and frames of a batch; with `learn` the gradients are left in the network."""
        features, frames = stack(batch, self.network.context)
        with torch.autocast(self.device.type, torch.bfloat16):  # half the time where the processor knows the format
            logits = self.network(features.to(self.device))
        line = lines([e.words for e in batch])
        gradient, loss, count = objective(
            logits.detach().float().cpu(), frames, line, self.bigram, self.profile.training.l2
        )
        if learn:
            logits.backward(gradient.to(self.device, logits.dtype))
        return loss, count

    def validate(self, held: Sequence[Example]) -> float:
        """Loss per frame on examples that are not trained on."""
        self.network.eval()
        with torch.no_grad():
            scores = [self.gradient_step(b, learn=False) for b in batches(held, self.profile.training.frames_per_batch)]
        self.network.train()
        return sum(loss * count for loss, count in scores) / max(1, sum(count for _, count in scores))

    def save(self, path: Path) -> None:
        """Writes the network and the bigram."""
        partial = path.with_suffix(".partial")
        torch.save(
            {"network": self.network.state_dict(), "start": self.bigram.start, "after": self.bigram.after}, partial
        )
        partial.rename(path)


def train(profile: Profile, work: Path, checkpoint: Path, parent: Path | None = None) -> None:
    """Trains until the epochs or the minutes of the profile are used up; prints progress every half minute."""
    torch.manual_seed(profile.seed)
    settings, folder = profile.training, work / profile.language / "features"
    train_shards = [s for s in corpus.shards(profile) if s.part.split == "train"]
    examples = [e for s in train_shards for e in read_features(folder / f"{s.name}.npz")]
    draw = random.Random(profile.seed)
    draw.shuffle(examples)
    held, examples = examples[:200], examples[200:]
    hours = sum(len(e.features) for e in examples) / 360_000
    phones = len(language(profile.language).phones) + 1
    sample = np.concatenate([e.features for e in examples[:1500]]).astype(np.float32)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    mean, deviation = torch.tensor(sample.mean(0)), torch.tensor(sample.std(0) + 0.1)
    network = Network(2 * phones, settings.width, mean, deviation).to(device)
    if parent is not None:
        network.load_state_dict(torch.load(parent, weights_only=True)["network"])
    trainer = Trainer(profile, network, count_bigram([e.words for e in examples], phones, profile.seed), device)
    grouped = batches(examples, settings.frames_per_batch)
    total = int(len(grouped) * settings.epochs)
    size = sum(p.numel() for p in network.parameters())
    print(
        f"{len(examples)} examples, {hours:.1f} h; {size / 1e6:.2f} M parameters; {total} batches on {device}",
        flush=True,
    )
    run(trainer, grouped, total, held, checkpoint, draw)


def learning_rate(peak: float, done: float) -> float:
    """Warm-up over the first twelfth, then a cosine to a hundredth of the peak; `done` in 0…1."""
    if done < 1 / 12:
        return peak * max(0.04, done * 12)
    return float(peak * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * min(1.0, (done - 1 / 12) / (11 / 12))))))


def run(
    trainer: Trainer,
    grouped: list[list[Example]],
    total: int,
    held: list[Example],
    checkpoint: Path,
    draw: random.Random,
) -> None:
    """The training loop: whichever of batches and minutes is further on sets the learning rate."""
    settings = trainer.profile.training
    optimiser = torch.optim.AdamW(trainer.network.parameters(), lr=1e-4, weight_decay=1e-3, betas=(0.9, 0.98))
    began = shown = time.monotonic()
    order: list[int] = []
    loss_sum, frame_sum, step = 0.0, 0, 0
    trainer.network.train()
    while (done := max(step / total, (time.monotonic() - began) / 60 / settings.minutes)) < 1:
        if not order:
            order = list(range(len(grouped)))
            draw.shuffle(order)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(settings.learning_rate, done)
        optimiser.zero_grad()
        loss, count = trainer.gradient_step(grouped[order.pop()], learn=True)
        nn.utils.clip_grad_norm_(trainer.network.parameters(), 2.0)
        optimiser.step()
        step, loss_sum, frame_sum = step + 1, loss_sum + loss * count, frame_sum + count
        if time.monotonic() - shown > 30:
            shown = time.monotonic()
            spent = (shown - began) / 60
            print(f"{done:5.1%} batch {step}/{total} loss {loss_sum / frame_sum:.4f} {spent:.1f} min", flush=True)
            loss_sum, frame_sum = 0.0, 0
            trainer.save(checkpoint)
    trainer.save(checkpoint)
    print(
        f"100% {step} batches ({step / len(grouped):.2f} epochs), held-out loss {trainer.validate(held):.4f}",
        flush=True,
    )
