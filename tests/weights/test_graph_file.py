import json

import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.weights.graph_file import _MESSAGES, read_graph
from tests.weights.tiny_graphs import constant, write_json, write_pb

KERNEL = np.random.default_rng(0).normal(size=(3, 3, 2, 4)).astype(np.float32)
FLOAT = np.dtype("float32")
NODES = {
    "kernel": constant(KERNEL),
    "axes": constant(np.array([1, 2], np.int32)),
    "x": ("Placeholder", (), {"dtype": FLOAT}),
    "conv": ("Conv2D", ("x", "kernel", "^x"), {"strides": (1, 2, 2, 1), "padding": "SAME", "T": FLOAT, "odd": False}),
    "fused": ("_FusedConv2D", ("conv:0", "kernel", "bias:1"), {"fused_ops": ("BiasAdd", "Relu"), "e": 0.5, "n": 3}),
}


@pytest.mark.parametrize("write, name", [(write_pb, "graph.pb"), (write_json, "graph.json")])
def test_nodes_and_constants_come_back_from_both_forms(tmp_path, write, name):
    path = write(tmp_path / name, NODES)
    graph = read_graph(str(path))
    assert graph.path == path and list(graph.nodes) == list(NODES)
    np.testing.assert_array_equal(graph.nodes["kernel"].attributes["value"], KERNEL)
    axes = graph.nodes["axes"].attributes["value"]
    assert axes.tolist() == [1, 2] and axes.dtype == np.int32
    conv = graph.nodes["conv"]
    assert conv.op == "Conv2D" and conv.inputs == ("x", "kernel")
    assert conv.attributes == {"strides": (1, 2, 2, 1), "padding": "SAME", "T": "float32"}
    assert graph.nodes["fused"].inputs == ("conv", "kernel", "bias:1")
    assert graph.nodes["fused"].attributes == {"fused_ops": ("BiasAdd", "Relu"), "e": 0.5, "n": 3}
    with pytest.raises(ValueError, match="read-only"):
        graph.nodes["kernel"].attributes["value"][0] = 0


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "int64", "int16", "int8", "uint8", "bool"])
def test_constants_of_all_types_and_spellings(tmp_path, dtype):
    tf = pytest.importorskip("tensorflow")
    values = np.array([[0, 1, 3], [1, 1, 1]]).astype(dtype)
    whole, single, empty = tf.make_tensor_proto(values), tf.make_tensor_proto(values[0, 1], shape=(2, 3)), values[:0]
    # Few values are written one by one by some writers, and the last one then stands for all others.
    listed = tf.compat.v1.make_tensor_proto(values[1].tolist(), dtype=dtype, shape=(4, 2))
    graph = tf.compat.v1.GraphDef()
    protos = {"whole": whole, "single": single, "empty": tf.make_tensor_proto(empty), "listed": listed}
    for name, proto in protos.items():
        node = graph.node.add(name=name, op="Const")
        node.attr["dtype"].type = proto.dtype
        node.attr["value"].tensor.CopyFrom(proto)
    zeros = graph.node.add(name="zeros", op="Const").attr["value"].tensor
    zeros.dtype, zeros.tensor_shape.dim.add().size = whole.dtype, 5
    (tmp_path / "graph.pb").write_bytes(graph.SerializeToString())

    nodes = read_graph(tmp_path / "graph.pb").nodes
    expected = {"whole": values, "single": np.ones((2, 3), dtype), "empty": empty, "zeros": np.zeros(5, dtype)}
    for name, array in (expected | {"listed": np.ones((4, 2), dtype)}).items():
        read = nodes[name].attributes["value"]
        assert read.dtype == array.dtype and read.shape == array.shape
        np.testing.assert_array_equal(read, array)


def test_field_numbers_are_tensorflows():
    tf = pytest.importorskip("tensorflow")
    theirs = {"Graph": tf.compat.v1.GraphDef, "Node": tf.compat.v1.NodeDef, "Attribute": tf.compat.v1.AttrValue}
    theirs["List"] = tf.compat.v1.AttrValue.ListValue
    theirs["Tensor"] = type(tf.make_tensor_proto(0))
    theirs["Shape"] = type(tf.TensorShape([1]).as_proto())
    for name, message in theirs.items():
        fields = {field.name: field for field in message.DESCRIPTOR.fields}
        for field in _MESSAGES[name].DESCRIPTOR.fields:
            assert (field.number, field.is_repeated) == (fields[field.name].number, fields[field.name].is_repeated)


@pytest.mark.parametrize(
    "stored, tolerance",
    [
        ({"dtype": "float16", "original_dtype": "float32"}, 2e-3),
        ({"dtype": "uint8", "scale": 0.04, "min": -5.0}, 0.021),
        ({"dtype": "uint16", "scale": 0.0002, "min": -5.0}, 0.0002),
    ],
)
def test_shortened_constants_of_tensorflowjs(tmp_path, stored, tolerance):
    graph = read_graph(write_json(tmp_path / "graph.json", NODES, {"kernel": stored}))
    read = graph.nodes["kernel"].attributes["value"]
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, KERNEL, atol=tolerance)


