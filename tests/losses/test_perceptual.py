import h5py
import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError, WeightsError
from pgig.losses.perceptual import feature_graph, feature_model, vgg_input


def _write(path, model, group=None, skip=(), transpose=()):
    """Write weights of `model` in the layout of Keras 1."""
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        layers = [layer for layer in model.layers if layer.name not in skip]
        root.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            names = [f"{layer.name}_{kind}_1:0" for kind in "Wb"][: len(layer.weights)]
            root.create_group(layer.name).attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, layer.get_weights(), strict=True):
                root[layer.name][name] = array.T if layer.name in transpose else array


@pytest.fixture(scope="module")
def graph():
    return feature_graph(["block2_conv1", "block1_conv2", "block1_pool"])


@pytest.mark.parametrize("group", [None, "model_weights"])
def test_features_come_in_the_order_of_the_names_from_a_file(tmp_path, graph, group):
    _write(tmp_path / "vgg.h5", graph, group)
    model = feature_model(["block2_conv1", "block1_conv2"], tmp_path / "vgg.h5")
    x = vgg_input(np.random.default_rng(0).uniform(-1, 1, (1, 16, 8, 3)).astype("float32"))

    features, expected = model(x), graph(x)

    assert [tuple(f.shape) for f in features] == [(1, 8, 4, 128), (1, 16, 8, 64)]
    for feature, wanted in zip(features, expected, strict=False):
        np.testing.assert_array_equal(ops.convert_to_numpy(feature), ops.convert_to_numpy(wanted))
    assert ops.convert_to_numpy(features[1]).min() == 0
    assert not model.trainable_variables


def test_missing_and_mis_shaped_layers_are_all_listed(tmp_path, graph):
    _write(tmp_path / "vgg.h5", graph, skip=["block1_conv1"], transpose=["block2_conv1"])
    with pytest.raises(WeightsError, match=r"block1_conv1 missing.*block2_conv1 \[\(128, 64, 3, 3\)"):
        feature_model(["block2_conv1"], tmp_path / "vgg.h5")


def test_a_file_of_another_kind_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "vgg.h5").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="not a Keras weight file"):
        feature_model(["block1_conv1"], tmp_path / "vgg.h5")


def test_unknown_layers_are_refused_with_the_known_ones():
    with pytest.raises(OptionsError, match="'block9_conv1'.*block1_conv1.*block5_pool"):
        feature_graph(["block9_conv1"])


def test_the_original_order_exchanges_the_means_of_red_and_blue():
    black = np.full((1, 1, 1, 3), -1, "float32")
    original, imagenet = (ops.convert_to_numpy(vgg_input(black, order)).ravel() for order in ("original", "imagenet"))
    np.testing.assert_allclose(imagenet, [-103.939, -116.779, -123.68], rtol=1e-6)
    np.testing.assert_allclose(original, imagenet[::-1])
    with pytest.raises(OptionsError, match="original or imagenet"):
        vgg_input(black, "bgr")
