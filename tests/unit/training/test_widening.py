"""A network made wider answers as before, and all of it can learn."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from training.network import Network  # noqa: E402
from training.widening import widen  # noqa: E402


def test_a_wider_network_answers_as_the_narrow_one() -> None:
    torch.manual_seed(1)
    narrow, wide = Network(10, 8), Network(10, 12)
    torch.nn.init.normal_(narrow.output.weight)
    wide.load_state_dict(widen(narrow.state_dict(), wide))
    features = torch.randn(2, 90, 40)
    for network in (narrow, wide):
        network.eval()
    assert torch.allclose(narrow(features), wide(features), atol=1e-5)
    wide.train()
    torch.nn.functional.mse_loss(wide(features), torch.randn(2, wide(features).shape[1], 10)).backward()
    for convolution in wide.convolutions[1:]:
        assert convolution.weight.grad[:8, 8:].abs().max() > 0  # the old units begin to hear the new ones


def test_a_wider_network_does_not_fit_into_a_narrower_one() -> None:
    with pytest.raises(ValueError, match=r"convolutions\.0\.weight.*does not fit"):
        widen(Network(10, 12).state_dict(), Network(10, 8))
