import numpy as np
import pytest

from pgig.errors import DataError, WeightsError
from pgig.pretrained import resnet50_attributes as module
from pgig.pretrained.resnet50_attributes import AttributeNetwork

torch = pytest.importorskip("torch")

ATTRIBUTES = {"hat": 2, "age": 4}
BLOCKS, WIDTH, IDENTITIES = (1, 2, 1, 1), 4, 5


@pytest.fixture(scope="module", autouse=True)
def small():
    """A network of the same kind and few weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCKS", BLOCKS)
        patch.setattr(module, "_WIDTH", WIDTH)
        yield


@pytest.fixture(scope="module")
def state():
    """Random tensors under the names of the original program."""
    torch.manual_seed(0)
    tensors = {}

    def normalised(name, width):
        tensors[f"{name}.weight"], tensors[f"{name}.running_var"] = 0.5 + torch.rand(2, width)
        tensors[f"{name}.bias"], tensors[f"{name}.running_mean"] = torch.randn(2, width)
        tensors[f"{name}.num_batches_tracked"] = torch.tensor(3)

    def convolution(name, norm, inputs, outputs, size):
        tensors[f"{name}.weight"] = torch.randn(outputs, inputs, size, size) / (inputs * size**2) ** 0.5
        normalised(norm, outputs)

    def dense(name, inputs, outputs):
        tensors[f"{name}.weight"] = torch.randn(outputs, inputs) / inputs**0.5
        tensors[f"{name}.bias"] = torch.randn(outputs)

    convolution("model.conv1", "model.bn1", 3, WIDTH, 7)
    depth = WIDTH
    for stage, blocks in enumerate(BLOCKS):
        width = WIDTH * 2**stage
        for block in range(blocks):
            name = f"model.layer{stage + 1}.{block}"
            convolution(f"{name}.conv1", f"{name}.bn1", depth, width, 1)
            convolution(f"{name}.conv2", f"{name}.bn2", width, width, 3)
            convolution(f"{name}.conv3", f"{name}.bn3", width, 4 * width, 1)
            if block == 0:
                convolution(f"{name}.downsample.0", f"{name}.downsample.1", depth, 4 * width, 1)
            depth = 4 * width
    dense("model.fc", depth, 1000)
    dense("id_classifier.add_block.0", depth, 512)
    normalised("id_classifier.add_block.1", 512)
    dense("id_classifier.classifier.0", 512, IDENTITIES)
    for attribute, classes in ATTRIBUTES.items():
        dense(f"attr_{attribute}_classifier", depth, classes)
    return tensors


def by_torch(state, pixels):
    """The original's forward pass."""
    functional = torch.nn.functional

    def norm(x, name):
        parts = [state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return functional.batch_norm(x, *parts)

    def conv(x, name, norm_name, **options):
        return norm(functional.conv2d(x, state[f"{name}.weight"], **options), norm_name)

    def dense(x, name):
        return functional.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    x = torch.from_numpy((pixels.transpose(0, 3, 1, 2) / 255 - 0.5) / 0.5).float()
    x = functional.max_pool2d(conv(x, "model.conv1", "model.bn1", stride=2, padding=3).relu(), 3, 2, 1)
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            name, stride = f"model.layer{stage + 1}.{block}", 2 if stage and block == 0 else 1
            y = conv(x, f"{name}.conv1", f"{name}.bn1").relu()
            y = conv(y, f"{name}.conv2", f"{name}.bn2", stride=stride, padding=1).relu()
            y = conv(y, f"{name}.conv3", f"{name}.bn3")
            if block == 0:
                x = conv(x, f"{name}.downsample.0", f"{name}.downsample.1", stride=stride)
            x = (x + y).relu()
    features = x.mean((2, 3))
    head = norm(dense(features, "id_classifier.add_block.0"), "id_classifier.add_block.1")
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
