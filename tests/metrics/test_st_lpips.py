"""ST-LPIPS with random weights against plain numpy, and against plain PyTorch where it is installed."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from pgig.errors import DataError, WeightsError
from pgig.metrics.st_lpips import StLpips
from pgig.pretrained.shift_tolerant import SMALLEST
from tests.pretrained.plain_trunks import (
    POOL,
    SCALE,
    SHIFT,
    TABLES,
    plain_conv,
    plain_distance,
    plain_pool,
    random_pairs,
    random_weights,
)
from tests.weights.writing import legacy_file, state_file

FILTER = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32) / 16

# Names in the package's files: group and number of each convolution, and of each blur with its channels.
NAMES = {
    "alex": ["1.0", "2.5", "3.9", "4.11", "5.13"],
    "vgg": ["1.0", "1.2", "2.6", "2.8", "3.12", "3.14", "3.16", "4.20", "4.22", "4.24", "5.28", "5.30", "5.32"],
}
BLURS = {
    "alex": {"1.1": 64, "2.4": 64, "3.8": 192},
    "vgg": {"2.5": 64, "3.11": 128, "4.19": 256, "5.27": 512},
}
WEIGHTS = {trunk: random_weights(trunk, seed=3) for trunk in ("alex", "vgg")}


def write(path, trunk, **more):
    weights, heads = WEIGHTS[trunk]
    arrays = {f"scaling_layer.{k}": v.astype("f4").reshape(1, 3, 1, 1) for k, v in (("shift", SHIFT), ("scale", SCALE))}
    for name, (kernel, bias) in zip(NAMES[trunk], weights, strict=True):
        arrays |= {f"net.slice{name}.weight": kernel, f"net.slice{name}.bias": bias}
    for name, channels in BLURS[trunk].items():
        arrays[f"net.slice{name}.filt"] = np.tile(FILTER, (channels, 1, 1, 1))
    arrays |= {f"lin{k}.model.1.weight": head.reshape(1, -1, 1, 1) for k, head in enumerate(heads)}
    path.write_bytes(state_file(arrays | more, legacy_file))
    return path


def plain_blur(x):
    x = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    return np.tensordot(sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2], FILTER, [(4, 5), (0, 1)])


def plain_taps(image, trunk):
    x, taps = ((image - SHIFT) / SCALE).astype(np.float32), []
    for (_, _, _, stride, padding, pooled, tap), weights in zip(TABLES[trunk], WEIGHTS[trunk][0], strict=True):
        if pooled:
            x = plain_blur(plain_pool(x, POOL[trunk], 1))
        x = plain_conv(x, *weights, 1, padding)
        x = np.maximum(plain_blur(x) if stride > 1 else x, 0)
        if tap:
            taps.append(x)
    return taps


def torch_taps(torch, image, trunk):
    functional = torch.nn.functional
    x, taps = torch.tensor(np.moveaxis((image - SHIFT) / SCALE, -1, 1).astype(np.float32)), []

    def blur(x):
        kernel = torch.tensor(np.tile(FILTER, (x.shape[1], 1, 1, 1)))
        return functional.conv2d(functional.pad(x, (2, 2, 2, 2), "reflect"), kernel, stride=2, groups=x.shape[1])

    for (_, _, _, stride, padding, pooled, tap), weights in zip(TABLES[trunk], WEIGHTS[trunk][0], strict=True):
        if pooled:
            x = blur(functional.max_pool2d(x, POOL[trunk], 1))
        x = functional.conv2d(x, *(torch.tensor(array.astype(np.float32)) for array in weights), padding=padding)
        x = torch.relu(blur(x) if stride > 1 else x)
        if tap:
            taps.append(np.moveaxis(x.numpy(), 1, -1))
    return taps


@pytest.mark.parametrize(("trunk", "size"), [("alex", (21, 30)), ("vgg", (23, 18))])
def test_layers_are_those_of_the_definition(tmp_path, trunk, size):
    assert min(size) == SMALLEST[trunk]
    metric = StLpips(trunk, write(tmp_path / "net.pth", trunk), batch_size=2)
    pair = random_pairs(3, *size)
    layers = plain_distance(*(plain_taps(pixels / 127.5 - 1, trunk) for pixels in pair), WEIGHTS[trunk][1])
    np.testing.assert_allclose(metric.layers(*pair), layers, rtol=1e-4)
    np.testing.assert_allclose(metric(*pair), layers.sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(metric(pair[0], pair[0]), 0, atol=1e-12)
    assert metric(pair[0][:0], pair[1][:0]).shape == (0,)
    assert metric.fingerprint.startswith(f"st-lpips-{trunk}-1-")
    with pytest.raises(DataError, match="too small"):
        metric(*random_pairs(1, SMALLEST[trunk] - 1, 40))


def test_layers_are_those_of_pytorch(tmp_path):
    torch = pytest.importorskip("torch")
    metric = StLpips("alex", write(tmp_path / "net.pth", "alex"))
    pair = random_pairs(2, 64, 45)
    layers = plain_distance(*(torch_taps(torch, pixels / 127.5 - 1, "alex") for pixels in pair), WEIGHTS["alex"][1])
    np.testing.assert_allclose(metric.layers(*pair), layers, rtol=1e-4)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "net.pth"
    for more, match in (
        ({"net.slice1.1.filt": np.ones((64, 1, 3, 3), np.float32)}, "another filter"),
        ({"scaling_layer.scale": np.zeros((1, 4, 1, 1), np.float32)}, "scaling_layer.scale has shape"),
        ({"scaling_layer.scale": np.zeros((1, 3, 1, 1), np.float32)}, "divides by"),
    ):
        with pytest.raises(WeightsError, match=match):
            StLpips("alex", write(path, "alex", **more))
    with pytest.raises(WeightsError, match="net.slice5.32.weight is missing"):
        StLpips("vgg", write(path, "alex"))
