import numpy as np
import pytest

from pgig.errors import DataError, WeightsError
from pgig.pretrained import inception_2015
from pgig.pretrained.catalogue import find, what_is_missing
from pgig.pretrained.inception_2015 import Inception2015
from tests.weights.tiny_graphs import constant, write_pb

CHANNELS, CLASSES = 5, 7
RANDOM = np.random.default_rng(0)
KERNEL = RANDOM.normal(size=(3, 3, 3, CHANNELS)).astype(np.float32)
WEIGHTS = RANDOM.normal(size=(CHANNELS, CLASSES)).astype(np.float32)
# A normalization that changes nothing but for its shift.
STATISTICS = {"mean": 0, "variance": 1, "beta": 0.5, "gamma": 1}


def tiny_graph():
    """A frozen graph with the names, the entrance and the operations of the real one, and a single convolution."""
    window = {"strides": (1, 1, 1, 1), "ksize": (1, 9, 9, 1), "padding": "VALID"}
    nodes = {
        "DecodeJpeg": ("DecodeJpeg", ("DecodeJpeg/contents",), {"channels": 3}),
        "Cast": ("Cast", ("DecodeJpeg",), {"DstT": np.dtype("float32")}),
        "ExpandDims": ("ExpandDims", ("Cast", "dim"), {}),
        "size": constant(np.array([20, 20], np.int32)),
        "ResizeBilinear": ("ResizeBilinear", ("ExpandDims", "size"), {}),
        "mean_pixel": constant(np.float32(128)),
        "Sub": ("Sub", ("ResizeBilinear", "mean_pixel"), {}),
        "scale": constant(np.float32(1 / 128)),
        "Mul": ("Mul", ("Sub", "scale"), {}),
        "kernel": constant(KERNEL),
        "Conv2D": ("Conv2D", ("Mul", "kernel"), {"strides": (1, 2, 2, 1), "padding": "VALID"}),
        "norm": ("BatchNormWithGlobalNormalization", ("Conv2D", *STATISTICS), {}),
        "Relu": ("Relu", ("norm",), {}),
        "CheckNumerics": ("CheckNumerics", ("Relu",), {"message": "x"}),
        "pool_3": ("AvgPool", ("CheckNumerics",), window),
        "shape": constant(np.array([1, CHANNELS], np.int32)),
        "pool_3/_reshape": ("Reshape", ("pool_3", "shape"), {}),
        "softmax/weights": constant(WEIGHTS),
        "read": ("Identity", ("softmax/weights",), {}),
        "softmax/logits/MatMul": ("MatMul", ("pool_3/_reshape", "read"), {}),
        "softmax/biases": constant(np.full(CLASSES, 9, np.float32)),
        "softmax/logits": ("BiasAdd", ("softmax/logits/MatMul", "softmax/biases"), {}),
    }
    return nodes | {name: constant(np.full(CHANNELS, value, np.float32)) for name, value in STATISTICS.items()}


def plain_features(pixels):
    rows, columns = (np.arange(20) * (n / 20) for n in pixels.shape[1:3])
    x = pixels.astype(float)
    for axis, place in ((1, rows), (2, columns)):
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, x.shape[axis] - 1)
        part = (place - low).reshape([-1 if a == axis else 1 for a in range(4)])
        x = x.take(low, axis) * (1 - part) + x.take(high, axis) * part
    patches = np.lib.stride_tricks.sliding_window_view((x - 128) / 128, (3, 3), axis=(1, 2))[:, ::2, ::2]
    return np.maximum(np.einsum("nhwcij,ijco->nhwo", patches, KERNEL) + 0.5, 0).mean(axis=(1, 2))


def pictures(count, height, width):
    return np.random.default_rng(1).integers(0, 256, (count, height, width, 3)).astype(np.uint8)


def test_features_and_probabilities_without_bias_for_any_batch_and_size(tmp_path):
    path = write_pb(tmp_path / inception_2015.FILE_NAME, tiny_graph())
    pixels = pictures(5, 32, 16)
    for batch_size in (1, 4):
        network = Inception2015(path, batch_size)
        features = network(pixels)
        np.testing.assert_allclose(features, plain_features(pixels), rtol=1e-4, atol=1e-5)
    other = pictures(2, 13, 40)
    np.testing.assert_allclose(network(other), plain_features(other), rtol=1e-4, atol=1e-5)

    exponents = np.exp(plain_features(pixels) @ WEIGHTS)
    probabilities = network.probabilities(features)
    np.testing.assert_allclose(probabilities, exponents / exponents.sum(axis=1, keepdims=True), atol=1e-5)
    assert network(pixels[:1]).shape == (1, CHANNELS)
    assert network.probabilities(network(pixels[:0])).shape == (0, CLASSES)
    assert network.fingerprint.startswith("inception-2015-1-")


def test_other_graphs_are_refused(tmp_path):
    def refused(words, **changes):
        nodes = tiny_graph()
        for name, node in changes.items():
            name = {"logits": "softmax/logits/MatMul", "weights": "softmax/weights"}.get(name, name)
            nodes[name] = node
        with pytest.raises(WeightsError, match=words):
            Inception2015(write_pb(tmp_path / "graph.pb", nodes))

    pool = tiny_graph()["pool_3"]
    refused("'ReadFile' .*'Relu'", Relu=("ReadFile", ("norm",), {}))
    refused("no node 'nowhere'", pool_3=("AvgPool", ("nowhere",), pool[2]))
    refused("circle", norm=("Relu", ("CheckNumerics",), {}))
    refused("not finite", kernel=constant(np.full_like(KERNEL, np.nan)))
    refused("does not fit", kernel=constant(KERNEL[:, :, :2]))
    refused("not the Inception graph .*last weights", weights=constant(WEIGHTS[:3]))
    refused("not the Inception graph .*last weights", pool_3=("Relu", ("CheckNumerics",), {}))
    refused("no matrix of finite numbers", weights=constant(WEIGHTS[0]))
    refused("no matrix of finite numbers", weights=constant(np.full_like(WEIGHTS, np.inf)))
    refused("no matrix of finite numbers", logits=("Relu", ("pool_3/_reshape",), {}))
    write_pb(tmp_path / "empty.pb", {})
    with pytest.raises(WeightsError, match="no node 'ExpandDims'.* classify_image_graph_def.pb"):
        Inception2015(tmp_path / "empty.pb")
    with pytest.raises(WeightsError, match="does not exist"):
        Inception2015(tmp_path / "nothing.pb")


def test_pictures_of_another_kind_are_refused(tmp_path):
    network = Inception2015(write_pb(tmp_path / "graph.pb", tiny_graph()))
    for wrong in (np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), np.zeros((1, 0, 8, 3), np.uint8)):
        with pytest.raises(DataError, match="uint8"):
            network(wrong)


@pytest.mark.slow
def test_the_real_file_is_run_as_tensorflow_runs_it():
    missing = what_is_missing("inception-2015")
    if missing:
        pytest.skip(missing)
    tf = pytest.importorskip("tensorflow")
    path, pixels = find("inception-2015"), pictures(2, 128, 64)
    graph_def = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        picture = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3))
        (pool,) = tf.import_graph_def(graph_def, {"ExpandDims:0": picture}, ["pool_3:0"], name="")
        expected = session.run(pool, {picture: pixels})[:, 0, 0]
    np.testing.assert_allclose(Inception2015(path)(pixels), expected, rtol=1e-3, atol=1e-4)
