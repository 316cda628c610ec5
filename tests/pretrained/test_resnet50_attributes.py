import numpy as np
import pytest

from pgig.errors import DataError, WeightsError
from pgig.pretrained import resnet50_attributes as module
from pgig.pretrained.resnet50_attributes import AttributeNetwork

torch = pytest.importorskip("torch")

from tests.pretrained import plain_resnet50 as plain  # noqa: E402

ATTRIBUTES = {"hat": 2, "age": 4}
IDENTITIES = 5


@pytest.fixture(scope="module", autouse=True)
def small():
    """A network of the same kind and few weights."""
    with pytest.MonkeyPatch.context() as patch:
        plain.shrink(patch, module)
        yield


@pytest.fixture(scope="module")
def state():
    """Random tensors under the names of the original program."""
    torch.manual_seed(0)

    def dense(name, inputs, outputs):
        return {
            f"{name}.weight": torch.randn(outputs, inputs) / inputs**0.5,
            f"{name}.bias": torch.randn(outputs),
        }

    tensors = plain.trunk_state("model.") | dense("model.fc", plain.FEATURES, 1000)
    tensors |= dense("id_classifier.add_block.0", plain.FEATURES, 512)
    tensors |= plain.normalised("id_classifier.add_block.1", 512)
    tensors |= dense("id_classifier.classifier.0", 512, IDENTITIES)
    for attribute, classes in ATTRIBUTES.items():
        tensors |= dense(f"attr_{attribute}_classifier", plain.FEATURES, classes)
    return tensors


def by_torch(state, pixels):
    """The original's forward pass."""

    def dense(x, name):
        return torch.nn.functional.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    features = plain.features(state, "model.", (pixels / 255 - 0.5) / 0.5)
    head = plain.norm(state, dense(features, "id_classifier.add_block.0"), "id_classifier.add_block.1")
    heads = [dense(head, "id_classifier.classifier.0")]
    return [one.numpy() for one in heads + [dense(features, f"attr_{name}_classifier") for name in ATTRIBUTES]]


def save(path, tensors):
    torch.save(tensors, path)
    return path


def test_it_is_the_original_network(state, tmp_path):
    network = AttributeNetwork(save(tmp_path / "net.pth", state), ATTRIBUTES, IDENTITIES, batch_size=2)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 32, 3)).astype(np.uint8)
    logits = network(pixels)
    assert logits.shape == (3, 11) and logits.dtype == np.float32
    identity, attributes = network.split(logits)
    for found, expected in zip([identity, *attributes], by_torch(state, pixels), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(network(pixels[2:]), logits[2:], rtol=1e-5, atol=1e-5)
    assert network(pixels[:0]).shape == (0, 11)
    assert network.fingerprint.startswith("resnet50-attributes-1-")
    with pytest.raises(DataError, match="attribute network got pictures"):
        network(pixels.astype(float))


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"model.conv1.weight": None}, "model.conv1.weight is missing"),
        ({"model.layer5.0.conv1.weight": torch.zeros(1)}, "model.layer5.0.conv1.weight is not known"),
        ({"attr_hat_classifier.bias": torch.zeros(3)}, "attr_hat_classifier.bias has another shape"),
        ({"attr_hat_classifier.bias": torch.full((2,), torch.nan)}, "attr_hat_classifier.bias holds values"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(state, tmp_path, changes, fault):
    tensors = {name: tensor for name, tensor in (state | changes).items() if tensor is not None}
    with pytest.raises(WeightsError, match=fault):
        AttributeNetwork(save(tmp_path / "net.pth", tensors), ATTRIBUTES, IDENTITIES)
