"""Both networks against plain PyTorch, with random weights in files of the real layout."""

import keras
import numpy as np
import pytest

from pgig.errors import DataError, WeightsError
from pgig.pretrained import inception_v3
from pgig.pretrained.inception_v3 import PORT_2015, InceptionPort2015, InceptionTorchvision, build_inception
from pgig.pretrained.resize import resize_bilinear

torch = pytest.importorskip("torch")
functional = torch.nn.functional

EXTRACTORS = {"torchvision": InceptionTorchvision, "2015": InceptionPort2015}
PIXELS = np.random.default_rng(5).integers(0, 256, (2, 40, 30, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def state():
    """Tensors under torchvision's names, without the classifier."""
    generator = np.random.default_rng(0)
    tensors = {}
    for name, layer in build_inception("2015")[1].items():
        height, width, channels, filters = layer.kernel.shape
        kernel = generator.standard_normal((filters, channels, height, width), np.float32)
        tensors[f"{name}.conv.weight"] = kernel * np.sqrt(2 / (channels * height * width), dtype=np.float32)
        for part, mean in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            values = mean + generator.uniform(-0.3, 0.3, filters)
            tensors[f"{name}.bn.{part}"] = values.astype(np.float32)
        tensors[f"{name}.bn.num_batches_tracked"] = np.array(7)
    return {name: torch.from_numpy(np.asarray(array)) for name, array in tensors.items()}


def write(path, state, classes, **changes):
    classifier = torch.from_numpy(np.random.default_rng(9).standard_normal((classes, 2048), np.float32) / 20)
    state = {**state, "fc.weight": classifier, "fc.bias": torch.zeros(classes), "AuxLogits.fc.bias": torch.zeros(3)}
    torch.save({name: tensor for name, tensor in (state | changes).items() if tensor is not None}, path)
    return path


@pytest.fixture(scope="module", params=EXTRACTORS)
def loaded(request, state, tmp_path_factory):
    """(flavour, extractor) with a file of random weights."""
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    flavour = request.param
    yield flavour, EXTRACTORS[flavour](write(path, state, inception_v3.CLASSES[flavour]), batch_size=2)
    path.unlink()


class PlainPyTorch:
    """The network as PyTorch's functions, one line a branch."""

    def __init__(self, state, flavour):
        self.state, self.flavour = state, flavour

    def unit(self, x, name, stride=1, padding=(0, 0)):
        part = {key[len(name) + 1 :]: value for key, value in self.state.items() if key.startswith(f"{name}.")}
        x = functional.conv2d(x, part["conv.weight"], stride=stride, padding=padding)
        names = ("running_mean", "running_var", "weight", "bias")
        return functional.relu(functional.batch_norm(x, *(part[f"bn.{key}"] for key in names), eps=0.001))

    def average(self, x):
        return functional.avg_pool2d(x, 3, 1, 1, count_include_pad=self.flavour == "torchvision")

    def features(self, x):
        for name, padding in (("1a_3x3", 0), ("2a_3x3", 0), ("2b_3x3", 1)):
            x = self.unit(x, f"Conv2d_{name}", 2 if name == "1a_3x3" else 1, padding)
        x = self.unit(functional.max_pool2d(x, 3, 2), "Conv2d_3b_1x1")
        x = functional.max_pool2d(self.unit(x, "Conv2d_4a_3x3"), 3, 2)
        for name in "5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split():
            block = {"5": self.a, "6": self.c, "7": self.e}[name[0]]
            block = {"6a": self.b, "7a": self.d}.get(name, block)
            x = torch.cat(block(x, f"Mixed_{name}."), 1)
        return x.mean((2, 3))

    def a(self, x, n):
        five = self.unit(self.unit(x, n + "branch5x5_1"), n + "branch5x5_2", 1, 2)
        double = self.unit(self.unit(x, n + "branch3x3dbl_1"), n + "branch3x3dbl_2", 1, 1)
        double = self.unit(double, n + "branch3x3dbl_3", 1, 1)
        pool = self.unit(self.average(x), n + "branch_pool")
        return [self.unit(x, n + "branch1x1"), five, double, pool]

    def b(self, x, n):
        double = self.unit(self.unit(x, n + "branch3x3dbl_1"), n + "branch3x3dbl_2", 1, 1)
        double = self.unit(double, n + "branch3x3dbl_3", 2)
        return [self.unit(x, n + "branch3x3", 2), double, functional.max_pool2d(x, 3, 2)]

    def c(self, x, n):
        seven, double = self.unit(x, n + "branch7x7_1"), self.unit(x, n + "branch7x7dbl_1")
        seven = self.unit(self.unit(seven, n + "branch7x7_2", 1, (0, 3)), n + "branch7x7_3", 1, (3, 0))
        for number, padding in ((2, (3, 0)), (3, (0, 3)), (4, (3, 0)), (5, (0, 3))):
            double = self.unit(double, f"{n}branch7x7dbl_{number}", 1, padding)
        return [self.unit(x, n + "branch1x1"), seven, double, self.unit(self.average(x), n + "branch_pool")]

    def d(self, x, n):
        three, seven = self.unit(x, n + "branch3x3_1"), self.unit(x, n + "branch7x7x3_1")
        seven = self.unit(self.unit(seven, n + "branch7x7x3_2", 1, (0, 3)), n + "branch7x7x3_3", 1, (3, 0))
        pool = functional.max_pool2d(x, 3, 2)
        return [self.unit(three, n + "branch3x3_2", 2), self.unit(seven, n + "branch7x7x3_4", 2), pool]

    def e(self, x, n):
        three = self.unit(x, n + "branch3x3_1")
        double = self.unit(self.unit(x, n + "branch3x3dbl_1"), n + "branch3x3dbl_2", 1, 1)
        largest = self.flavour == "2015" and n == "Mixed_7c."
        pool = functional.max_pool2d(x, 3, 1, 1) if largest else self.average(x)
        ends = [
            self.unit(branch, f"{n}{name}", 1, padding)
            for branch, end in ((three, "3x3_2"), (double, "3x3dbl_3"))
            for name, padding in ((f"branch{end}a", (0, 1)), (f"branch{end}b", (1, 0)))
        ]
        return [self.unit(x, n + "branch1x1"), *ends, self.unit(pool, n + "branch_pool")]


def as_the_papers_fed_it(flavour):
    """(N, 3, 299, 299) tensor as the programs of the papers made it from PIXELS."""
    if flavour == "2015":
        small = resize_bilinear(PIXELS.astype(np.float32), (299, 299), "legacy")
        return (torch.tensor(keras.ops.convert_to_numpy(small)).permute(0, 3, 1, 2) - 128) / 128
    x = functional.interpolate(torch.tensor(PIXELS).permute(0, 3, 1, 2) / 255, (299, 299), mode="bilinear")
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    scale, shift = deviation / 0.5, (mean - 0.5) / 0.5
    return x * torch.tensor(scale, dtype=torch.float32)[:, None, None] + torch.tensor(
        shift, dtype=torch.float32
    ).reshape(3, 1, 1)


def test_features_are_those_of_plain_pytorch(loaded, state):
    flavour, extractor = loaded
    with torch.no_grad():
        expected = PlainPyTorch(state, flavour).features(as_the_papers_fed_it(flavour)).numpy()
    features = extractor(PIXELS)
    assert features.shape == (2, 2048) and features.dtype == np.float32
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=2e-5 * expected.max())


def test_batches_do_not_matter_and_there_may_be_none(loaded):
    _, extractor = loaded
    both = extractor(PIXELS)
    np.testing.assert_allclose(extractor(PIXELS[1:]), both[1:], rtol=1e-5, atol=1e-6)
    assert extractor(PIXELS[:0]).shape == (0, 2048)
    assert extractor.fingerprint.startswith(f"{extractor.name}-{extractor.version}-")
    with pytest.raises(DataError, match=r"\(2, 40, 30\) and type uint8"):
        extractor(PIXELS[..., 0])
    with pytest.raises(DataError, match="type float64"):
        extractor(PIXELS / 255)


def test_pictures_that_were_not_rounded(loaded):
    flavour, extractor = loaded
    if flavour == PORT_2015:
        with pytest.raises(DataError, match="type float32: give .* uint8"):
            extractor(PIXELS.astype(np.float32))
    else:
        np.testing.assert_array_equal(extractor(PIXELS.astype(np.float32)), extractor(PIXELS))


def test_probabilities_leave_the_bias_out(loaded):
    flavour, extractor = loaded
    if flavour != "2015":
        pytest.skip("the inception score is that of the network of 2015")
    features = extractor(PIXELS)
    weights = torch.from_numpy(np.random.default_rng(9).standard_normal((1008, 2048), np.float32) / 20).double()
    expected = functional.softmax(torch.from_numpy(features).double() @ weights.T, dim=1)
    probabilities = extractor.probabilities(features)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities, expected.numpy(), rtol=1e-9)


def test_everything_that_is_wrong_with_a_file_is_said(state, tmp_path):
    changes = {
        "Conv2d_1a_3x3.conv.weight": None,
        "Conv2d_2a_3x3.bn.bias": torch.zeros(31),
        "Mixed_5b.branch1x1.bn.running_var": -torch.ones(64),
        "Mixed_7c.branch_pool.bn.weight": torch.full((192,), torch.nan),
        "surplus": torch.zeros(2),
    }
    path = write(tmp_path / "wrong.pth", state, 1000, **changes)
    with pytest.raises(WeightsError) as caught:
        InceptionPort2015(path)
    said = str(caught.value)
    for part in (
        "Conv2d_1a_3x3.conv.weight is missing",
        "Conv2d_2a_3x3.bn.bias has shape (31,) instead of (32,)",
        "running_var holds variances below 0",
        "Mixed_7c.branch_pool.bn.weight holds values that are not finite",
        "'surplus' is left over",
        "fc.weight has shape (1000, 2048) instead of (1008, 2048)",
    ):
        assert part in said
    assert "\n" not in said
