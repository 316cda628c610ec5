import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.evaluate import inception_graph
from pgig.evaluate.inception_graph import InceptionGraph, what_is_missing

tf = pytest.importorskip("tensorflow")

CHANNELS, CLASSES = 5, 7


def tiny_graph(**extra):
    """A frozen graph with the names and the entrance of the real one, and a single convolution."""
    v1 = tf.compat.v1
    generator = np.random.default_rng(0)
    with tf.Graph().as_default() as graph:
        contents = v1.constant(b"", name="DecodeJpeg/contents")
        picture = tf.raw_ops.DecodeJpeg(contents=contents, channels=3, name="DecodeJpeg")
        x = v1.expand_dims(v1.cast(picture, tf.float32, name="Cast"), 0, name="ExpandDims")
        x = tf.raw_ops.ResizeBilinear(images=x, size=v1.constant([20, 20]), name="ResizeBilinear")
        x = v1.multiply(v1.subtract(x, 128.0), 1 / 128)
        kernel = generator.normal(size=(3, 3, 3, CHANNELS)).astype(np.float32)
        x = v1.nn.relu(v1.nn.conv2d(x, v1.constant(kernel), strides=[1, 2, 2, 1], padding="VALID"))
        x = tf.raw_ops.CheckNumerics(tensor=x, message="")
        x = v1.nn.avg_pool(x, [1, 9, 9, 1], [1, 1, 1, 1], "VALID", name="pool_3")
        x = v1.reshape(x, [1, CHANNELS], name="pool_3/_reshape")
        weights = v1.constant(
            generator.normal(size=(CHANNELS, CLASSES)).astype(np.float32), name="softmax/weights"
        )
        x = v1.matmul(x, weights, name="softmax/logits/MatMul")
        x = v1.nn.bias_add(x, v1.constant(np.full(CLASSES, 9.0, np.float32)), name="softmax/logits")
        v1.nn.softmax(x, name="softmax")
    graph_def = graph.as_graph_def()
    for name, op in extra.items():
        graph_def.node.add(name=name, op=op)
    return graph_def, kernel, tf.make_ndarray(weights.op.get_attr("value"))


def write(path, graph_def):
    path.write_bytes(graph_def.SerializeToString())
    return path


def plain_probabilities(pixels, kernel, weights):
    height, width = pixels.shape[1:3]
    rows, columns = (np.arange(20) * (n / 20) for n in (height, width))
    x = pixels.astype(float)
    for axis, place in ((1, rows), (2, columns)):
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, x.shape[axis] - 1)
        part = (place - low).reshape([-1 if a == axis else 1 for a in range(4)])
        x = x.take(low, axis) * (1 - part) + x.take(high, axis) * part
    x = (x - 128) / 128
    patches = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2]
    features = np.maximum(np.einsum("nhwcij,ijco->nhwo", patches, kernel), 0).mean(axis=(1, 2))
    exponents = np.exp(features @ weights)
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_probabilities_are_those_of_the_graph_without_bias_for_any_batch(tmp_path):
    graph_def, kernel, weights = tiny_graph()
    path = write(tmp_path / inception_graph.FILE_NAME, graph_def)
    pixels = np.random.default_rng(1).integers(0, 256, (11, 32, 16, 3)).astype(np.uint8)
    expected = plain_probabilities(pixels, kernel, weights)
    for batch_size in (1, 5, 10):
        probabilities = InceptionGraph(path, batch_size)(pixels)
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert InceptionGraph(path)(pixels[:1]).shape == (1, CLASSES)
    assert InceptionGraph(path)(pixels[:0]).shape == (0, CLASSES)


