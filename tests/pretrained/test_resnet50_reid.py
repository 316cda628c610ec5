import numpy as np
import pytest

from pgig.errors import DataError, WeightsError
from pgig.pretrained import resnet50_attributes
from pgig.pretrained.resnet50_reid import ReidNetwork

torch = pytest.importorskip("torch")

from tests.pretrained import plain_resnet50 as plain  # noqa: E402

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A network of the same kind and few weights."""
    plain.shrink(monkeypatch, resnet50_attributes)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (3, 64, 32, 3)).astype(np.uint8)


def head():
    """The head of naiq/PN_GAN's class: not part of the features."""
    return {"fc.0.weight": torch.randn(512, plain.FEATURES), "classifier.0.bias": torch.randn(751)}


@pytest.mark.parametrize(
    "start, around, others, scaling",
    [
        ("net.", lambda tensors: tensors, head, "imagenet"),
        ("", lambda tensors: tensors, lambda: {"fc.weight": torch.randn(1000, plain.FEATURES)}, "imagenet"),
        ("module.net.", lambda tensors: {"state_dict": tensors, "epoch": 3}, dict, "half"),
    ],
)
def test_it_is_the_network_of_the_file(tmp_path, pixels, start, around, others, scaling):
    torch.manual_seed(0)
    state = plain.trunk_state(start)
    torch.save(around(state | others()), tmp_path / "net.pth")
    network = ReidNetwork(tmp_path / "net.pth", scaling, batch_size=2)
    mean, deviation = IMAGENET if scaling == "imagenet" else (0.5, 0.5)
    expected = plain.features(state, start, (pixels / 255 - mean) / deviation).numpy()
    found = network(pixels)
    assert found.shape == (3, plain.FEATURES) and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert network.fingerprint.startswith(f"resnet50-reid-1-{scaling}-")
    with pytest.raises(DataError, match="re-identification network got pictures"):
        network(pixels.astype(float))


@pytest.mark.parametrize(
    "change, fault",
    [
        (lambda state: {"a.weight": torch.zeros(1)}, "holds 0 networks with a tensor"),
        (lambda state: state | plain.trunk_state("other."), "holds 2 networks"),
        (lambda state: {k: v for k, v in state.items() if k != "net.bn1.bias"}, "model.bn1.bias is missing"),
        (lambda state: state | {"net.layer1.7.bn1.bias": torch.zeros(4)}, "model.layer1.7.bn1.bias is not known"),
        (lambda state: state | {"net.conv1.weight": torch.zeros(4, 3, 3, 3)}, "conv1.weight has another shape"),
    ],
)
def test_other_files_are_refused(tmp_path, change, fault):
    torch.save(change(plain.trunk_state("net.")), tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=fault):
        ReidNetwork(tmp_path / "net.pth")
