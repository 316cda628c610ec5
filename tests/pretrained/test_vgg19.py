"""VGG19 and its substitute from all kinds of files against plain numpy; files of other networks are refused."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError, WeightsError
from pgig.losses.perceptual import torchvision_input
from pgig.metrics.lpips import Vgg16Features
from pgig.pretrained import catalogue
from pgig.pretrained.trunks import load_trunk
from pgig.pretrained.vgg19 import build_vgg, load_keras_vgg, load_vgg
from pgig.pretrained.vgg_layers import VGG16, numbered
from tests.pretrained.vgg_files import (
    NUMBERS,
    plain_maps,
    random_vgg,
    write_flax,
    write_keras,
    write_torchvision,
)

PICTURE = np.random.default_rng(0).uniform(-2, 2, (1, 32, 32, 3)).astype("float32")
FOUR = random_vgg("vgg19", 4)


def maps_of(model, picture=PICTURE):
    return [ops.convert_to_numpy(x) for x in keras.tree.flatten(model(picture))]


def close(ours, expected):
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4 * expected.max())


def test_every_layer_of_torchvisions_file(tmp_path):
    weights = random_vgg("vgg19")
    path = write_torchvision(tmp_path / "net.pth", "vgg19", weights, classifier_6_bias=np.zeros(5, np.float32))
    expected = plain_maps(PICTURE, "vgg19", weights)
    names = list(numbered().values())
    assert list(expected) == names
    model = load_vgg(names, path=path)
    for name, ours in zip(names, maps_of(model), strict=True):
        close(ours, expected[name])
    assert not model.trainable_variables


def test_both_files_of_the_substitute(tmp_path):
    weights = random_vgg("vgg16", 8)
    expected = plain_maps(PICTURE, "vgg16", weights)
    names = ["relu3_4", "relu3_3", "relu4_1"]
    paths = write_flax(tmp_path / "vgg16.ckpt", weights), write_torchvision(tmp_path / "net.pth", "vgg16", weights)
    for path in paths:
        for name, ours in zip(names, maps_of(load_vgg(names, "vgg16", path)), strict=True):
            close(ours, expected[name])


def test_the_real_substitute_is_the_vgg16_of_lpips():
    missing = catalogue.what_is_missing("lpips-vgg")
    if missing:
        pytest.skip(missing)
    path = catalogue.find("lpips-vgg")
    pixels = np.random.default_rng(1).integers(0, 256, (2, 32, 16, 3), dtype=np.uint8)
    picture = torchvision_input(pixels.astype("float32") / 127.5 - 1)

    names = ["relu1_2", "relu2_2", "relu3_4", "relu4_4", "relu5_4", "relu5_3"]
    *maps, last = maps_of(load_vgg(names, "vgg16"), picture)
    np.testing.assert_array_equal(maps[-1], last)
    for ours, theirs in zip(maps, load_trunk("vgg", path)(picture), strict=True):
        np.testing.assert_array_equal(ours, ops.convert_to_numpy(theirs))
    # LPIPS takes the same numbers of mean and deviation, to three digits.
    close(last.mean(axis=(1, 2)), Vgg16Features(path)(pixels))


def test_only_what_is_asked_for_is_built_and_read(tmp_path):
    path = write_torchvision(tmp_path / "net.pth", "vgg19", FOUR)
    model = load_vgg(["relu2_2", "relu1_1"], path=path)
    assert [layer.name for layer in model.layers[1:]] == [
        "block1_conv1", "block1_conv2", "block1_pool", "block2_conv1", "block2_conv2",
    ]  # fmt: skip
    with pytest.raises(WeightsError, match=r"features.10.weight is missing.*features.10.bias is missing"):
        load_vgg(["relu3_1"], path=path)


def test_both_names_of_a_layer():
    model = build_vgg(["relu2_1", "block2_conv1", "pool1", "block1_pool"])
    first, second, third, fourth = maps_of(model)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(third, fourth)


def test_shorter_blocks_end_early():
    assert len(build_vgg(["relu5_4"], VGG16).weights) == 2 * len(NUMBERS["vgg16"])


def test_numbers_are_torchvisions():
    names = numbered()
    assert (names[1], names[3], names[4], names[6]) == ("relu1_1", "relu1_2", "pool1", "relu2_1")
    assert max(names) == 36 and names[36] == "pool5" and len(names) == 21
    for network, counts in (("vgg19", numbered()), ("vgg16", numbered(VGG16))):
        assert [number - 1 for number, name in counts.items() if "relu" in name] == list(NUMBERS[network])


@pytest.mark.parametrize(("file", "network"), [("vgg16", "vgg19"), ("vgg19", "vgg16")])
def test_another_vgg_is_refused_however_little_is_asked_for(tmp_path, file, network):
    path = write_torchvision(tmp_path / "net.pth", file, random_vgg(file, 9))
    with pytest.raises(WeightsError, match=f"another network than {network}.*torchvision"):
        load_vgg(["relu1_1"], network, path)


def test_files_of_other_kinds_are_refused(tmp_path):
    keras_file = write_keras(tmp_path / "vgg19.h5", FOUR)
    plain, flax = tmp_path / "plain.pth", write_flax(tmp_path / "vgg16.ckpt", FOUR)
    plain.write_bytes(b"no weights")
    refused = {
        ("vgg19", keras_file): "Keras file.*another scale.*vgg19-dcbb9e9d.pth",
        ("vgg16", keras_file): "Keras file.*vgg16.ckpt",
        ("vgg19", plain): "no state file of PyTorch.*vgg19-dcbb9e9d.pth",
        ("vgg19", flax): "no state file of PyTorch.*vgg19-dcbb9e9d.pth",
        ("vgg16", plain): "plain.pth",
        ("vgg19", tmp_path / "none.pth"): "none.pth.*vgg19-dcbb9e9d.pth",
        ("vgg16", tmp_path / "none.pth"): "none.pth.*vgg16.ckpt",
    }
    for (network, path), words in refused.items():
        with pytest.raises(WeightsError, match=words) as caught:
            load_vgg(["relu1_1"], network, path)
        assert "\n" not in str(caught.value)


def test_wrong_tensors_are_described(tmp_path):
    small, endless = np.zeros(3, np.float32), np.full((64, 64, 3, 3), np.inf, np.float32)
    path = write_torchvision(tmp_path / "net.pth", "vgg19", FOUR, features_0_bias=small, features_2_weight=endless)
    with pytest.raises(WeightsError, match=r"features.0.bias has shape \(3,\).*features.2.weight holds values"):
        load_vgg(["relu1_2"], path=path)


@pytest.mark.parametrize("group", [None, "model_weights"])
def test_the_file_of_keras(tmp_path, group):
    path = write_keras(tmp_path / "vgg.h5", FOUR, group)
    expected = plain_maps(PICTURE, "vgg19", FOUR)
    first, second = maps_of(load_keras_vgg(["block2_conv1", "block1_conv2"], path))
    close(first, expected["relu2_1"])
    close(second, expected["relu1_2"])


def test_missing_and_mis_shaped_layers_of_keras_are_all_listed(tmp_path):
    path = write_keras(tmp_path / "vgg.h5", FOUR, skip=["block1_conv1"], transpose=["block2_conv1"])
    with pytest.raises(WeightsError, match=r"block1_conv1 missing.*block2_conv1 \[\(128, 64, 3, 3\)"):
        load_keras_vgg(["block2_conv1"], path)


def test_a_file_that_is_none_of_keras_is_refused(tmp_path):
    (tmp_path / "vgg.h5").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="not a Keras weight file"):
        load_keras_vgg(["block1_conv1"], tmp_path / "vgg.h5")


@pytest.mark.parametrize("names", [["block9_conv1"], []])
def test_unknown_layers_are_refused_with_the_known_ones(names):
    with pytest.raises(OptionsError, match="block9_conv1|no name.*block1_conv1.*block5_pool"):
        build_vgg(names)
