import keras
import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.pretrained.batches import in_batches
from pgig.pretrained.graph import FrozenGraph, needed_nodes
from pgig.pretrained.graph_ops import OPERATIONS
from pgig.weights.graph_file import read_graph
from tests.weights.tiny_graphs import constant, write_pb

RANDOM = np.random.default_rng(0)
FLOAT, INT = np.dtype("float32"), np.dtype("int32")


def random(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def integers(*values):
    return np.array(values, np.int32)


def scalar(value, dtype="int32"):
    return np.array(value, dtype)


def strided(step, padding, **more):
    return {"strides": (1, step, step, 1), "padding": padding, "T": FLOAT, "data_format": "NHWC"} | more


def pool(taps, step, padding):
    return strided(step, padding, ksize=(1, taps, taps, 1))


IMAGES = (9, 10, 3)
STATISTICS = (random(3), np.abs(random(3)) + 0.1)
# Name: operation, shape of a row of the input, its place among the inputs, the constants, attributes.
CASES = {
    "add": ("AddV2", IMAGES, 0, [random(3)], {"T": FLOAT}),
    "old add": ("Add", IMAGES, 0, [random(3)], {"T": FLOAT}),
    "subtract": ("Sub", IMAGES, 1, [random(3)], {"T": FLOAT}),
    "multiply": ("Mul", IMAGES, 0, [scalar(0.3, "float32")], {"T": FLOAT}),
    "divide": ("RealDiv", IMAGES, 0, [random(3)], {"T": FLOAT}),
    "bias": ("BiasAdd", IMAGES, 0, [random(3)], {"T": FLOAT, "data_format": "NHWC"}),
    "identity": ("Identity", IMAGES, 0, [], {"T": FLOAT}),
    "check": ("CheckNumerics", IMAGES, 0, [], {"T": FLOAT, "message": "not finite"}),
    "relu": ("Relu", IMAGES, 0, [], {"T": FLOAT}),
    "relu6": ("Relu6", IMAGES, 0, [], {"T": FLOAT}),
    "sigmoid": ("Sigmoid", IMAGES, 0, [], {"T": FLOAT}),
    "softmax": ("Softmax", (7,), 0, [], {"T": FLOAT}),
    "cast": ("Cast", IMAGES, 0, [], {"SrcT": FLOAT, "DstT": INT}),
    "matmul": ("MatMul", (4,), 0, [random(4, 6)], {"T": FLOAT}),
    "matmul turned": ("MatMul", (4,), 0, [random(6, 4)], {"T": FLOAT, "transpose_b": True}),
    "expand": ("ExpandDims", IMAGES, 0, [scalar(1)], {"T": FLOAT, "Tdim": INT}),
    "squeeze": ("Squeeze", (1, 1, 5), 0, [], {"T": FLOAT, "squeeze_dims": (1, 2)}),
    "reshape": ("Reshape", IMAGES, 0, [integers(-1, 9, 30)], {"T": FLOAT, "Tshape": INT}),
    "concat": ("ConcatV2", (3,), 0, [None, scalar(1)], {"T": FLOAT, "N": 2, "Tidx": INT}),
    "old concat": ("Concat", (3,), 1, [scalar(1), None], {"T": FLOAT, "N": 2}),
    "normalization": (
        *("FusedBatchNorm", IMAGES, 0, [random(3), random(3), *STATISTICS]),
        {"T": FLOAT, "epsilon": 0.01, "data_format": "NHWC"},
    ),
    "normalization 3": (
        *("FusedBatchNormV3", IMAGES, 0, [random(3), random(3), *STATISTICS]),
        {"T": FLOAT, "U": FLOAT, "epsilon": 0.01, "data_format": "NHWC"},
    ),
    "resize legacy": ("ResizeBilinear", IMAGES, 0, [integers(13, 4)], {"T": FLOAT}),
    "resize half": ("ResizeBilinear", IMAGES, 0, [integers(13, 4)], {"T": FLOAT, "half_pixel_centers": True}),
    "resize corners": ("ResizeBilinear", IMAGES, 0, [integers(13, 4)], {"T": FLOAT, "align_corners": True}),
    "dilated": ("Conv2D", IMAGES, 0, [random(3, 3, 3, 2)], strided(1, "SAME", dilations=(1, 2, 2, 1))),
    "dilated depthwise": (
        *("DepthwiseConv2dNative", IMAGES, 0, [random(3, 3, 3, 1)]),
        strided(1, "SAME", dilations=(1, 2, 2, 1)),
    ),
    "two maps a channel": ("DepthwiseConv2dNative", IMAGES, 0, [random(3, 3, 3, 2)], strided(2, "SAME")),
}
for _padding in ("SAME", "VALID"):
    for _taps, _step in ((1, 1), (2, 1), (3, 1), (3, 2), (4, 2), (5, 3), (1, 2)):
        _name = f"{_padding} {_taps} {_step}"
        _options = strided(_step, _padding)
        CASES[f"conv {_name}"] = ("Conv2D", IMAGES, 0, [random(_taps, _taps, 3, 4)], _options)
        CASES[f"depthwise {_name}"] = ("DepthwiseConv2dNative", IMAGES, 0, [random(_taps, _taps, 3, 1)], _options)
        CASES[f"max {_name}"] = ("MaxPool", IMAGES, 0, [], pool(_taps, _step, _padding))
        CASES[f"mean {_name}"] = ("AvgPool", IMAGES, 0, [], pool(_taps, _step, _padding))


def case_file(path, op, place, constants, attributes):
    nodes = {"x": ("Placeholder", (), {"dtype": FLOAT})}
    # None stands for the input once more.
    names = ["x" if value is None else f"constant_{number}" for number, value in enumerate(constants)]
    nodes |= {name: constant(value) for name, value in zip(names, constants, strict=True) if name != "x"}
    nodes["y"] = (op, (*names[:place], "x", *names[place:]), attributes)
    return write_pb(path, nodes)


def graph_model(graph, inputs, outputs):
    """A Keras model of a part of a graph; `inputs` is {node name: (shape without the batch axis, dtype)}."""
    tensors = [keras.Input(shape, dtype=dtype) for shape, dtype in inputs.values()]
    tensors = tensors[0] if len(tensors) == 1 else tensors
    return keras.Model(tensors, FrozenGraph(graph, list(inputs), outputs)(tensors))


def run(path, shape, x, outputs=("y",)):
    return in_batches(graph_model(read_graph(path), {"x": (shape, "float32")}, list(outputs)), len(x), x)


@pytest.mark.parametrize("name", list(CASES))
def test_each_operation_is_tensorflows(name, tmp_path):
    tf = pytest.importorskip("tensorflow")
    op, shape, place, constants, attributes = CASES[name]
    path = case_file(tmp_path / "graph.pb", op, place, constants, attributes)
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype("float32") * 4

    graph_def = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    for node in graph_def.node:
        if node.op.startswith("FusedBatchNorm"):
            # Our writer leaves out what is false; TensorFlow takes what is not there for true.
            node.attr["is_training"].b = False
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        (y,) = tf.import_graph_def(graph_def, return_elements=["y:0"], name="")
        expected = session.run(y, {"x:0": x})
    np.testing.assert_allclose(run(path, shape, x), expected, rtol=1e-5, atol=2e-5)


def windows(x, taps, step, padding, fill):
    """(B, rows, columns, C, taps, taps) views of pictures padded as TensorFlow documents it."""
    if padding == "SAME":
        totals = [max((-(-length // step) - 1) * step + taps - length, 0) for length in x.shape[1:3]]
        x = np.pad(x, [(0, 0), *[(t // 2, t - t // 2) for t in totals], (0, 0)], constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(x, (taps, taps), axis=(1, 2))[:, ::step, ::step]


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("conv", "depthwise", "max", "mean"))])
def test_windows_lie_where_tensorflow_puts_them(name, tmp_path):
    op, shape, place, constants, attributes = CASES[name]
    taps, step = (int(text) for text in name.split()[2:])
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype("float32")

    def view(fill=0.0):
        return windows(x, taps, step, attributes["padding"], fill)

    expected = {
        "Conv2D": lambda: np.einsum("nhwcij,ijco->nhwo", view(), constants[0]),
        "DepthwiseConv2dNative": lambda: np.einsum("nhwcij,ijcm->nhwc", view(), constants[0]),
        "MaxPool": lambda: view(-np.inf).max(axis=(-1, -2)),
        "AvgPool": lambda: np.nanmean(view(np.nan), axis=(-1, -2)),
    }[op]()
    result = run(case_file(tmp_path / "graph.pb", op, place, constants, attributes), shape, x)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=2e-5)


def test_fused_operations_are_the_plain_ones_in_turn(tmp_path):
    kernel, depthwise, bias, weights = random(3, 3, 3, 4), random(3, 3, 4, 1), random(4), random(36, 4) / 99
    strides = strided(2, "SAME")
    constants = {"kernel": kernel, "depthwise": depthwise, "bias": bias, "weights": weights, "shape": integers(1, 36)}
    nodes = {"x": ("Placeholder", (), {"dtype": FLOAT})} | {k: constant(v) for k, v in constants.items()}
    nodes |= {
        "a1": ("Conv2D", ("x", "kernel"), strides),
        "a2": ("BiasAdd", ("a1", "bias"), {}),
        "a3": ("Relu6", ("a2",), {}),
        "b1": ("DepthwiseConv2dNative", ("a3", "depthwise"), strides),
        "b2": ("BiasAdd", ("b1", "bias"), {}),
        "c0": ("Reshape", ("b2", "shape"), {}),
        "c1": ("MatMul", ("c0", "weights"), {}),
        "c2": ("BiasAdd", ("c1", "bias"), {}),
        "c3": ("Sigmoid", ("c2",), {}),
        "fused_a": ("_FusedConv2D", ("x", "kernel", "bias"), strides | {"fused_ops": ("BiasAdd", "Relu6")}),
        "fused_b": (
            *("FusedDepthwiseConv2dNative", ("fused_a", "depthwise", "bias")),
            strides | {"fused_ops": ("BiasAdd",)},
        ),
        "fused_0": ("Reshape", ("fused_b", "shape"), {}),
        "fused_c": ("_FusedMatMul", ("fused_0", "weights", "bias"), {"fused_ops": ("BiasAdd", "Sigmoid")}),
    }
    path = write_pb(tmp_path / "graph.pb", nodes)
    x = random(2, *IMAGES)
    outputs = run(path, IMAGES, x, ("a3", "b2", "fused_a", "fused_b"))
    for plain, fused in zip(outputs[:2], outputs[2:], strict=True):
        np.testing.assert_allclose(fused, plain, rtol=1e-6, atol=1e-6)
    model = graph_model(read_graph(path), {"x": (IMAGES, "float32")}, ["c3", "fused_c"])
    plain, fused = (keras.ops.convert_to_numpy(y) for y in model.predict_on_batch(x))
    np.testing.assert_allclose(fused, plain, rtol=1e-6, atol=1e-6)
    assert (fused > 0).all() and fused.std() > 0.01


def test_the_normalization_of_the_oldest_graphs(tmp_path):
    mean, shift, scale = random(3), random(3), random(3)
    variance = np.abs(random(3))
    for scaled in (False, True):
        attributes = {"variance_epsilon": 0.01, "scale_after_normalization": scaled, "T": FLOAT}
        path = case_file(
            *(tmp_path / "graph.pb", "BatchNormWithGlobalNormalization"),
            *(0, [mean, variance, shift, scale], attributes),
        )
        x = random(2, *IMAGES)
        expected = (x - mean) / np.sqrt(variance + 0.01) * (scale if scaled else 1) + shift
        np.testing.assert_allclose(run(path, IMAGES, x), expected, rtol=1e-4, atol=1e-5)


def test_only_what_outputs_need_is_looked_at(tmp_path):
    nodes = {
        "spy": ("ReadFile", ("x",), {}),
        "cut": ("DecodeJpeg", ("nowhere",), {}),
        "y": ("Relu", ("cut",), {}),
        "z": ("AddV2", ("y", "y"), {}),
        "loop": ("Identity", ("again",), {}),
        "again": ("Identity", ("loop",), {}),
    }
    graph = read_graph(write_pb(tmp_path / "graph.pb", nodes))
    assert needed_nodes(graph, ["cut"], ["z", "y"]) == ["y", "z"]
    layer = FrozenGraph(graph, ["cut"], ["z", "y"])
    z, y = (keras.ops.convert_to_numpy(x) for x in layer(keras.ops.convert_to_tensor(random(2, 3))))
    np.testing.assert_array_equal(z, 2 * y)
    for outputs, words in (
        (["spy"], "'ReadFile' .*'spy'"),
        (["cut"], "'DecodeJpeg' .*'cut'"),
        (["nowhere"], "no node 'nowhere'"),
        (["loop"], "circle"),
    ):
        with pytest.raises(WeightsError, match=words):
            FrozenGraph(graph, ["x"], outputs)


def test_no_operation_touches_files_or_calls_code():
    others = "ReadFile WriteFile PyFunc EagerPyFunc RestoreV2 SaveV2 If While PartitionedCall Print Assert"
    assert not set(others.split()) & set(OPERATIONS)


@pytest.mark.parametrize(
    "op, place, constants, attributes, words",
    [
        ("Conv2D", 0, [random(3, 3, 5, 4)], strided(1, "SAME"), "node 'y' .Conv2D. does not fit"),
        ("Conv2D", 0, [random(3, 3, 3, 4)], strided(1, "EXPLICIT"), "padding is 'EXPLICIT'"),
        ("Conv2D", 0, [random(3, 3, 3, 4)], strided(1, "SAME", data_format="NCHW"), "data_format is 'NCHW'"),
        ("MaxPool", 0, [], strided(1, "SAME", ksize=(1, 2**40, 2, 1)), "ksize"),
        ("MaxPool", 0, [], strided(1, "SAME", ksize=(2, 2)), "ksize"),
        ("MaxPool", 0, [], strided(1, "VALID", ksize=(1, 20, 20, 1)), "does not fit"),
        ("ResizeBilinear", 0, [integers(10**6, 10**6)], {}, "the size is"),
        ("ResizeBilinear", 0, [integers(4000, 4000, 3)], {}, "does not fit"),
        ("ResizeBilinear", 0, [integers(4096, 4096)], {}, None),
        ("Reshape", 0, [random(2)], {}, "not a constant of integers"),
        ("Reshape", 0, [integers(-1, 7)], {}, "mixes pictures"),
        ("Squeeze", 0, [], {}, "squeeze_dims"),
        ("ExpandDims", 0, [scalar(9)], {}, "does not fit"),
        ("ConcatV2", 0, [random(1, 2), scalar(1)], {}, "does not fit"),
        ("Cast", 0, [], {"DstT": "text"}, "does not fit"),
        ("AddV2", 0, [random(4)], {}, "does not fit"),
        ("AddV2", 0, [random(4, 4)], {}, "does not fit"),
        ("AddV2", 0, [], {}, "does not fit"),
        ("BiasAdd", 0, [np.full(3, np.nan, "float32")], {}, "not finite"),
        ("_FusedConv2D", 0, [random(3, 3, 3, 4), random(4)], strided(1, "SAME", fused_ops=("Spy",)), "fused_ops"),
        ("FusedBatchNorm", 0, [random(3)] * 4, {"is_training": True}, "training mode"),
        ("FusedBatchNorm", 0, [-np.ones(3, "float32")] * 4, {}, "not positive"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(tmp_path, op, place, constants, attributes, words):
    path = case_file(tmp_path / "graph.pb", op, place, constants, attributes)
    if words is None:
        assert graph_model(read_graph(path), {"x": (IMAGES, "float32")}, ["y"]).output.shape[1] == 4096
        return
    with pytest.raises(WeightsError, match=words) as caught:
        graph_model(read_graph(path), {"x": (IMAGES, "float32")}, ["y"])
    assert "\n" not in str(caught.value)


def test_random_damage_gives_a_model_or_one_sentence(tmp_path):
    kernel, bias = random(3, 3, 3, 4), random(4)
    nodes = {"x": ("Placeholder", (), {"dtype": FLOAT}), "kernel": constant(kernel), "bias": constant(bias)}
    nodes |= {"size": constant(integers(6, 7)), "axis": constant(scalar(3))}
    nodes["norms"] = constant(np.ones(4, "float32"))
    nodes["conv"] = ("_FusedConv2D", ("x", "kernel", "bias"), strided(2, "SAME", fused_ops=("BiasAdd", "Relu")))
    nodes["pool"] = ("AvgPool", ("conv",), pool(2, 2, "SAME"))
    nodes["norm"] = ("FusedBatchNorm", ("pool", "norms", "bias", "bias", "norms"), {"epsilon": 0.1})
    nodes["resize"] = ("ResizeBilinear", ("norm", "size"), {"align_corners": True})
    nodes["y"] = ("ConcatV2", ("resize", "resize", "axis"), {"N": 2})
    path = write_pb(tmp_path / "graph.pb", nodes)
    good, generator, refused = path.read_bytes(), np.random.default_rng(3), 0
    # The numbers of the kernel are left alone: damage there is not seen.
    spare = good.find(kernel.tobytes())
    places = [k for k in range(len(good)) if not spare <= k < spare + kernel.nbytes]
    for _ in range(60):
        damaged = bytearray(good)
        damaged[places[generator.integers(len(places))]] = generator.integers(256)
        path.write_bytes(damaged)
        try:
            run(path, IMAGES, random(1, *IMAGES))
        except WeightsError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 20
