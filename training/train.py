"""The stages `features` and `train`: recordings into augmented features, features into a network."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training import corpus
from training.features import Features, mfcc
from training.languages import language
from training.lattice_free import PhoneBigram, count_bigram, lines, objective
from training.network import SUBSAMPLING, Network
from training.profile import Profile
from training.telephone import augment, no_speech
from training.variation import Mel, backgrounds, vary
from training.widening import widen

AVERAGING = 0.998
"""How much of the averaged network stays at each step: it remembers about five hundred."""


@dataclass(frozen=True, slots=True)
class Example:
    """Features of one augmented utterance and the phones of its words (1-based; 0 is silence)."""

    features: Features
    words: tuple[tuple[int, ...], ...]

    @property
    def frames(self) -> int:
        """Frames after subsampling."""
        return -(-len(self.features) // SUBSAMPLING)

    @property
    def phones(self) -> int:
        return sum(map(len, self.words))


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
        if 12 <= len(piece) < 1400 and example.frames > example.phones:
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
    """A network in training, with what it needs to go on after an interruption.

    `average` follows the network's weights slowly; it is what is kept, for it is better than any of the networks it averages.
    """

    profile: Profile
    network: Network
    bigram: PhoneBigram
    device: torch.device
    noises: Sequence[Mel] = ()
    average: AveragedModel = field(init=False)
    optimiser: torch.optim.AdamW = field(init=False)
    step: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGING), use_buffers=True)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=1e-4, weight_decay=1e-3, betas=(0.9, 0.98))

    def varied(self, batch: Sequence[Example]) -> list[Example]:
        """The batch as it is heard this time; the same in every run for the same step."""
        draw = np.random.default_rng((self.profile.seed, self.step))
        others = [e.features for e in batch if e.words]
        return [Example(vary(e.features, e.phones, others, self.noises, draw), e.words) for e in batch]

    def gradient_step(self, network: nn.Module, batch: Sequence[Example], *, learn: bool) -> tuple[float, int]:
        """Loss per frame and frames of a batch; with `learn` the gradients are left in the network."""
        features, frames = stack(batch, self.network.context)
        with torch.autocast(self.device.type, torch.bfloat16):  # half the time where the processor knows the format
            logits = network(features.to(self.device))
        line = lines([e.words for e in batch])
        gradient, loss, count = objective(
            logits.detach().float().cpu(), frames, line, self.bigram, self.profile.training.l2
        )
        if learn:
            logits.backward(gradient.to(self.device, logits.dtype))
        return loss, count

    def learn(self, batch: Sequence[Example], rate: float) -> tuple[float, int]:
        """One step of the optimiser; loss per frame and frames."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        torch.manual_seed(self.profile.seed * 1_000_003 + self.step)  # the same dropout after an interruption
        self.optimiser.zero_grad()
        loss, count = self.gradient_step(self.network, self.varied(batch), learn=True)
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step()
        self.average.update_parameters(self.network)
        self.step += 1
        return loss, count

    def validate(self, held: Sequence[Example]) -> float:
        """The averaged network's loss per frame on examples that are not trained on."""
        self.average.eval()
        grouped = batches(held, self.profile.training.frames_per_batch)
        with torch.no_grad():
            scores = [self.gradient_step(self.average, b, learn=False) for b in grouped]
        self.average.train()
        return sum(loss * count for loss, count in scores) / max(1, sum(count for _, count in scores))

    def save(self, path: Path) -> None:
        """Writes the averaged network and the bigram."""
        network = self.average.module.state_dict()
        write(path, {"network": network, "start": self.bigram.start, "after": self.bigram.after})

    def save_progress(self, path: Path) -> None:
        """Writes what `resume` needs."""
        state = {"network": self.network, "average": self.average, "optimiser": self.optimiser}
        write(path, {k: v.state_dict() for k, v in state.items()} | {"step": self.step, "seconds": self.seconds})

    def resume(self, path: Path) -> None:
        """Goes on where an interrupted training saved its progress last."""
        state = torch.load(path, weights_only=True, map_location=self.device)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]


