"""A network read back from final.mdl answers as the file does, and its norms fit the material."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from training import kaldi_model  # noqa: E402
from training.network import Network  # noqa: E402
from training.rereading import read_layers, settle, unfold  # noqa: E402

OUTPUTS, WIDTH = 10, 12
ROOT = Path(__file__).resolve().parents[3]


def trained() -> Network:
    """A network as training leaves it: norms at work, features scaled."""
    torch.manual_seed(1)
    network = Network(OUTPUTS, WIDTH, torch.randn(40), torch.rand(40) + 0.5)
    torch.nn.init.normal_(network.output.weight)
    network.train()
    for _ in range(30):
        network(torch.randn(4, 120, 40) * 2 + 1)
    return network.eval()


def test_it_answers_as_before_and_its_norms_fit(tmp_path: Path) -> None:
    before = trained()
    kaldi_model.write(tmp_path / "final.mdl", [(0, 1)] * 3, before.affines())
    again = Network(OUTPUTS, WIDTH, torch.randn(40), torch.rand(40) + 0.5)

    unfold(read_layers(tmp_path / "final.mdl"), again)
    features = torch.randn(3, 120, 40) * 2 + 1
    with torch.no_grad():
        unfolded = again.eval()(features)
        settle(again, features)
        settled = again(features)
        wanted = before(features)

    assert torch.allclose(unfolded, settled, atol=1e-4)
    assert (unfolded - wanted).abs().max() < 0.05 * wanted.abs().max()  # weights take a byte each
    seen: list[torch.Tensor] = []
    again.norms[3].register_forward_hook(lambda _norm, _inputs, out: seen.append(out))
    again.norms[3].weight.data.fill_(1)
    again.norms[3].bias.data.zero_()
    again(features)
    assert torch.allclose(seen[0].mean(0), torch.zeros(WIDTH), atol=1e-3)


@pytest.mark.parametrize("name", ["zh-small", "en-small"])
def test_the_bundled_models_can_be_gone_on_from(name: str) -> None:
    layers = read_layers(ROOT / "models" / name / "am" / "final.mdl")
    assert [len(layer.bias) for layer in layers[:-1]] == [384] * 7
    network = Network(len(layers[-1].bias), 384)
    unfold(layers, network)
    written = [layer.weights.shape for layer in network.affines()]
    assert written == [layer.weights.shape for layer in layers]


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "final.mdl").write_bytes(b"\0B<TransitionModel> ")
    with pytest.raises(ValueError, match=r"final\.mdl: 0 layers"):
        read_layers(tmp_path / "final.mdl")
