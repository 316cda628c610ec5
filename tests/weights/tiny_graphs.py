"""Writing small frozen graphs in both forms, without TensorFlow."""

import base64
import json

import numpy as np

from pgig.weights.graph_file import _MESSAGES

# Numbers and names of TensorFlow's types.
TYPES = {"float32": 1, "int32": 3, "uint8": 4}
NAMES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "uint8": "DT_UINT8"}


def constant(array):
    """Operation, inputs and attributes of a constant."""
    array = np.asarray(array)
    return "Const", (), {"value": array, "dtype": np.dtype(array.dtype)}


def write_pb(path, nodes, library=False):
    """Write {name: (operation, inputs, attributes)} as a `GraphDef`; a numpy dtype stands for a type."""
    graph = _MESSAGES["Graph"]()
    for name, (op, inputs, attributes) in nodes.items():
        node = graph.node.add(name=name, op=op, input=inputs)
        for key, value in attributes.items():
            _fill(node.attr.add(key=key).value, value)
    if library:
        graph.library.function.add()
    path.write_bytes(graph.SerializeToString())
    return path


def _fill(message, value):
    if isinstance(value, np.ndarray):
        message.tensor.dtype = TYPES[str(value.dtype)]
        message.tensor.tensor_shape.SetInParent()
        for length in value.shape:
            message.tensor.tensor_shape.dim.add(size=length)
        message.tensor.tensor_content = value.tobytes()
    elif isinstance(value, tuple):
        message.list.SetInParent()
        for one in value:
            field = message.list.s if isinstance(one, str) else message.list.i
            field.append(one.encode() if isinstance(one, str) else one)
    elif isinstance(value, np.dtype):
        message.type = TYPES[str(value)]
    elif isinstance(value, str):
        message.s = value.encode()
    else:
        setattr(message, {bool: "b", int: "i", float: "f"}[type(value)], value)


def write_json(path, nodes, stored=None):
    """Write the same as a TensorFlow.js graph model; the constants go to `path` with the ending `.bin`.

    Args:
        path: the `.json` file.
        nodes: as for `write_pb`.
        stored: {name of a constant: its entry "quantization"}, of type float16, uint8 or uint16.
    """
    weights, data, entries = [], b"", []
    for name, (op, inputs, attributes) in nodes.items():
        entry = {"name": name, "op": op, "input": list(inputs), "attr": {}}
        for key, value in attributes.items():
            entry["attr"][key] = _json(value)
            if isinstance(value, np.ndarray):
                weight = {"name": name, "shape": list(value.shape), "dtype": str(value.dtype)}
                quantization = (stored or {}).get(name)
                if quantization:
                    weight["quantization"] = quantization
                    scaled = (value - quantization.get("min", 0)) / quantization.get("scale", 1)
                    whole = quantization["dtype"] != "float16"
                    value = (np.rint(scaled) if whole else scaled).astype(quantization["dtype"])
                weights.append(weight)
                data += value.tobytes()
        entries.append(entry)
    binary = path.with_suffix(".bin")
    binary.write_bytes(data)
    manifest = [{"paths": [binary.name], "weights": weights}]
    model = {"format": "graph-model", "modelTopology": {"node": entries, "library": {}}, "weightsManifest": manifest}
    path.write_text(json.dumps(model))
    return path


def _json(value):
    if isinstance(value, np.ndarray):
        return {"tensor": {"dtype": NAMES[str(value.dtype)], "tensorShape": {}}}
    if isinstance(value, tuple):
        kind = "s" if value and isinstance(value[0], str) else "i"
        return {"list": {kind: [_json(one)[kind] for one in value]}}
    if isinstance(value, np.dtype):
        return {"type": NAMES[str(value)]}
    if isinstance(value, str):
        return {"s": base64.b64encode(value.encode()).decode()}
    return {"b": value} if isinstance(value, bool) else {"i": str(value)} if isinstance(value, int) else {"f": value}
