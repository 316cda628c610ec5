"""SSD300 against plain PyTorch, with random weights in a file of Caffe's layout and of the real shapes."""

import numpy as np
import pytest
from keras import ops
from skimage.transform import resize

from pgig.errors import DataError, WeightsError
from pgig.pretrained.ssd300 import PersonSsd300, Prepared, build_ssd300
from tests.weights.test_caffe_file import layer as caffe_layer

PIXELS = np.random.default_rng(5).integers(0, 256, (1, 40, 30, 3)).astype(np.uint8)

# Kernels (out, in, height, width) of the published network; the heads follow from them.
VGG16 = ((64, 3), (64, 64), (128, 64), (128, 128), (256, 128), (256, 256), (256, 256), (512, 256), *((512, 512),) * 5)
NAMES = [f"conv{group}_{k}" for group, count in enumerate((2, 2, 3, 3, 3), 1) for k in range(1, count + 1)]
KERNELS = {name: (*shape, 3, 3) for name, shape in zip(NAMES, VGG16, strict=True)} | {
    "fc6": (1024, 512, 3, 3),
    "fc7": (1024, 1024, 1, 1),
    "conv6_1": (256, 1024, 1, 1),
    "conv6_2": (512, 256, 3, 3),
    "conv7_1": (128, 512, 1, 1),
    "conv7_2": (256, 128, 3, 3),
    "conv8_1": (128, 256, 1, 1),
    "conv8_2": (256, 128, 3, 3),
    "conv9_1": (128, 256, 1, 1),
    "conv9_2": (256, 128, 3, 3),
}
# Boxes at a place, and places along a side, of the maps that are looked at.
HEADS = {"conv4_3_norm": (4, 38), "fc7": (6, 19), "conv6_2": (6, 10), "conv7_2": (6, 5), "conv8_2": (4, 3)}
HEADS["conv9_2"] = (4, 1)


@pytest.fixture(scope="module")
def weights():
    """{layer: arrays} of the whole network."""
    generator = np.random.default_rng(0)
    kernels = dict(KERNELS)
    for source, (boxes, _) in HEADS.items():
        channels = KERNELS[source.removesuffix("_norm")][0]
        kernels[f"{source}_mbox_loc"] = (4 * boxes, channels, 3, 3)
        kernels[f"{source}_mbox_conf"] = (21 * boxes, channels, 3, 3)
    arrays = {"conv4_3_norm": [generator.uniform(15, 25, 512).astype(np.float32)]}
    for name, shape in kernels.items():
        kernel = generator.standard_normal(shape, np.float32) * np.sqrt(2 / np.prod(shape[1:]), dtype=np.float32)
        # Confidences of the real network are moderate, too.
        small = 0.01 if "mbox" in name else 1
        arrays[name] = [kernel * np.float32(small), generator.uniform(-0.1, 0.1, shape[0]).astype(np.float32)]
    return arrays


def write(path, weights):
    path.write_bytes(b"".join(caffe_layer(name, *arrays) for name, arrays in weights.items()))
    return path


@pytest.fixture(scope="module")
def path(weights, tmp_path_factory):
    place = write(tmp_path_factory.mktemp("weights") / "ssd.caffemodel", weights)
    yield place
    place.unlink()


def as_caffe_prepares(pixels):
    """One picture (H, W, 3) in the steps of the original program, by scikit-image."""
    unit = pixels / 255
    low, high = unit.min(), unit.max()
    unit = resize((unit - low) / (high - low), (300, 300), order=1, mode="constant", anti_aliasing=False)
    return ((unit * (high - low) + low)[..., ::-1] * 255 - (104, 117, 123)).astype(np.float32)


