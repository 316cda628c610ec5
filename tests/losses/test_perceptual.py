"""Pictures as each VGG19 expects them, its maps by name, and their distance."""

import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError, WeightsError
from pgig.losses.perceptual import Vgg19, content_loss, torchvision_input, vgg_input
from tests.gradients import value_and_gradient
from tests.pretrained.vgg_files import plain_maps, random_vgg, write_keras, write_torchvision

WEIGHTS = random_vgg("vgg19", convolutions=3)
PICTURE = np.random.default_rng(0).uniform(-1, 1, (2, 8, 6, 3)).astype("float32")


@pytest.fixture
def path(tmp_path):
    return write_torchvision(tmp_path / "vgg19.pth", "vgg19", WEIGHTS)


@pytest.mark.parametrize("normalise", [True, False])
def test_maps_by_name(path, normalise):
    network = Vgg19(["relu2_1", "relu1_1"], path, normalise=normalise)
    maps = network(PICTURE)
    picture = ((PICTURE + 1) / 2 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] if normalise else PICTURE
    expected = plain_maps(picture, "vgg19", WEIGHTS)
    assert list(maps) == ["relu2_1", "relu1_1"] and not network.model.trainable_variables
    for name, ours in maps.items():
        np.testing.assert_allclose(ops.convert_to_numpy(ours), expected[name], rtol=1e-4, atol=1e-4)


def test_only_some_of_the_maps(path):
    network = Vgg19(["relu2_1", "pool1", "relu1_1"], path)
    every, some, one = network(PICTURE), network(PICTURE, ["relu1_1", "pool1"]), network(PICTURE, ["pool1"])
    assert list(some) == ["relu1_1", "pool1"] and list(one) == ["pool1"]
    for maps in (some, one):
        for name, ours in maps.items():
            np.testing.assert_array_equal(ops.convert_to_numpy(ours), ops.convert_to_numpy(every[name]))


def test_the_network_of_keras(tmp_path):
    path = write_keras(tmp_path / "vgg19.h5", WEIGHTS)
    (ours,) = Vgg19(["relu1_2"], path, "keras")(PICTURE).values()
    prepared = 127.5 * (PICTURE[..., ::-1] + 1) - [103.939, 116.779, 123.68]
    expected = plain_maps(prepared, "vgg19", WEIGHTS)["relu1_2"]
    np.testing.assert_allclose(ops.convert_to_numpy(ours), expected, rtol=1e-4, atol=1e-4 * expected.max())
    with pytest.raises(WeightsError, match="Keras file.*vgg19-dcbb9e9d.pth"):
        Vgg19(["relu1_2"], path)


def test_content_loss_sums_mean_differences():
    first, second = [np.zeros((1, 2, 2, 3), "float32"), np.ones((1, 4, 4, 1), "float32")], [np.float32([[[[1, 2, 6]]]])]
    second = [np.broadcast_to(second[0], (1, 2, 2, 3)), np.full((1, 4, 4, 1), -0.5, "float32")]
    value, slope = value_and_gradient(lambda x: content_loss([first[0], x], second), first[1])
    assert value == 4.5
    np.testing.assert_allclose(slope, np.full((1, 4, 4, 1), 1 / 16))


def test_the_original_order_exchanges_the_means_of_red_and_blue():
    black = np.full((1, 1, 1, 3), -1, "float32")
    original, imagenet = (ops.convert_to_numpy(vgg_input(black, order)).ravel() for order in ("original", "imagenet"))
    np.testing.assert_allclose(imagenet, [-103.939, -116.779, -123.68], rtol=1e-6)
    np.testing.assert_allclose(original, imagenet[::-1])
    with pytest.raises(OptionsError, match="original or imagenet"):
        vgg_input(black, "bgr")


def test_the_range_of_torchvisions_input():
    ends = ops.convert_to_numpy(torchvision_input(np.float32([[-1, -1, -1], [1, 1, 1]])))
    np.testing.assert_allclose(ends[0], [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], rtol=1e-6)
    np.testing.assert_allclose(ends[1], [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225], rtol=1e-6)