def write(path: Path, state: dict[str, object]) -> None:
    """Writes a file of tensors in one stroke: the old one or the new one is there, never half of it."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.rename(path)


def average(networks: Sequence[Path], target: Path) -> None:
    """Writes the mean of networks that began as one and heard different batches: better than each of them."""
    states = [torch.load(path, weights_only=True, map_location="cpu") for path in networks]
    shapes = [{name: tensor.shape for name, tensor in s["network"].items()} for s in states]
    for path, shape in zip(networks, shapes, strict=True):
        if shape != shapes[0]:
            raise ValueError(f"{path} has layers of other sizes than {networks[0]}: only alike networks have a mean")
    mean = {
        name: torch.stack([s["network"][name].double() for s in states]).mean(0).to(first.dtype)
        for name, first in states[0]["network"].items()
    }
    write(target, states[0] | {"network": mean})


def untrained(outputs: int, width: int, examples: Sequence[Example]) -> Network:
    """A network that knows how loud and how varied the features of the examples are, and nothing else."""
    sample = np.concatenate([e.features for e in examples[:1500]]).astype(np.float32)
    return Network(outputs, width, torch.tensor(sample.mean(0)), torch.tensor(sample.std(0) + 0.1))


def train(profile: Profile, work: Path, checkpoint: Path, parent: Path | None = None) -> None:
    """Trains until the epochs or the minutes of the profile are used up; prints progress every half minute.

    It begins with the network of `parent`, made wider if the profile's is, or with nothing. The network appears when all is
    done. What was killed goes on from the last half minute, `parent` or not.
    """
    torch.manual_seed(profile.seed)
    settings, folder = profile.training, work / profile.language / "features"
    train_shards = [s for s in corpus.shards(profile) if s.part.split == "train"]
    drawn = [(e, s.part.heard) for s in train_shards for e in read_features(folder / f"{s.name}.npz")]
    random.Random(profile.seed).shuffle(drawn)
    kept = min(200, len(drawn) // 20)
    held, examples = [e for e, _ in drawn[:kept]], [e for e, heard in drawn[kept:] for _ in range(heard)]
    hours = sum(len(e.features) for e in examples) / 360_000
    phones = len(language(profile.language).phones) + 1
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = untrained(2 * phones, settings.width, examples).to(device)
    if parent is not None:
        network.load_state_dict(widen(torch.load(parent, weights_only=True, map_location=device)["network"], network))
    bigram = count_bigram([e.words for e in examples], phones, profile.seed)
    trainer = Trainer(profile, network, bigram, device, backgrounds(profile.seed))
    progress = checkpoint.with_suffix(".progress")
    if progress.exists():
        trainer.resume(progress)
    grouped = batches(examples, settings.frames_per_batch)
    total = int(len(grouped) * settings.epochs)
    size = sum(p.numel() for p in network.parameters())
    print(
        f"{len(examples)} examples, {hours:.1f} h; {size / 1e6:.2f} M parameters; batch {trainer.step} of {total} on {device}",
        flush=True,
    )
    run(trainer, grouped, total, progress)
    trainer.save(checkpoint)
    progress.unlink(missing_ok=True)
    print(f"100% {trainer.step} batches, held-out loss {trainer.validate(held):.4f}", flush=True)


def learning_rate(peak: float, done: float) -> float:
    """Warm-up over the first twelfth, then a cosine to a hundredth of the peak; `done` in 0…1."""
    if done < 1 / 12:
        return peak * max(0.04, done * 12)
    return float(peak * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * min(1.0, (done - 1 / 12) / (11 / 12))))))


def order_of(epoch: int, count: int, seed: int) -> list[int]:
    """The order in which an epoch sees its batches."""
    order = list(range(count))
    random.Random(seed * 1009 + epoch).shuffle(order)
    return order


def run(trainer: Trainer, grouped: list[list[Example]], total: int, progress: Path) -> None:
    """The training loop: whichever of batches and minutes is further on sets the learning rate."""
    settings = trainer.profile.training
    began = time.monotonic() - trainer.seconds
    shown, loss_sum, frame_sum = time.monotonic(), 0.0, 0
    order, epoch = [], -1
    trainer.network.train()
    while (done := max(trainer.step / total, trainer.seconds / 60 / settings.minutes)) < 1:
        if trainer.step // len(grouped) != epoch:
            epoch = trainer.step // len(grouped)
            order = order_of(epoch, len(grouped), trainer.profile.seed)
        batch = grouped[order[trainer.step % len(grouped)]]
        loss, count = trainer.learn(batch, learning_rate(settings.learning_rate, done))
        trainer.seconds = time.monotonic() - began
        loss_sum, frame_sum = loss_sum + loss * count, frame_sum + count
        if time.monotonic() - shown > 30:
            shown = time.monotonic()
            spent = trainer.seconds / 60
            print(
                f"{done:5.1%} batch {trainer.step}/{total} loss {loss_sum / frame_sum:.4f} {spent:.1f} min", flush=True
            )
            loss_sum, frame_sum = 0.0, 0
            trainer.save_progress(progress)
