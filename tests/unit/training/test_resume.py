"""A training that was killed goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")
np = pytest.importorskip("numpy")

from training.lattice_free import count_bigram  # noqa: E402
from training.network import Network  # noqa: E402
from training.profile import Profile, Training  # noqa: E402
from training.train import Example, Trainer, average  # noqa: E402

PHONES = 4
PROFILE = Profile(
    language="en",
    version="test",
    seed=3,
    mix={},
    speech=(),
    training=Training(width=8, epochs=1, learning_rate=1e-3),
)


def batch() -> list[Example]:
    draw = np.random.default_rng(5)
    return [Example(draw.normal(0, 5, (60, 40)).astype(np.float16), ((1, 2), (3,))) for _ in range(3)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums of several threads come out in any order, and so in other last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trainer() -> Trainer:
    torch.manual_seed(1)
    network = Network(2 * PHONES, PROFILE.training.width)
    bigram = count_bigram([e.words for e in batch()], PHONES, seed=1)
    return Trainer(PROFILE, network, bigram, torch.device("cpu"), [np.zeros((50, 40), np.float32)])


def test_interrupted_and_resumed_is_uninterrupted(tmp_path: Path) -> None:
    straight = trainer()
    losses = [straight.learn(batch(), 1e-2)[0] for _ in range(5)]

    interrupted = trainer()
    for _ in range(3):
        interrupted.learn(batch(), 1e-2)
    interrupted.save_progress(tmp_path / "network.progress")
    resumed = trainer()
    resumed.resume(tmp_path / "network.progress")
    assert resumed.step == 3
    assert [resumed.learn(batch(), 1e-2)[0] for _ in range(2)] == losses[3:]

    resumed.save(tmp_path / "network.pt")
    kept = torch.load(tmp_path / "network.pt", weights_only=True)["network"]
    for name, tensor in straight.average.module.state_dict().items():
        assert torch.equal(kept[name], tensor), name


def test_training_learns() -> None:
    learner = trainer()
    losses = [learner.learn(batch(), 1e-2)[0] for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])


def test_the_mean_of_two_networks_is_a_network(tmp_path: Path) -> None:
    paths, learners = [tmp_path / "a.pt", tmp_path / "b.pt"], [trainer(), trainer()]
    learners[1].learn(batch(), 1e-1)
    for path, learner in zip(paths, learners, strict=True):
        learner.save(path)

    average(paths, tmp_path / "mean.pt")

    one, other, mean = (torch.load(p, weights_only=True) for p in (*paths, tmp_path / "mean.pt"))
    assert mean.keys() == one.keys()
    name = "output.weight"
    assert not torch.equal(one["network"][name], other["network"][name])
    assert torch.allclose(mean["network"][name], (one["network"][name] + other["network"][name]) / 2)


def test_networks_of_different_widths_have_no_mean(tmp_path: Path) -> None:
    for name, width in (("a.pt", 8), ("b.pt", 12)):
        torch.save({"network": Network(2 * PHONES, width).state_dict()}, tmp_path / name)

    with pytest.raises(ValueError, match=r"b\.pt has layers of other sizes"):
        average([tmp_path / "a.pt", tmp_path / "b.pt"], tmp_path / "mean.pt")