def test_text_constants_are_kept_without_a_value(tmp_path):
    graph = _MESSAGES["Graph"]()
    node = graph.node.add(name="labels", op="Const")
    node.attr.add(key="value").value.tensor.dtype = 7
    (tmp_path / "graph.pb").write_bytes(graph.SerializeToString())
    assert read_graph(tmp_path / "graph.pb").nodes["labels"].attributes == {}


def test_giant_constants_are_refused_before_they_are_made(tmp_path):
    for sizes in ((2**20, 2**20), (2**62, 2**62), (-1, 3), (1,) * 9):
        graph = _MESSAGES["Graph"]()
        tensor = graph.node.add(name="big", op="Const").attr.add(key="value").value.tensor
        tensor.dtype = 1
        for size in sizes:
            tensor.tensor_shape.dim.add(size=size)
        (tmp_path / "graph.pb").write_bytes(graph.SerializeToString())
        with pytest.raises(WeightsError, match="values of constants|has the shape"):
            read_graph(tmp_path / "graph.pb")
    # Many that are small enough one by one.
    for node in [graph.node.add(name=f"{number}", op="Const") for number in range(65)]:
        tensor = node.attr.add(key="value").value.tensor
        tensor.dtype = 1
        tensor.tensor_shape.dim.add(size=2**20)
    del graph.node[0]
    (tmp_path / "graph.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(WeightsError, match="values of constants"):
        read_graph(tmp_path / "graph.pb")


def test_functions_and_two_nodes_of_one_name_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="functions"):
        read_graph(write_pb(tmp_path / "graph.pb", NODES, library=True))
    path = write_pb(tmp_path / "graph.pb", NODES)
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(WeightsError, match="two nodes have the name 'kernel'"):
        read_graph(path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="does not exist"):
        read_graph(tmp_path / "nothing.pb")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_graph(tmp_path)
    for name, text in (("text.pb", "not a graph"), ("a.json", "not JSON"), ("b.json", "[" * 100_000), ("c.json", "[]")):
        (tmp_path / name).write_text(text)
        with pytest.raises(WeightsError, match="cannot be read as a frozen TensorFlow graph"):
            read_graph(tmp_path / name)


def test_what_is_wrong_in_a_graph_model_is_said(tmp_path):
    path = write_json(tmp_path / "graph.json", NODES)
    good = path.read_text()

    def refused(match, change):
        model = json.loads(good)
        change(model, model["weightsManifest"][0], model["weightsManifest"][0]["weights"][0])
        path.write_text(json.dumps(model))
        with pytest.raises(WeightsError, match=match) as caught:
            read_graph(path)
        assert "\n" not in str(caught.value)

    for name in ("../secret.bin", "/etc/passwd", "a\\b", "..", "", "a\0b", 5, None):
        refused("plain name of a neighbouring file", lambda m, group, w, name=name: group.update(paths=[name]))
    refused("does not exist", lambda m, group, w: group.update(paths=["other.bin"]))
    refused("bytes instead of", lambda m, group, w: group["paths"].append("graph.bin"))
    refused("values of constants", lambda m, group, w: w.update(shape=[2**20, 2**20]))
    refused("has the shape", lambda m, group, w: w.update(shape=[-3, 3]))
    refused("a length", lambda m, group, w: w.update(shape=[True]))
    refused("is stored as", lambda m, group, w: w.update(dtype="string"))
    refused("is stored as", lambda m, group, w: w.update(quantization={"dtype": "int4", "scale": 1, "min": 0}))
    refused("scale", lambda m, group, w: w.update(quantization={"dtype": "uint8", "scale": None, "min": 0}))
    refused("not in the weights manifest", lambda m, group, w: w.update(name="other"))
    refused("functions", lambda m, group, w: m["modelTopology"].update(library={"function": [{}]}))
    refused("weightsManifest", lambda m, group, w: m.pop("weightsManifest"))
    refused("node", lambda m, group, w: m["modelTopology"].pop("node"))


@pytest.mark.parametrize("name", ["graph.pb", "graph.json", "graph.bin"])
def test_random_damage_gives_a_graph_or_one_sentence(tmp_path, name):
    write_pb(tmp_path / "graph.pb", NODES)
    write_json(tmp_path / "graph.json", NODES, {"kernel": {"dtype": "uint8", "scale": 0.04, "min": -5.0}})
    path = tmp_path / ("graph.pb" if name == "graph.pb" else "graph.json")
    good, random, refused = (tmp_path / name).read_bytes(), np.random.default_rng(3), 0
    for trial in range(600):
        damaged = bytearray(good)
        for _ in range(random.integers(1, 4)):
            damaged[random.integers(len(damaged))] = random.integers(256)
        if trial % 3 == 0:
            del damaged[random.integers(len(damaged)) :]
        (tmp_path / name).write_bytes(damaged)
        try:
            read_graph(path)
        except WeightsError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100