def plain_pytorch(weights, pixels):
    """Largest confidence of a person in one picture, by PyTorch's functions in Caffe's order."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional

    def conv(x, name, relu=True, **settings):
        x = functional.conv2d(x, *(torch.from_numpy(array) for array in weights[name]), **settings)
        return functional.relu(x) if relu else x

    x = torch.from_numpy(as_caffe_prepares(pixels[0])).permute(2, 0, 1)[None]
    maps = {}
    for name in NAMES:
        if name.endswith("_1") and name != "conv1_1":
            x = functional.max_pool2d(x, 2, 2, ceil_mode=True)
        x = maps[name] = conv(x, name, padding=1)
    maps["conv4_3_norm"] = functional.normalize(maps["conv4_3"]) * torch.from_numpy(
        weights["conv4_3_norm"][0]
    ).reshape(1, -1, 1, 1)
    x = functional.max_pool2d(x, 3, 1, 1)
    x = maps["fc7"] = conv(conv(x, "fc6", padding=6, dilation=6), "fc7")
    for group in (6, 7, 8, 9):
        settings = {"stride": 2, "padding": 1} if group < 8 else {}
        x = maps[f"conv{group}_2"] = conv(conv(x, f"conv{group}_1"), f"conv{group}_2", **settings)

    logits = []
    for source, (boxes, places) in HEADS.items():
        head = conv(maps[source], f"{source}_mbox_conf", relu=False, padding=1)
        assert head.shape[1:] == (boxes * 21, places, places)
        logits.append(head.permute(0, 2, 3, 1).reshape(1, -1, 21))
    return functional.softmax(torch.cat(logits, 1), dim=-1)[:, :, 15].max(dim=1).values.numpy()


def test_confidence_is_that_of_plain_pytorch_whatever_the_batch(path, weights):
    detector = PersonSsd300(path, batch_size=2)
    confidence = detector(np.concatenate([PIXELS, PIXELS // 2, PIXELS]))
    assert confidence.shape == (3,) and confidence.dtype == np.float32
    expected = plain_pytorch(weights, PIXELS)
    np.testing.assert_allclose(confidence[[0, 2]], np.repeat(expected, 2), rtol=1e-4)
    assert expected > 0.05 and confidence[1] != confidence[0]
    assert detector(PIXELS[:0]).shape == (0,)
    assert detector.fingerprint.startswith("person-ssd300-1-")
    with pytest.raises(DataError, match=r"\(40, 30, 3\)"):
        detector(PIXELS[0])


def test_the_boxes_are_as_many_as_published():
    model, layers = build_ssd300()
    assert model.get_layer("confidences").output.shape == (None, 8732, 21)
    assert sum(boxes * places**2 for boxes, places in HEADS.values()) == 8732
    shapes = {name: layers[name].kernel.shape for name in KERNELS}
    assert shapes == {name: (*shape[2:], shape[1], shape[0]) for name, shape in KERNELS.items()}


@pytest.mark.parametrize("pixels", [PIXELS, 20 + PIXELS // 3, np.tile(PIXELS, (1, 9, 11, 1))])
def test_pictures_are_prepared_as_by_caffe(pixels):
    prepared = ops.convert_to_numpy(Prepared()(ops.convert_to_tensor(pixels)))
    np.testing.assert_allclose(prepared[0], as_caffe_prepares(pixels[0]), atol=0.02)


def test_everything_that_is_wrong_with_a_file_is_said(weights, tmp_path):
    wrong = {name: arrays for name, arrays in weights.items() if not name.startswith("conv")}
    wrong["fc7"] = [wrong["fc7"][0][:5], wrong["fc7"][1]]
    wrong["fc6"] = [wrong["fc6"][0], np.full(1024, np.nan, np.float32)]
    wrong["surplus"] = [np.zeros(3, np.float32)]
    with pytest.raises(WeightsError) as caught:
        PersonSsd300(write(tmp_path / "wrong.caffemodel", wrong))
    for part in (
        "layer conv1_1 is missing",
        "layer conv4_3_norm is missing",
        "layer conv9_2_mbox_loc is missing",
        "layer fc7 has the shapes [(5, 1024, 1, 1), (1024,)] instead of [(1024, 1024, 1, 1), (1024,)]",
        "layer fc6 holds values that are not finite",
        "layer 'surplus' is left over",
    ):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