def test_the_old_normalisation_operation_of_the_real_file_runs(tmp_path):
    graph_def, kernel, weights = tiny_graph()
    graph_def.versions.producer = 8
    nodes = {node.name: node for node in graph_def.node}
    norm = graph_def.node.add(name="norm", op="BatchNormWithGlobalNormalization", input=["Relu"])
    norm.attr["T"].type = tf.float32.as_datatype_enum
    norm.attr["variance_epsilon"].f = 0
    norm.attr["scale_after_normalization"].b = False
    for name, value in (("mean", 0), ("variance", 1), ("beta", 0), ("gamma", 1)):
        constant = graph_def.node.add(name=name, op="Const")
        constant.attr["dtype"].type = tf.float32.as_datatype_enum
        constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.full(CHANNELS, value, np.float32)))
        norm.input.append(name)
    nodes["CheckNumerics"].input[0] = "norm"
    pixels = np.random.default_rng(1).integers(0, 256, (2, 20, 20, 3)).astype(np.uint8)
    probabilities = InceptionGraph(write(tmp_path / "graph.pb", graph_def))(pixels)
    np.testing.assert_allclose(probabilities, plain_probabilities(pixels, kernel, weights), atol=1e-5)


def test_operations_that_are_not_mathematics_are_refused_by_name(tmp_path):
    graph_def, *_ = tiny_graph(spy="ReadFile")
    with pytest.raises(WeightsError, match="'ReadFile' .*'spy'"):
        InceptionGraph(write(tmp_path / "graph.pb", graph_def))


def test_functions_and_giant_constants_are_refused(tmp_path):
    graph_def, *_ = tiny_graph()
    graph_def.library.function.add().signature.name = "anything"
    with pytest.raises(WeightsError, match="functions"):
        InceptionGraph(write(tmp_path / "graph.pb", graph_def))
    for sizes in ((2**20, 2**20), (-1, 3)):
        graph_def, *_ = tiny_graph()
        weights = next(node for node in graph_def.node if node.name == "softmax/weights")
        shape = weights.attr["value"].tensor.tensor_shape
        del shape.dim[:]
        for size in sizes:
            shape.dim.add(size=size)
        with pytest.raises(WeightsError):
            InceptionGraph(write(tmp_path / "graph.pb", graph_def))


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.pb").write_bytes(b"not a graph at all")
    with pytest.raises(WeightsError, match="not a TensorFlow graph"):
        InceptionGraph(tmp_path / "text.pb")
    (tmp_path / "empty.pb").write_bytes(b"")
    with pytest.raises(WeightsError, match="no node 'ExpandDims'"):
        InceptionGraph(tmp_path / "empty.pb")
    graph_def, *_ = tiny_graph()
    next(node for node in graph_def.node if node.name == "pool_3").input[0] = "nowhere"
    with pytest.raises(WeightsError, match="not the Inception graph"):
        InceptionGraph(write(tmp_path / "cut.pb", graph_def))


def test_a_graph_that_fails_on_pictures_is_refused(tmp_path):
    graph_def, *_ = tiny_graph()
    kernel = next(node for node in graph_def.node if node.op == "Const" and len(_sizes(node)) == 4)
    values = kernel.attr["value"].tensor
    values.tensor_content = np.full(_sizes(kernel), np.nan, np.float32).tobytes()
    graph = InceptionGraph(write(tmp_path / "graph {0}.pb", graph_def))
    with pytest.raises(WeightsError, match="not the Inception graph"):
        graph(np.full((1, 20, 20, 3), 255, np.uint8))


def _sizes(node):
    return [dimension.size for dimension in node.attr["value"].tensor.tensor_shape.dim]


def test_a_missing_file_is_explained(tmp_path, monkeypatch):
    monkeypatch.delenv(inception_graph.VARIABLE, raising=False)
    assert "PGIG_INCEPTION" in what_is_missing()
    monkeypatch.setenv(inception_graph.VARIABLE, str(tmp_path / "graph.pb"))
    assert str(tmp_path / "graph.pb") in what_is_missing()
    with pytest.raises(WeightsError, match="there is no file"):
        InceptionGraph()
    (tmp_path / "graph.pb").touch()
    assert what_is_missing() is None
