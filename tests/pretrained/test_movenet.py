import base64
import json

import numpy as np
import pytest
from keras import ops

from pgig.errors import DataError, WeightsError
from pgig.pose.joints import INDEX
from pgig.pretrained import movenet
from pgig.pretrained.catalogue import find, what_is_missing
from pgig.pretrained.movenet import MoveNet, decode
from pgig.weights.graph_file import read_graph

# Our joints but the neck, in order, as points of COCO.
POINTS = [0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
OTHERS = [joint for joint in range(18) if joint != INDEX["neck"]]


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def decoded_plainly(centre, regression, heat_maps, offsets, weights, floor):
    """One picture's points in loops over cells and joints."""
    cy, cx = divmod(int(np.argmax(sigmoid(centre) * weights)), 64)
    points = np.zeros((17, 3))
    for joint in range(17):
        y, x = regression[cy, cx, 2 * joint : 2 * joint + 2] + (cy, cx)
        rows, columns = np.mgrid[:64, :64]
        scores = sigmoid(heat_maps[..., joint])
        py, px = divmod(int(np.argmax(scores / (np.hypot(rows - y, columns - x) + floor))), 64)
        places = (np.array([py, px]) + offsets[py, px, 2 * joint : 2 * joint + 2]) / 64
        points[joint] = *places, scores[py, px]
    return points


def test_decoding_of_a_batch_is_that_of_each_picture():
    random = np.random.default_rng(0)
    heads = [random.normal(0, 4, (3, 64, 64, depth)).astype("float32") for depth in (1, 34, 17, 34)]
    weights = random.random((64, 64, 1)).astype("float32")
    points = ops.convert_to_numpy(decode(*map(ops.convert_to_tensor, heads), weights, 1.8))
    expected = [decoded_plainly(*rows, weights, 1.8) for rows in zip(*heads, strict=True)]
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-5)


def test_a_picture_lies_in_the_middle_of_a_black_square():
    picture = np.full((128, 64, 3), 200, np.uint8)
    square = movenet._square(picture)
    assert square.shape == (256, 256, 3)
    rows, columns = (np.flatnonzero(square[..., 0].max(axis=axis) > 100) for axis in (1, 0))
    # 128 rows of 141 and 64 columns of 141, begun at 6 and 38, in 256; the outermost ones are mixed with black.
    scale = 256 / 141
    assert abs(rows[0] - 6 * scale) < 2 and abs(rows[-1] - 134 * scale) < 2
    assert abs(columns[0] - 38 * scale) < 2 and abs(columns[-1] - 102 * scale) < 2


def test_points_return_to_the_picture_in_our_order():
    points = np.random.default_rng(0).random((2, 17, 3), dtype=np.float32)
    keypoints = movenet._in_picture(points, (128, 64))
    np.testing.assert_allclose(keypoints[:, OTHERS, :2], points[:, POINTS, :2] * 141 - [6, 38], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(keypoints[:, OTHERS, 2], points[:, POINTS, 2])
    shoulders = keypoints[:, [INDEX["Rsho"], INDEX["Lsho"]]]
    np.testing.assert_allclose(keypoints[:, INDEX["neck"], :2], shoulders[..., :2].mean(axis=1), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(keypoints[:, INDEX["neck"], 2], shoulders[..., 2].min(axis=1))


def test_another_graph_is_refused(tmp_path):
    path = tmp_path / "movenet-thunder.json"
    path.write_text(json.dumps({"modelTopology": {"node": []}, "weightsManifest": []}))
    path.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(WeightsError, match="is not MoveNet Thunder"):
        MoveNet(path)


@pytest.fixture(scope="module")
def weight_file():
    if missing := what_is_missing("movenet-thunder"):
        pytest.skip(missing)
    return find("movenet-thunder")


@pytest.fixture(scope="module")
def network(weight_file):
    return MoveNet(weight_file, batch_size=2)


@pytest.fixture(scope="module")
def pictures():
    """Figures of blurred noise: smooth as photographs are."""
    random = np.random.default_rng(1)
    coarse = random.random((5, 9, 5, 3))
    fine = np.repeat(np.repeat(coarse, 15, axis=1), 15, axis=2)[:, :128, :64]
    return np.clip(255 * fine + random.normal(0, 8, fine.shape), 0, 255).astype(np.uint8)


def test_the_batch_does_not_matter(network, weight_file, pictures):
    keypoints = network(pictures)
    assert keypoints.shape == (5, 18, 3) and keypoints.dtype == np.float32
    for order in ([4], [3, 1, 0]):
        np.testing.assert_allclose(network(pictures[order]), keypoints[order], rtol=1e-5, atol=1e-4)
    assert network(pictures[:0]).shape == (0, 18, 3)
    assert network.fingerprint.startswith("movenet-thunder-1-") and len(network.fingerprint) == 18 + 16


def test_pictures_of_other_types_are_refused(network):
    for pixels in (np.zeros((1, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), np.zeros((1, 0, 8, 3), np.uint8)):
        with pytest.raises(DataError, match="MoveNet got pictures"):
            network(pixels)


def test_tensorflow_finds_the_same_in_the_whole_graph(network, weight_file, pictures):
    run = whole_graph(weight_file)
    keypoints = network(pictures)
    for picture, found in zip(pictures, keypoints, strict=True):
        expected = movenet._in_picture(run(movenet._square(picture))[None], picture.shape[:2])[0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


def whole_graph(path):
    """The published graph, its own decoding included, as a function of one (256, 256, 3) picture, run by TensorFlow."""
    tf = pytest.importorskip("tensorflow")
    from google.protobuf import json_format

    constants = {name: node.attributes.get("value") for name, node in read_graph(path).nodes.items()}
    nodes = [plain for node in json.loads(path.read_text())["modelTopology"]["node"] for plain in unfused(node)]
    graph = json_format.ParseDict({"node": nodes}, tf.compat.v1.GraphDef())
    for node in graph.node:
        if node.op == "Const":
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(constants[node.name]))
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    function = wrapped.prune("input:0", "Identity:0")
    return lambda square: np.asarray(function(tf.constant(square[None].astype("int32")))).reshape(17, 3)


def unfused(node):
    """TensorFlow.js's fused convolutions as the operations that they stand for."""
    plain = {"_FusedConv2D": "Conv2D", "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative"}.get(node["op"])
    if plain is None:
        return [node]
    kept = ("T", "strides", "padding", "data_format", "dilations", "explicit_paddings")
    attributes = {key: value for key, value in node["attr"].items() if key in kept}
    steps = [{"name": node["name"] + "/0", "op": plain, "input": node["input"][:2], "attr": attributes}]
    for number, text in enumerate(node["attr"]["fused_ops"]["list"]["s"], start=1):
        op = base64.b64decode(text).decode()
        inputs = [steps[-1]["name"], *(node["input"][2:3] if op == "BiasAdd" else ())]
        name = f"{node['name']}/{number}"
        steps.append({"name": name, "op": op, "input": inputs, "attr": {"T": node["attr"]["T"]}})
    steps[-1]["name"] = node["name"]
    return steps
